"""Columns in blocks of lanes: their parameters, their state, and how the two are read and set by name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from models.land import layout as at
from models.land.canopy import vapour_diffusivity
from models.land.layout import LANES, PARAMETERS, SITE, STATE
from models.land.params import check_overrides, class_values, surface_defaults
from models.land.soil_heat import dry_conductivity, solid_conductivity

__all__ = ["ColumnTable", "Columns", "cold_start", "column_table"]

LAYER_NAMES = {"soil_moisture": "theta", "soil_liquid": "liquid", "soil_temperature": "t_soil"}
BARE = (13, 15, 16, 17)
"""Vegetation classes without vegetation: urban, snow and ice, barren, water."""


class ColumnTable(NamedTuple):
    """What each column is; every field has shape (column,)."""

    vegetation: np.ndarray
    soil: np.ndarray
    vegetation_fraction: np.ndarray
    t_bottom: np.ndarray
    latitude: np.ndarray
    longitude: np.ndarray
    forcing_height: np.ndarray
    soil_colour: np.ndarray
    site: np.ndarray


_BOUNDS = {
    "vegetation_fraction": (0.0, 1.0, "1"),
    "t_bottom": (200.0, 320.0, "K"),
    "latitude": (-90.0, 90.0, "degrees_north"),
    "longitude": (-180.0, 360.0, "degrees_east"),
    "forcing_height": (1.0, 200.0, "m"),
}


def column_table(
    vegetation,
    soil,
    *,
    vegetation_fraction=0.9,
    t_bottom=285.0,
    latitude=0.0,
    longitude=0.0,
    forcing_height=10.0,
    soil_colour=4,
    site=None,
) -> ColumnTable:
    """Describe columns; scalars stand for all of them.

    Parameters
    ----------
    vegetation, soil : (column,) int array
        MODIS-IGBP class 1 to 20, STAS soil class 1 to 19.
    vegetation_fraction : (column,) array
        Largest fraction under vegetation [1], kept all year (the option Noah-MP calls dveg 5).
    t_bottom : (column,) array
        Deep soil temperature [K].
    latitude, longitude : (column,) array
        Degrees.
    forcing_height : (column,) array
        Height of the forcing above the canopy's displacement [m].
    soil_colour : (column,) int array
        Class of soil brightness, 1 bright to 8 dark.
    site : (column,) int array, optional
        Which site's forcing each column takes; columns of one site stand side by side. By default each its own.

    Raises
    ------
    ValueError
        If a value lies outside its bounds, or is not finite.
    """
    vegetation, soil = np.atleast_1d(vegetation), np.atleast_1d(soil)
    count = max(vegetation.size, soil.size)
    values = {
        "vegetation": vegetation,
        "soil": soil,
        "vegetation_fraction": vegetation_fraction,
        "t_bottom": t_bottom,
        "latitude": latitude,
        "longitude": longitude,
        "forcing_height": forcing_height,
        "soil_colour": soil_colour,
        "site": np.arange(count) if site is None else site,
    }
    arrays = {}
    for name, value in values.items():
        value = np.asarray(value)
        if value.size not in (1, count):
            msg = f"{name} has {value.size} values for {count} columns: give one value, or one for each column."
            raise ValueError(msg)
        arrays[name] = np.broadcast_to(value.reshape(-1), (count,)).copy()
    for name, (low, high, unit) in _BOUNDS.items():
        wrong = arrays[name][~((arrays[name] >= low) & (arrays[name] <= high))]
        if wrong.size:
            msg = f"{name} = {wrong[0]:g} {unit} lies outside [{low:g}, {high:g}] {unit}."
            raise ValueError(msg)
    for name in ("vegetation", "soil", "soil_colour", "site"):
        whole = np.asarray(arrays[name], float)
        if not np.array_equal(whole, np.floor(whole)):
            msg = f"{name} holds {whole[whole != np.floor(whole)][0]!r}: classes and sites are whole numbers."
            raise ValueError(msg)
        arrays[name] = whole.astype(int)
    return ColumnTable(**arrays)


@dataclass(eq=False)
class Columns:
    """Columns ready to run: blocks of `LANES`, the last filled up with copies of the last column.

    Attributes
    ----------
    table : ColumnTable
        What each column is.
    source : (block, LANES) int array
        Site whose forcing each lane takes.
    parameters : (block, N_PARAMETER, LANES) array
        Parameters, properties of the place and what derives from them.
    state : (block, N_STATE, LANES) array
        State; `get` and `set` read and write it by name.
    balance : (block, N_BALANCE, LANES) array
        Residuals of the balances so far.
    """

    table: ColumnTable
    source: np.ndarray
    parameters: np.ndarray
    state: np.ndarray
    balance: np.ndarray = field(repr=False)

    @property
    def count(self) -> int:
        """Number of columns."""
        return self.table.vegetation.size

    def _row(self, array: np.ndarray, row: int) -> np.ndarray:
        return array[:, row, :].reshape(-1)[: self.count].copy()

    def get(self, name: str) -> np.ndarray:
        """Return a state variable or parameter as (column,), or a profile as (layer, column).

        Raises
        ------
        KeyError
            If there is no such name.
        """
        if name in LAYER_NAMES:
            return np.stack([self.get(f"{LAYER_NAMES[name]}_{k}") for k in (1, 2, 3, 4)])
        if name in STATE:
            return self._row(self.state, STATE.index(name))
        rows = (*PARAMETERS, *SITE, *at.DERIVED)
        if name in rows:
            return self._row(self.parameters, rows.index(name))
        if name in at.BALANCE:
            return self._row(self.balance, at.BALANCE.index(name))
        msg = f"Columns have no {name!r}; there are {', '.join((*LAYER_NAMES, *STATE, *rows, *at.BALANCE))}."
        raise KeyError(msg)

    def set(self, name: str, values: np.ndarray) -> None:
        """Set a state variable; a profile takes (layer, column).

        Setting ``soil_moisture`` changes the liquid part alone and keeps it between 0.02 m3 m-3 and the pores that
        ice leaves; ``lai`` sets the leaf carbon.
        """
        if name == "soil_moisture":
            ice = self.get("soil_moisture") - self.get("soil_liquid")
            liquid = np.clip(values - ice, np.minimum(0.02, self.get("soil_liquid")), self.get("theta_max") - ice)
            for k in range(4):
                self.set(f"theta_{k + 1}", liquid[k] + ice[k])
                self.set(f"liquid_{k + 1}", liquid[k])
            return
        if name in LAYER_NAMES:
            for k in range(4):
                self.set(f"{LAYER_NAMES[name]}_{k + 1}", np.asarray(values)[k])
            return
        if name == "lai":
            sla = self.get("sla") * 1e-3
            leaf = np.maximum(values, self.get("lai_min")) / np.where(sla > 0.0, sla, np.inf)
            self.set("leaf", leaf)
            return
        if name not in STATE:
            msg = f"{name!r} can't be set; these can: lai, {', '.join((*LAYER_NAMES, *STATE))}."
            raise KeyError(msg)
        rows = _in_lanes(np.broadcast_to(values, (self.count,)))
        self.state[:, STATE.index(name), :] = rows

    def copy(self) -> "Columns":
        """Return columns with the same parameters and a state of their own."""
        return Columns(self.table, self.source, self.parameters, self.state.copy(), self.balance.copy())


def _in_lanes(values: np.ndarray) -> np.ndarray:
    """Lay (column,) values out as (block, LANES), repeating the last one."""
    values = np.asarray(values)
    blocks = -(-values.size // LANES)
    return np.concatenate([values, np.repeat(values[-1:], blocks * LANES - values.size)]).reshape(blocks, LANES)


def _derived(p: Mapping[str, np.ndarray], van_genuchten: bool) -> dict[str, np.ndarray]:
    """Make what depends on the parameters alone; van Genuchten's curve replaces porosity and its like."""
    curve = {}
    if van_genuchten:

        def retained(suction: float) -> np.ndarray:
            s = (1.0 + (p["vg_alpha"] * suction) ** p["vg_n"]) ** (1.0 / p["vg_n"] - 1.0)
            return p["vg_theta_r"] + s * (p["vg_theta_s"] - p["vg_theta_r"])

        # Field capacity at 33 kPa, wilting at 1500 kPa.
        curve = {
            "porosity": p["vg_theta_s"],
            "k_sat": p["vg_k_sat"],
            "wilting": retained(153.0),
            "field_capacity": retained(3.37),
        }
        p = dict(p) | curve
    x = np.clip(p["leaf_angle"], -0.4, 0.6)
    x = np.where(np.abs(x) < 0.01, 0.01, x)
    phi_1 = 0.5 - 0.633 * x - 0.33 * x * x
    phi_2 = 0.877 * (1.0 - 2.0 * phi_1)
    mean_inverse = (1.0 - phi_1 / phi_2 * np.log((phi_1 + phi_2) / phi_1)) / phi_2
    derived = {
        "phi_1": phi_1,
        "phi_2": phi_2,
        "k_diffuse": 1.0 / mean_inverse,
        "k_dry": dry_conductivity(p["porosity"]),
        "k_solid": solid_conductivity(p["quartz"], p["porosity"]),
        "nitrogen": np.minimum(1.0 / np.maximum(p["foliage_nitrogen"], 1e-6), 1.0),
        "root_depth": np.array([0.1, 0.1, 0.4, 1.0, 2.0])[np.clip(np.rint(p["root_layers"]), 0, 4).astype(int)],
        **{f"log_{name}": np.log(p[name]) for name in ("kc_q10", "ko_q10", "vcmax_q10", "respiration_q10")},
        "theta_max": p["porosity"],
        "theta_wilt": p["wilting"],
        "theta_field": np.maximum(p["field_capacity"], p["wilting"] + 0.01),
    }
    derived["vapour_diffusivity"] = vapour_diffusivity(p["porosity"], p["wilting"], np.maximum(p["b"], 1.0))
    return curve | derived


def cold_start(
    table: ColumnTable,
    *,
    soil_moisture: float = 0.28,
    lai: float = 2.0,
    overrides: Mapping[str, object] | None = None,
    van_genuchten: bool = False,
) -> Columns:
    """Make columns that start from an arbitrary, warm and moist state.

    Parameters
    ----------
    table : ColumnTable
        What each column is.
    soil_moisture : float
        Water of all layers [m3 m-3], at most what the pores hold.
    lai : float
        Leaf area index at the start.
    overrides : mapping of str to float or (column,) array, optional
        Parameters that differ from the tables.
    van_genuchten : bool
        Take porosity, field capacity and wilting point from van Genuchten's curve.

    Returns
    -------
    Columns

    Raises
    ------
    KeyError, ValueError
        If an override has no such name or lies outside its bounds, or a class is not in the tables.
    """
    overrides = dict(overrides or {})
    check_overrides(overrides)
    count = table.vegetation.size
    values = class_values("vegetation", table.vegetation) | class_values("soil", table.soil)
    values |= surface_defaults(table.soil_colour)
    for name, value in overrides.items():
        value = np.asarray(value, float)
        if value.size not in (1, count):
            msg = f"{name} has {value.size} values for {count} columns: give one value, or one for each column."
            raise ValueError(msg)
        values[name] = np.broadcast_to(value.reshape(-1), (count,))
    bare = np.isin(table.vegetation, BARE)
    site = {name: getattr(table, name) for name in SITE}
    rows = values | site | _derived(values, van_genuchten)
    parameters = np.stack([_in_lanes(rows[name]) for name in (*PARAMETERS, *SITE, *at.DERIVED)], axis=1).astype(float)

    moisture = np.clip(soil_moisture, 0.02, rows["theta_max"])
    t = np.asarray(table.t_bottom, float)
    grows = np.where(bare, 0.0, 1.0)
    sla = np.maximum(values["sla"] * 1e-3, 1e-6)
    woody = np.where(values["wood_pool"] > 0.0, grows, 0.0)
    start = {
        "t_canopy": t,
        "t_canopy_air": t,
        "e_canopy_air": np.full(count, 800.0),
        "t_ground": t,
        "t_snow": np.full(count, 273.0),
        "t_snow_deep": np.full(count, 273.0),
        **{f"t_soil_{k}": t for k in (1, 2, 3, 4)},
        **{f"theta_{k}": moisture for k in (1, 2, 3, 4)},
        **{f"liquid_{k}": moisture for k in (1, 2, 3, 4)},
        "leaf": grows * lai / sla,
        "stem": grows * 0.2 / 0.003,
        "root": grows * 500.0,
        "wood": woody * 500.0,
        "soc_fast": grows * 1000.0,
        "soc_stable": grows * 1000.0,
        "aquifer": np.full(count, 4900.0),
        "water_table": np.full(count, 2.5),
    }
    zero = np.zeros(count)
    state = np.stack([_in_lanes(start.get(name, zero)) for name in STATE], axis=1).astype(float)
    balance = np.zeros((state.shape[0], at.N_BALANCE, LANES))
    return Columns(table, _in_lanes(table.site), np.ascontiguousarray(parameters), np.ascontiguousarray(state), balance)
