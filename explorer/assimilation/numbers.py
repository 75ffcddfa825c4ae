"""From the result of an assimilation run to the numbers that are drawn: no widgets, no plots."""

from typing import NamedTuple

import numpy as np

from explorer.assimilation.sources import truth_known
from explorer.style import symbol_text, unit_text
from explorer.views.innovations import HISTOGRAM_EDGES
from models.assimilation.export import observed_cells
from models.assimilation.record import REASONS, UpdateLog
from models.assimilation.result import AssimilationResult
from models.assimilation.sensor_choice import STATE_ROWS
from models.observation import SENSORS
from models.observation.masks import MASKS
from models.variables import VARIABLES

__all__ = [
    "REASON_WORDS",
    "ROW_UNITS",
    "Key",
    "cell_of",
    "daily",
    "histograms",
    "hovmoeller",
    "innovation_increment",
    "key_numbers",
    "level_gain",
    "name_and_unit",
    "place_text",
    "places",
    "ranks",
    "rejected",
    "sensor_pairs",
    "sensor_title",
    "spread_skill",
    "why_none",
]

REASON_WORDS = {
    "used": "used",
    "monitored": "the sensor is monitored only",
    "none": "there was none",
    "rescaling": "it could not be rescaled to the model's climatology",
    "taken_back": "most members would have left what the soil can hold",
    **{mask.name: mask.title for mask in MASKS},
}
"""What became of an observation -> words."""

ROW_UNITS = {row: unit_text(VARIABLES["lai" if row == "lai" else "ssm"].unit) for row in STATE_ROWS}
"""Row of the filter's state -> unit, as on screen."""

SHORT = {"ssm": "SSM", "lai": "LAI", "vod": "VOD", "lvod": "L-VOD", "tb": "Tb", "rzsm": "RZSM"}


class Key(NamedTuple):
    """The key numbers of a run."""

    observations: int
    normalised_std: float
    lag1: float
    spread_skill: float
    delta_r: dict[str, float]


def sensor_title(name: str) -> str:
    """Return the short name of a sensor or of one of its channels."""
    stem, _, channel = name.partition("_")
    title = SHORT.get(stem) or next((sensor.title for sensor in SENSORS if sensor.name == name), name)
    return f"{title} {channel.upper()}".strip()


def name_and_unit(variable: str) -> tuple[str, str]:
    """Return a variable's symbol and unit, as on screen."""
    layers = {"sm1": "0–10 cm", "sm2": "10–40 cm", "sm3": "40–100 cm", "sm4": "100–200 cm"}
    if variable in layers:
        return f"soil moisture {layers[variable]}", ROW_UNITS["sm1"]
    quantity = VARIABLES[variable]
    return symbol_text(quantity.symbol), unit_text(quantity.unit)


def place_text(latitude: float, longitude: float) -> str:
    """Write a place as people do."""
    return f"{abs(latitude):.2f}°{'S' if latitude < 0 else 'N'}, {abs(longitude):.2f}°{'W' if longitude < 0 else 'E'}"


def places(result: AssimilationResult) -> list[str]:
    """Return the place of every cell, in words."""
    twin = result.twin
    return [place_text(float(lat), float(lon)) for lat, lon in zip(twin.latitude, twin.longitude, strict=True)]


def cell_of(result: AssimilationResult, at: tuple[float, float]) -> int:
    """Return which cell of the run is nearest to a place."""
    lat, lon = np.radians(result.twin.latitude), np.radians(result.twin.longitude)
    here = np.radians(at)
    near = np.sin(lat) * np.sin(here[0]) + np.cos(lat) * np.cos(here[0]) * np.cos(lon - here[1])
    return int(np.argmax(near))


def daily(result: AssimilationResult, variable: str, experiment: str, statistic: str = "mean") -> np.ndarray:
    """Return (cell, day) values of the days that are done."""
    return result.daily(variable, experiment, statistic)[:, : result.days_done]


# -- innovations ----------------------------------------------------------------------------------------------------


def _seen(log: UpdateLog) -> np.ndarray:
    """Say which entries of a log have an innovation: used or monitored."""
    accepted = np.isin(log.reason, [REASONS.index("used"), REASONS.index("monitored")])
    return accepted & np.isfinite(log.observed) & np.isfinite(log.forecast)


def _normalised(log: UpdateLog) -> np.ndarray:
    """Return (cell, slot) innovations over the sd that the filter expects of them."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return (log.observed - log.forecast) / np.sqrt(log.hpht + log.r)


def histograms(result: AssimilationResult) -> dict[str, np.ndarray]:
    """Count the normalised innovations of each sensor between `HISTOGRAM_EDGES`; what is beyond goes to the ends."""
    counts = {}
    for name, log in result.logs.items():
        values = _normalised(log)[_seen(log)]
        values = np.clip(values[np.isfinite(values)], HISTOGRAM_EDGES[0], np.nextafter(HISTOGRAM_EDGES[-1], 0.0))
        counts[sensor_title(name)] = np.histogram(values, HISTOGRAM_EDGES)[0]
    return counts


BAND = 2.0
"""Width of a band of latitude [degrees]."""

STEP = 5
"""Days of a step of the diagram of latitude and time."""


def hovmoeller(result: AssimilationResult, sensor: str, what: str) -> tuple[np.ndarray, np.ndarray, float, float]:
    """Average a quantity of a sensor's updates by band of latitude and five days.

    Parameters
    ----------
    sensor : str
        Name of a log.
    what : str
        "innovation", "normalised", "count", or "increment:ROW".

    Returns
    -------
    field : (band, step) array
        NaN where nothing was observed.
    time : (step,) datetime64 array
    south, north : float
        Edges of the bands [degrees].
    """
    log = result.logs[sensor]
    good = _seen(log)
    kind, _, row = what.partition(":")
    if kind == "increment":
        values = log.increment[..., STATE_ROWS.index(row)]
        good = good & (log.reason == REASONS.index("used"))
    elif kind == "normalised":
        values = _normalised(log)
    else:
        values = log.observed - log.forecast
    latitude = result.twin.latitude
    south = BAND * np.floor(float(latitude.min()) / BAND)
    bands = int(np.floor((float(latitude.max()) - south) / BAND)) + 1
    steps = -(-int(result.days.size) // STEP)
    band = np.broadcast_to(((latitude - south) / BAND).astype(int)[:, None], good.shape)
    step = np.broadcast_to((np.asarray(log.day) // STEP)[None, :], good.shape)
    keep = good & np.isfinite(values)
    place = (band * steps + step)[keep]
    count = np.bincount(place, minlength=bands * steps).astype(float)
    if kind == "count":
        field = np.where(count > 0, count, np.nan)
    else:
        total = np.bincount(place, values[keep], bands * steps)
        field = np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)
    time = result.days[::STEP]
    return field.reshape(bands, steps), time, float(south), float(south + BAND * bands)


def innovation_increment(result: AssimilationResult, sensor: str, row: str) -> tuple[np.ndarray, np.ndarray]:
    """Return innovation and increment of a row at every update of a sensor."""
    log = result.logs[sensor]
    used = _seen(log) & (log.reason == REASONS.index("used"))
    return (log.observed - log.forecast)[used], log.increment[..., STATE_ROWS.index(row)][used]


def sensor_pairs(result: AssimilationResult, one: str, other: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the innovations of two sensors in the same cell on the same day, each the mean of its day."""

    def daily(log: UpdateLog) -> np.ndarray:
        good = _seen(log)
        values = np.where(good, log.observed - log.forecast, 0.0)
        # A log has the same hours of every day, one day after the other.
        shape = (good.shape[0], int(result.days.size), -1)
        total, count = values.reshape(shape).sum(axis=2), good.reshape(shape).sum(axis=2)
        return np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)

    x, y = daily(result.logs[one]), daily(result.logs[other])
    both = np.isfinite(x) & np.isfinite(y)
    return x[both], y[both]


def level_gain(
    result: AssimilationResult, when: int | str = "all"
) -> dict[str, tuple[np.ndarray, np.ndarray, list[str]]]:
    """Return, by sensor, normalised sd and lag-1 autocorrelation of every cell, and the cells' places."""
    named = places(result)
    return {
        sensor_title(name): (
            result.diagnostic(name, "normalised_std", when),
            result.diagnostic(name, "lag1", when),
            named,
        )
        for name in result.sensors
    }


def ranks(result: AssimilationResult, sensor: str, when: int | str = "all") -> np.ndarray:
    """Return (member + 1,) counts of the observation's rank."""
    return np.asarray(result.diagnostics(sensor, month=when).ranks)


def spread_skill(
    result: AssimilationResult, variable: str
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Return root-mean-square spread and error of every cell, of the open loop and of the analysis."""
    truth = daily(result, variable, "truth")
    pairs = []
    for experiment in ("open_loop", "analysis"):
        mean = daily(result, variable, experiment)
        spread = daily(result, variable, experiment, "spread")
        pairs.append((_rms(spread), _rms(mean - truth)))
    return pairs[0], pairs[1]


def _rms(values: np.ndarray) -> np.ndarray:
    """Return the root mean square along time, NaN left out."""
    good = np.isfinite(values)
    count = good.sum(axis=1)
    total = np.where(good, np.square(values, dtype=np.float64), 0.0).sum(axis=1)
    return np.sqrt(np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0))


def rejected(result: AssimilationResult, sensor: str) -> dict[str, int]:
    """Count the observations of a sensor by what became of them."""
    codes = np.bincount(result.logs[sensor].reason.ravel(), minlength=len(REASONS))
    return {REASONS[code]: int(count) for code, count in enumerate(codes[: len(REASONS)]) if REASONS[code] != "none"}


def why_none(result: AssimilationResult) -> str:
    """Say what became of most observations of a run that used none."""
    counts: dict[str, int] = {}
    for sensor in result.sensors:
        for reason, count in rejected(result, sensor).items():
            counts[reason] = counts.get(reason, 0) + count
    if not sum(counts.values()):
        return "none fell into its cells and days"
    most = max(counts, key=counts.get)
    return f"{REASON_WORDS[most]} ({counts[most]:,} of {sum(counts.values()):,})"


def key_numbers(result: AssimilationResult, sensor: str) -> Key:
    """Return the key numbers of a run; those of innovations are of one sensor.

    Parameters
    ----------
    sensor : str
        Name of a log; if the run has none of that name, the first one's.
    """
    nan = float("nan")
    used = sum(int(np.sum(log.reason == REASONS.index("used"))) for log in result.logs.values())
    level = lag = skill = nan
    if result.logs:
        found = result.diagnostics(sensor if sensor in result.logs else result.sensors[0])
        level, skill = found.normalised_std, found.spread_skill
        lag = float(found.autocorrelation[0]) if np.size(found.autocorrelation) else nan
    delta = dict.fromkeys(("ssm", "rzsm", "lai"), nan)
    # The truth knows nothing of observations that somebody made in the field.
    for variable in delta if truth_known(result) else ():
        before, after = (result.field(variable, "r_anom", run) for run in ("open_loop", "analysis"))
        compared = (after - before)[observed_cells(result, variable)]
        finite = compared[np.isfinite(compared)]
        delta[variable] = float(np.median(finite)) if finite.size else nan
    return Key(used, float(level), lag, float(skill), delta)
