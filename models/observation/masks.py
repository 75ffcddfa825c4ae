"""When an observation is not used: each reason has a name, a threshold, a source, and is counted.

The tests are those that LIS applies with the model's own state (Noah-MP 4.0.1 ``qc_soilmobs``), which are the
paper's, and maps of what disturbs a sensor for good.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from models.quantity import Parameter, parameter

__all__ = ["MASKS", "Mask", "count_reasons", "mask_named", "rejected"]

LIS = "LIS, noahmp401 qc_soilmobs"
PAPER = "Heyvaert et al. 2024; LIS, noahmp401 qc_soilmobs: 3e-6 kg m-2 s-1"
NOAH_MP = "Noah-MP 4.0.1: barren land carries no leaf carbon, so an update has nothing to change"
ASSUMED = "assumed"
HOUR = 3600.0
FOREST = 5
"""IGBP classes 1 to this one are forests."""
NO_LAND = (13, 15, 17)
"""Urban, snow and ice, water."""
ICE_SEEN = 1e-3
"""Ice of the first layer that counts as frozen [m3 m-3]."""


@dataclass(frozen=True)
class Mask:
    """One reason not to use an observation.

    Attributes
    ----------
    name, title : str
        Name in code and settings; the reason in words.
    threshold : Parameter
        Declaration of the threshold.
    default : float
        Its value.
    needs : tuple of str
        Fields of the cell that the test reads.
    test : callable
        ``test(fields, threshold)`` is True where the observation is rejected, (cell,).
    absent : mapping of str to float
        What fields are that nobody gives: a map that does not exist disturbs nothing.
    """

    name: str
    title: str
    threshold: Parameter
    default: float
    needs: tuple[str, ...]
    test: Callable[[Mapping[str, np.ndarray], float], np.ndarray]
    absent: tuple[tuple[str, float], ...] = ()


def _above(name: str) -> Callable[[Mapping[str, np.ndarray], float], np.ndarray]:
    return lambda fields, threshold: fields[name] > threshold


def _frozen(fields, threshold):
    return (fields["t_soil"] < threshold) | (fields["ice1"] > ICE_SEEN)


def _rain(fields, threshold):
    return fields["precip_rate"] * HOUR > threshold


def _dense(fields, threshold):
    return (fields["vegetation"] <= FOREST) | (fields["vegetation_fraction"] > threshold)


def _tails(fields, threshold):
    y = fields["observation"]
    return (fields["porosity"] - y < threshold) | (y - fields["wilting"] < threshold)


MASKS: tuple[Mask, ...] = (
    Mask(
        "no_land",
        "town, ice or water",
        parameter("1", 0.0, 1.0, "not used", "", LIS),
        0.0,
        ("vegetation",),
        lambda fields, threshold: np.isin(fields["vegetation"], NO_LAND),
    ),
    Mask(
        "frozen",
        "frozen soil",
        parameter("K", 270.0, 280.0, "soil temperature below which soil is frozen", "T_f", LIS),
        273.15,
        ("t_soil", "ice1"),
        _frozen,
        (("ice1", 0.0),),
    ),
    Mask(
        "snow",
        "snow on the ground",
        parameter("mm", 0.0, 20.0, "most snow water equivalent", "SWE", "LIS has 0.001 mm; 0.1 mm lets frost pass"),
        0.1,
        ("swe",),
        _above("swe"),
    ),
    Mask(
        "rain",
        "rain at the overpass",
        parameter("mm h-1", 0.0, 10.0, "most precipitation", "P", PAPER),
        0.0108,
        ("precip_rate",),
        _rain,
    ),
    Mask(
        "dense_vegetation",
        "forest or closed canopy",
        parameter("1", 0.0, 1.0, "most vegetation cover, beside forests", "f_v", LIS),
        0.9,
        ("vegetation", "vegetation_fraction"),
        _dense,
    ),
    Mask(
        "terrain",
        "complex terrain",
        parameter("1", 0.0, 1.0, "most complex terrain, a share of the cell", "", ASSUMED),
        0.1,
        ("terrain",),
        _above("terrain"),
        (("terrain", 0.0),),
    ),
    Mask(
        "rfi",
        "radio-frequency interference",
        parameter("1", 0.0, 1.0, "highest probability of interference", "", ASSUMED),
        0.2,
        ("rfi",),
        _above("rfi"),
        (("rfi", 0.0),),
    ),
    Mask(
        "tails",
        "too near porosity or wilting point",
        parameter("m3 m-3", 0.0, 0.1, "least distance to porosity and wilting point", "", LIS),
        0.02,
        ("observation", "porosity", "wilting"),
        _tails,
    ),
    Mask(
        "operator",
        "operator explains too little (R2 <= 0.5 or RMSE >= 0.08)",
        parameter("1", 0.0, 1.0, "not used", "", "Heyvaert et al. 2024"),
        0.5,
        ("usable",),
        lambda fields, threshold: ~np.asarray(fields["usable"], bool),
    ),
    Mask(
        "bare",
        "land without leaves",
        parameter("m2 m-2", 0.0, 0.1, "most leaf area index of land without leaves", "LAI", NOAH_MP),
        0.0,
        ("lai",),
        lambda fields, threshold: fields["lai"] <= threshold,
    ),
)
"""All masks; an observation that several reject counts under the first of them."""


def mask_named(name: str) -> Mask:
    """Return a mask by its name.

    Raises
    ------
    KeyError
        If there is none of that name.
    """
    for mask in MASKS:
        if mask.name == name:
            return mask
    msg = f"No mask is named {name!r}; there are {', '.join(mask.name for mask in MASKS)}."
    raise KeyError(msg)


def rejected(
    names: Iterable[str],
    fields: Mapping[str, np.ndarray],
    *,
    thresholds: Mapping[str, float] | None = None,
) -> np.ndarray:
    """Test observations against masks.

    Parameters
    ----------
    names : iterable of str
        Masks that are on.
    fields : mapping of str to (cell,) array
        State of the control or the ensemble mean and properties of the cell, by the names in `Mask.needs`:
        vegetation (IGBP class), vegetation_fraction [1], t_soil of the first layer [K], ice1 [m3 m-3], swe [mm],
        precip_rate [kg m-2 s-1], lai [m2 m-2], porosity, wilting [m3 m-3], observation, usable (of the VOD operator),
        and the maps terrain and rfi [1] where there are any. Any shape will do, if it is the same for all.
    thresholds : mapping of str to float, optional
        Other thresholds, by mask.

    Returns
    -------
    uint16 array
        0 where the observation is used, else one bit for each mask that rejects it, in the order of `MASKS`.

    Raises
    ------
    KeyError
        If a mask is unknown, or a field that it needs is missing.
    ValueError
        If a threshold is out of bounds.
    """
    wanted = [mask_named(name) for name in names]
    thresholds = dict(thresholds or {})
    for name, value in thresholds.items():
        mask_named(name).threshold.check(f"threshold of the mask {name}", value)
    bits: np.ndarray | int = np.uint16(0)
    for mask in wanted:
        known = {name: np.asarray(value) for name, value in mask.absent}
        for name in mask.needs:
            if name in fields:
                known[name] = np.asarray(fields[name])
            elif name not in known:
                msg = f"The mask {mask.name} needs {name!r}; it was given {', '.join(fields) or 'nothing'}."
                raise KeyError(msg)
        no = mask.test(known, thresholds.get(mask.name, mask.default))
        bits = bits | np.where(no, np.uint16(1 << MASKS.index(mask)), np.uint16(0))
    shape = np.broadcast_shapes(*(np.shape(value) for value in fields.values()))
    return np.broadcast_to(bits, shape).astype(np.uint16)


def count_reasons(bits: np.ndarray) -> dict[str, int]:
    """Count observations that are used, and those that each mask rejects; the counts sum to the observations.

    Parameters
    ----------
    bits : uint16 array
        From `rejected`.
    """
    left = np.asarray(bits).reshape(-1)
    counts = {"used": int((left == 0).sum())}
    for k, mask in enumerate(MASKS):
        hit = (left >> np.uint16(k)) & np.uint16(1) == 1
        counts[mask.name] = int(hit.sum())
        left = left[~hit]
    return counts
