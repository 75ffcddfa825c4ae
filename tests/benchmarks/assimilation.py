"""A twin that must work, and how long an assimilation run takes."""

import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from data_catalog.world.twin_world import twin_world
from models.assimilation.options import AssimilationChoices
from models.assimilation.result import AssimilationResult
from models.assimilation.run import estimate, run_assimilation
from models.assimilation.run_ensemble import Ensemble
from models.assimilation.twin import Twin, prepare_twin
from models.climatology import DAYS
from models.experiment import Experiment
from models.kernel import THREADS
from models.skill.anomalies import anomalies
from models.skill.scores import correlation
from models.studies import heyvaert2024

Row = tuple[str, float, str, str]
YEAR, YEARS = ("2015-01-01", "2015-12-31"), heyvaert2024.PERIOD
SKILL_CELLS, CELLS, PREVIEW_CELLS = 40, 100, 50
REGION = "Europe and Mediterranean"

OBSERVED_LEAST = 20
"""Observations used from which a cell counts as observed by a sensor."""

SINGLE, JOINT = ("ssm", "lai", "vod"), (("ssm", "lai"), ("ssm", "vod"))
EXPECTED = {"ssm": ("ssm", "rzsm"), "lai": ("lai", "gpp"), "vod": ("lai", "gpp")}
"""What each sensor is there to make better; a joint run inherits what its sensors do."""
JUDGED = ("ssm", "rzsm", "lai", "gpp")


def cells_of(count: int) -> np.ndarray:
    """Cells of Europe and the Mediterranean, evenly taken."""
    world = twin_world("108km")
    cells = world.cells_in(Experiment(region=REGION).region)
    return cells[np.linspace(0, cells.size - 1, count).astype(int)]


def twin_of(choices: AssimilationChoices, count: int, period: tuple[str, str] = YEAR) -> Twin:
    """Prepare a twin."""
    experiment = Experiment(model="assimilation", region=REGION, period=period, assimilation=choices)
    return prepare_twin(experiment, twin_world("108km"), cells=cells_of(count))


def observed(result: AssimilationResult, variable: str) -> np.ndarray:
    """Cells in which a sensor that is to better a variable was used often; every assimilated one, if none is to."""
    names = [one.name for one in result.choices.assimilated]
    meant = [name for name in names if variable in EXPECTED.get(name, ())] or names
    used = np.max([result.diagnostic(name, "used") for name in meant], axis=0)
    there = np.isfinite(result.field(variable, "r_anom", "open_loop"))
    return np.flatnonzero((used >= OBSERVED_LEAST) & there)


def skill_rows(name: str, result: AssimilationResult) -> list[Row]:
    """Share of observed cells whose anomalies and errors improve; land without leaves has no leaf area to judge."""
    rows = []
    meant = {variable for one in result.choices.assimilated for variable in EXPECTED.get(one.name, ())}
    for variable in JUDGED:
        cells = observed(result, variable)
        for statistic, better in (("r_anom", 1.0), ("ubrmsd", -1.0)):
            loop, analysis = (result.field(variable, statistic, run)[cells] for run in ("open_loop", "analysis"))
            share = 100.0 * np.mean(better * (analysis - loop) > 0.0)
            note = f"{np.nanmean(loop):.4f} -> {np.nanmean(analysis):.4f}, {cells.size} cells"
            aim = ">= 80" if statistic == "r_anom" and variable in meant else ""
            rows.append((f"{name}: {variable}, % of cells with better {statistic}", share, aim, note))
    return rows


def of_one_year(name: str, result: AssimilationResult) -> list[Row]:
    """The same run judged by its first year alone: a climatology of one year is the year, less changes in a month."""
    rows, days = [], result.days[:DAYS]
    for variable in sorted(EXPECTED[name]):
        cells = observed(result, variable)
        truth, loop, analysis = (
            anomalies(result.daily(variable, run)[cells, :DAYS].astype(float), days, axis=1)
            for run in ("truth", "open_loop", "analysis")
        )
        before, after = (correlation(series, truth, axis=1) for series in (loop, analysis))
        share = 100.0 * np.mean(after > before)
        note = f"{np.nanmean(before):.4f} -> {np.nanmean(after):.4f}: why one year is too short"
        rows.append((f"{name.upper()}: {variable}, the same of one year alone", share, "", note))
    return rows


def filter_rows(name: str, result: AssimilationResult, *, right: bool) -> list[Row]:
    """Whether the filter is right, of every sensor."""
    rows = []
    for sensor in result.sensors:
        found = result.diagnostics(sensor)
        cells = result.diagnostic(sensor, "used") >= OBSERVED_LEAST
        level, lag = (np.nanmedian(result.diagnostic(sensor, d)[cells]) for d in ("normalised_std", "lag1"))
        targets = ("0.9-1.1", "+-0.1", "0.8-1.25") if right else ("", "", "")
        note = f"median of cells {level:.3f}; {found.count:,} innovations"
        rows.append((f"{name}: {sensor}, sd of normalised innovations", found.normalised_std, targets[0], note))
        rows.append((f"{name}: {sensor}, lag-1 autocorrelation", found.lag1, targets[1], f"median of cells {lag:+.3f}"))
        rows.append((f"{name}: {sensor}, spread over error", found.spread_skill, targets[2], found.verdict))
    return rows


def rows() -> Iterator[Row]:
    """Measure, and give (name, value, target, note) of each figure as soon as it is there; some eight minutes' work."""
    yield from time_rows()
    yield from twin_rows()
    yield from paper_rows()


def twin_rows() -> Iterator[Row]:
    """Years of a twin with right and with wrong errors."""
    plain = AssimilationChoices(sensors=("ssm",))
    twin = twin_of(plain, SKILL_CELLS, YEARS)
    for sensors in (*((name,) for name in SINGLE), *JOINT, ("tb_h", "tb_v")):
        name = "+".join(sensor.upper() for sensor in sensors)
        result = run_assimilation(twin, replace(plain, sensors=sensors))
        yield from skill_rows(name, result) + filter_rows(name, result, right=sensors == ("ssm",))
        if len(sensors) == 1:
            yield from of_one_year(sensors[0], result)
    for word, factor in (("four times too small", 0.25), ("four times too large", 4.0)):
        wrong = plain.with_sensor("ssm", error_std=0.0125 * factor, true_error_std=0.0125)
        yield from filter_rows(f"SSM, error {word}", run_assimilation(twin, wrong), right=False)


def paper_rows() -> Iterator[Row]:
    """The joint run of the paper as it prints it: observations rescaled, bias correction, bounds and limits of LIS."""
    choices = heyvaert2024.EXPERIMENTS["SSM+LAI"]
    result = run_assimilation(twin_of(choices, SKILL_CELLS, YEARS), choices)
    yield from skill_rows("as in the paper, SSM+LAI", result) + filter_rows("as in the paper", result, right=False)
    for printed, ours in heyvaert2024.compare(result):
        if np.isfinite(ours):
            yield f"as in the paper: {printed.what}", ours, f"{printed.value:g}", printed.where


def time_rows() -> list[Row]:
    """Time a year of 100 cells at one hour, and the preview of 50 cells."""
    table: list[Row] = []
    full = AssimilationChoices(sensors=("ssm",))
    preview = replace(full, time_step=3.0, members=12, warm_up=30.0, spin_up=2)
    for name, choices, count in (("preview", preview, PREVIEW_CELLS), ("full", full, CELLS)):
        label = f"{name}: {count} cells, {choices.members} members, {choices.time_step:g} h, a year"
        # Load what is compiled before the clock runs.
        small = twin_of(choices, 2)
        run_assimilation(small, choices)
        begin, work = time.perf_counter(), time.process_time()
        twin = twin_of(choices, count)
        prepared = time.perf_counter() - begin
        result = run_assimilation(twin, choices)
        whole, work = time.perf_counter() - begin, time.process_time() - work
        told = estimate(choices, count, 365)
        table.append(
            (f"{label}: seconds in all", whole, "< 5" if name == "preview" else "", f"said: {told.seconds:.1f}")
        )
        alone = f"processor seconds over {THREADS} cores: the wall clock of an idle machine"
        table.append((f"{label}: work", work / THREADS, "< 5" if name == "preview" else "", alone))
        table.append((f"{label}: twin", prepared, "", "spin-up and truth"))
        for part, seconds in result.parts.items():
            table.append((f"{label}: {part}", seconds, "", "seconds of work, open loop and analysis"))
        begin = time.perf_counter()
        result.diagnostics("ssm")
        result.skill("ssm")
        table.append((f"{label}: diagnostics and skill", time.perf_counter() - begin, "", ""))
        begin = time.perf_counter()
        again = run_assimilation(twin, choices.with_sensor("ssm", error_std=0.02))
        table.append((f"{label}: with another error", time.perf_counter() - begin, "", "the open loop is kept"))
        begin = time.perf_counter()
        again.series(count // 2)
        table.append((f"{label}: one cell in full", time.perf_counter() - begin, "", "run again"))
        state = Ensemble(twin, choices, twin.start).state.nbytes / 1e6
        table.append((f"{label}: MB of state of an ensemble", state, "", f"said in all: {told.nbytes / 1e6:.0f} MB"))
    return table
