"""Synthetic observations of a twin, ready to be assimilated: sampled, masked, rescaled to the open loop."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from models.assimilation.given import given_observations
from models.assimilation.options import AssimilationChoices
from models.assimilation.record import REASONS
from models.assimilation.rescale import fit_rescaling
from models.assimilation.run_ensemble import PLACE, Snapshots
from models.assimilation.sensor_choice import STATE_ROWS, SensorChoice
from models.climatology import DAYS, day_of_365
from models.observation import SENSORS, Sensor, sensor_named
from models.observation.lvod import biomass
from models.observation.masks import MASKS, rejected
from models.observation.sampling import footprint_weights, overpasses, retrieved, step_of
from models.observation.synthetic import ObservationError, observe, seen_by
from models.observation.tb import auxiliary_of
from models.observation.vod import VodParams
from models.observation.vod_fit import VodOperator, fit_vod

if TYPE_CHECKING:
    from models.assimilation.twin import Twin

__all__ = ["Observations", "check_sensors", "observe_twin", "rescaling_of"]

USED, MONITORED, NONE, RESCALING = (REASONS.index(name) for name in ("used", "monitored", "none", "rescaling"))
OBSERVATION_SEED = 15_485_863
"""Added to the experiment's seed for the errors of observations."""

ROBUST_YEARS = 4


@dataclass(eq=False)
class Observations:
    """Observations of one sensor on (cell, slot); a slot is one of its hours of one day.

    Attributes
    ----------
    sensor : Sensor
    choice : SensorChoice
    updates : (5,) bool array
        Rows of the state that an update changes.
    day, hour : (slot,) array
        Day of the period; local solar time [h].
    when : (hour,) int array
        Number of each hour's step among those of the snapshots.
    raw, observed, truth, open_loop : (cell, slot) array
        As sampled, after rescaling, without error, and of the open loop's mean.
    open_loop_hpht : (cell, slot) array
        Variance of the open loop's prediction, its rows taken as independent.
    r : (cell, slot) array
        Error variance that the filter assumes.
    reason : (cell, slot) int8 array
        Code of `models.assimilation.record.REASONS`.
    bins : array or None
        Bins of CDF matching, (month, cell).
    source : str
        "synthetic", or where the observations come from.
    """

    sensor: Sensor
    choice: SensorChoice
    updates: np.ndarray
    day: np.ndarray
    hour: np.ndarray
    when: np.ndarray
    raw: np.ndarray
    observed: np.ndarray
    truth: np.ndarray
    open_loop: np.ndarray
    open_loop_hpht: np.ndarray
    r: np.ndarray
    reason: np.ndarray
    operator: VodOperator | None
    place: dict[str, np.ndarray]
    bins: np.ndarray | None = None
    source: str = "synthetic"

    def of(self, places: np.ndarray) -> "Observations":
        """Return those of some cells."""
        arrays = ("raw", "observed", "truth", "open_loop", "open_loop_hpht", "r", "reason")
        operator = None
        if self.operator is not None:
            whole = {f.name: getattr(self.operator, f.name) for f in fields(VodOperator) if f.name != "coefficients"}
            coefficients = VodParams(*(values[places] for values in self.operator.coefficients))
            operator = VodOperator(coefficients, **{name: values[places] for name, values in whole.items()})
        return replace(
            self,
            **{name: getattr(self, name)[places] for name in arrays},
            operator=operator,
            place={name: values[places] for name, values in self.place.items()},
        )

    def auxiliary(self, day: int, cells: slice | np.ndarray = slice(None)) -> Mapping[str, np.ndarray]:
        """Return what the operator needs of some cells on a day of the year."""
        known = self.operator.auxiliary(day) if self.operator is not None else self.place
        return {name: values[cells] for name, values in known.items()}


def check_sensors(choices) -> None:
    """Raise ``ValueError`` where a sensor or a mask does not exist, or a sensor is told an error it cannot have."""
    known = {sensor.name: sensor for sensor in SENSORS}
    masks = [mask.name for mask in MASKS]
    for choice in choices.sensors:
        where = f"assimilation.sensors.{choice.name}"
        if choice.name not in known:
            msg = f"{where}: there is no such sensor; there are {', '.join(known)}."
            raise ValueError(msg)
        if choice.error_std is not None:
            declared = known[choice.name].error
            try:
                declared.check(f"{where}.error_std", choice.error_std)
            except ValueError as error:
                msg = f"{str(error)[:-1]} ({declared.long_name})."
                raise ValueError(msg) from error
        for mask in choice.masks or ():
            if mask not in masks:
                msg = f"{where}.masks: there is no mask {mask!r}; there are {', '.join(masks)}."
                raise ValueError(msg)


def _state_fields(snapshots: Snapshots, slots: np.ndarray, mean: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """Return the fields that operators read at some slots, (cell, slot) each."""
    values = (snapshots.mean if mean is None else mean)[:, slots].astype(float)
    known = {row: values[:, :, k] for k, row in enumerate(STATE_ROWS)}
    place = snapshots.place[:, slots].astype(float)
    known |= {name: place[:, :, k] for k, name in enumerate(PLACE)}
    return known | {"agb": biomass(known["stem"], known["wood"])}


def _predicted(found: "Observations", state: dict[str, np.ndarray], days: np.ndarray) -> np.ndarray:
    """Predict the observations of every slot; an operator that changes through the year is asked day by day."""
    if found.operator is None:
        return np.asarray(found.sensor.predict(state, found.place), float)
    out = np.empty(state["lai"].shape)
    for day in np.unique(days):
        at = np.flatnonzero(days == day)
        part = {name: values[:, at] for name, values in state.items()}
        out[:, at] = found.sensor.predict(part, found.auxiliary(int(day)))
    return out


def observe_twin(
    twin: "Twin", choice: SensorChoice, open_loop: Snapshots, given: xr.Dataset | None = None
) -> Observations:
    """Sample the truth with one sensor, or take what is given, and make it ready for the filter.

    Masks are judged by the state of the open loop and the experimenter's weather, so that they do not depend on what
    is assimilated. Rescaling is fitted to the open loop over the whole period; the default is none where the
    synthetic observations stand in the model's own climatology, and the sensor's own where the truth has other
    parameters than the model, where the sensor has a mean or an amplitude of its own, and for observations from a file.
    What is fitted to one year takes that year's departures from the usual away: give it three or more.

    Parameters
    ----------
    twin : Twin
    choice : SensorChoice
    open_loop : Snapshots
        Of the whole period.
    given : xr.Dataset, optional
        Observations from a file; see `models.assimilation.given.given_observations`. The truth knows nothing of them.
    """
    sensor = next(one for one in SENSORS if one.name == choice.name)
    n_day, n_hour = twin.days.size, len(sensor.hours)
    steps = open_loop.steps
    when = np.array([steps.index(step_of(hour, twin.weather.dt)) for hour in sensor.hours])
    day = np.repeat(np.arange(n_day), n_hour)
    slots = day * len(steps) + np.tile(when, n_day)
    std = sensor.error_std if choice.error_std is None else choice.error_std
    updates = sensor.updates if choice.updates is None else choice.updates

    place: dict[str, np.ndarray] = {}
    if "mixing" in sensor.auxiliary:
        sand, clay = (twin.fields[name] for name in ("sand", "clay"))
        soil = (twin.start.get("theta_wilt"), twin.start.get("theta_max"))
        place = auxiliary_of(twin.table.vegetation, sand, clay, *soil)
    truth = np.asarray(seen_by(sensor, _state_fields(twin.snapshots, slots), place), float)
    if given is None:
        source, raw = "synthetic", _sampled(truth, sensor, choice, twin)
    else:
        source = str(given.attrs.get("source", given.attrs.get("title", "a file without a source")))[:300]
        raw, truth = given_observations(given, sensor, twin, years=choice.years), np.full(truth.shape, np.nan)
    of_year = day_of_365(twin.days)[day] % DAYS
    state = _state_fields(open_loop, slots)
    operator = None
    if sensor.name == "vod":
        rzsm = 0.1 * state["sm1"] + 0.3 * state["sm2"] + 0.6 * state["sm3"]
        operator = fit_vod(raw, state["lai"], rzsm, of_year)
    found = Observations(
        sensor=sensor,
        choice=choice,
        updates=np.array([row in updates for row in STATE_ROWS]),
        day=day,
        hour=np.tile(np.array(sensor.hours), n_day),
        when=when,
        raw=raw,
        observed=raw,
        truth=truth,
        open_loop=np.empty(0),
        open_loop_hpht=np.empty(0),
        r=np.full(raw.shape, std**2),
        reason=np.empty(0),
        operator=operator,
        place=place,
        source=source,
    )
    found.open_loop = _predicted(found, state, of_year)
    found.open_loop_hpht = _variance(found, open_loop, slots, of_year)
    _rescale(found, twin, synthetic=given is None)
    found.reason = _reasons(found, twin, state)
    return found


def _sampled(truth: np.ndarray, sensor: Sensor, choice: SensorChoice, twin: "Twin") -> np.ndarray:
    """Return what a sensor reports of a truth (cell, slot): within its footprint, where it passes and retrieves.

    Of the run's cells alone: a footprint that reaches beyond the region sees the part within.
    """
    n_cell, n_day, n_hour = twin.cells.size, twin.days.size, len(sensor.hours)
    number = twin.weather.first + twin.warm_up + np.arange(n_day)
    seen = overpasses(sensor, twin.latitude, twin.longitude, number, seed=twin.seed, repeat_days=choice.repeat_days)
    seed = twin.seed + OBSERVATION_SEED
    if choice.retrieved is not None:
        seen &= retrieved(sensor, twin.cells, number, choice.retrieved, seed=seed)
    if choice.sees == "footprint":
        truth = footprint_weights(twin.latitude, twin.longitude, sensor.footprint) @ truth
    error = ObservationError(
        std=sensor.error_std if choice.true_error_std is None else choice.true_error_std,
        days=choice.error_days or 0.0,
        bias_std=choice.bias_std or 0.0,
        gain_std=choice.gain_std or 0.0,
    )
    # (cell, slot) and (day, hour, cell) are two ways to lay the same values out.
    folded = truth.reshape(n_cell, n_day, n_hour).transpose(1, 2, 0)
    raw = observe(sensor, folded, seen, twin.cells, number, error, seed=seed)
    return raw.transpose(2, 0, 1).reshape(n_cell, n_day * n_hour)


def _variance(found: Observations, open_loop: Snapshots, slots: np.ndarray, of_year: np.ndarray) -> np.ndarray:
    """Return the variance of the open loop's predictions, from a step of one sd in each row."""
    mean, std = open_loop.mean.astype(float), open_loop.std.astype(float)
    total = np.zeros_like(found.open_loop)
    for k, row in enumerate(STATE_ROWS):
        if row not in found.sensor.needs:
            continue
        moved = mean.copy()
        moved[:, :, k] += std[:, :, k]
        total += (_predicted(found, _state_fields(open_loop, slots, moved), of_year) - found.open_loop) ** 2
    return total


def rescaling_of(choice: SensorChoice, choices: AssimilationChoices, *, synthetic: bool) -> str:
    """Return how a sensor's observations are rescaled; its default is none where they stand in the model's climatology.

    Parameters
    ----------
    choice : SensorChoice
    choices : AssimilationChoices
        Of the twin: whether the truth has parameters of its own.
    synthetic : bool
        Whether the observations are sampled from the truth.
    """
    if choice.rescale != "default":
        return choice.rescale
    its_own = choices.truth_parameters or choice.bias_std or choice.gain_std
    return "none" if synthetic and not its_own else sensor_named(choice.name).rescale


def _rescale(found: Observations, twin: "Twin", *, synthetic: bool) -> None:
    """Bring the observations to the open loop's climatology, each overpass hour by itself unless CDFs are matched."""
    name = rescaling_of(found.choice, twin.choices, synthetic=synthetic)
    if name == "none":
        return
    years = twin.days.size / DAYS
    n_hour = len(found.sensor.hours)
    observed, r = np.full(found.raw.shape, np.nan), found.r.copy()
    time = twin.days[found.day]
    per_day = np.isfinite(found.raw).sum(axis=1).mean() / max(twin.days.size, 1)
    if name == "cdf":
        # Short records take in the months beside each, so that a CDF has pairs enough.
        settings = {"pool": 0 if years >= ROBUST_YEARS else 1 if years > 0.9 else 3, "min_pairs": 20}
        groups = [np.arange(found.day.size)]
    else:
        # A window of 91 days; half of what may be expected there must have come.
        settings = {"min_pairs": int(np.clip(0.5 * per_day / n_hour * 91 * max(years, 1.0), 3, 20))}
        groups = [np.flatnonzero(np.arange(found.day.size) % n_hour == k) for k in range(n_hour)]
    for at in groups:
        pair = (found.raw[:, at].T, found.open_loop[:, at].T, time[at])
        fitted = fit_rescaling(name, *pair, **settings)
        observed[:, at] = fitted.predict(found.raw[:, at].T, time[at]).T
        factor = np.asarray(fitted.error_factor(time[at]), float)
        if factor.ndim > 1:
            r[:, at] *= np.where(np.isfinite(factor.T) & (factor.T > 0.0), factor.T, 1.0) ** 2
        found.bins = getattr(fitted, "bins", None)
    found.observed, found.r = observed, r


def _reasons(found: Observations, twin: "Twin", state: dict[str, np.ndarray]) -> np.ndarray:
    """Say of every observation whether it is used, and else why not; the first reason counts."""
    names = found.sensor.masks if found.choice.masks is None else found.choice.masks
    shape = found.raw.shape
    known = {name: state[name] for name in ("t_soil", "ice1", "swe", "precip_rate", "lai")}
    column = {
        "vegetation": twin.table.vegetation,
        "vegetation_fraction": twin.table.vegetation_fraction,
        "porosity": twin.start.get("theta_max"),
        "wilting": twin.start.get("theta_wilt"),
        **{name: values for name, values in twin.fields.items() if name in ("terrain", "rfi")},
    }
    known |= {name: np.broadcast_to(values[:, None], shape) for name, values in column.items()}
    known["observation"] = found.observed
    usable = found.operator.usable if found.operator is not None else np.ones(shape[0], bool)
    known["usable"] = np.broadcast_to(usable[:, None], shape)
    bits = rejected(names, known) if names else np.zeros(shape, np.uint16)
    reason = np.full(shape, MONITORED if found.choice.use == "monitor" else USED, np.int8)
    reason[~np.isfinite(found.observed)] = RESCALING
    for k in reversed(range(len(MASKS))):
        reason[(bits >> np.uint16(k)) & np.uint16(1) == 1] = REASONS.index(MASKS[k].name)
    reason[~np.isfinite(found.raw)] = NONE
    return reason
