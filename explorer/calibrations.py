"""Towers for a calibration, gathered from what ships and from the user's folders, and the command that runs one."""

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from explorer.command_line import progress_bar, say

if TYPE_CHECKING:
    from models.calibration.fit import Calibration
    from models.calibration.folds import ScoreRow
    from models.calibration.options import CalibrationOptions
    from models.calibration.sites import QualityRules, SiteDays

__all__ = ["calibrate", "gather_sites"]

PFTS = ("ENF", "EBF", "DNF", "DBF", "SHR", "GRS", "CCR", "BCR")


def gather_sites(
    folders: Sequence[str | Path] = (),
    pfts: Sequence[str] = PFTS,
    rules: "QualityRules | None" = None,
    *,
    noted: Callable[[str], None] = say,
) -> list["SiteDays"]:
    """Open every tower of some plant types, as the page Towers does, and take the days that count.

    Parameters
    ----------
    folders : sequence of paths
        The user's own; what lies there goes before what ships.
    pfts : sequence of str
        Plant types.
    rules : QualityRules, optional
        Which days count.
    noted : callable
        Told of each tower that is left out, and why.

    Returns
    -------
    list of SiteDays
    """
    from explorer import tower_runs
    from explorer.data.library import LIBRARY
    from explorer.towers.calibration import usable
    from explorer.towers.sites import TowerSet
    from models.calibration.sites import site_days

    tower_runs.offer(folders)
    towers = TowerSet()
    with progress_bar("opening towers") as progress:
        items = LIBRARY.look(lambda share: progress(share / 2))
        opened = towers.open(items, lambda share: progress(0.5 + share / 2))
    for site, why in towers.problems.items():
        noted(f"note: {site} is left out: {why}")
    chosen = {pft: usable(opened, pft) for pft in PFTS}
    short = [site.site for site in opened if not any(site in some for some in chosen.values())]
    if short:
        noted(f"note: {', '.join(short)} left out: months alone, or less than a year of days.")
    return [site_days(site.drivers, site.observed, rules) for pft in pfts for site in chosen[pft]]


def _free(entries: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Read ``gpp=lue_max,vpd_high`` entries."""
    free = {}
    for entry in entries:
        step, sign, names = entry.partition("=")
        if not sign or not names:
            msg = f"--free {entry[:60]!r} is not like gpp=lue_max,vpd_high."
            raise ValueError(msg)
        free[step] = tuple(names.split(","))
    return free


def _bounds(entries: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Read ``lue_max=1:2.5`` entries."""
    bounds = {}
    for entry in entries:
        name, _, ends = entry.partition("=")
        low, _, high = ends.partition(":")
        try:
            bounds[name] = float(low), float(high)
        except ValueError:
            msg = f"--bounds {entry[:60]!r} is not like lue_max=1:2.5."
            raise ValueError(msg) from None
    return bounds


@contextmanager
def _stoppable() -> Iterator[Callable[[], bool]]:
    """Let the first Ctrl+C stop a fit, which keeps its best; the second ends the program."""
    asked = threading.Event()

    def stop(_signal: int, _frame: object) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()
        say("\nstopping: the best so far is kept; Ctrl+C again ends the program")

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGINT, before)


def _calibrate_one(
    pft: str, sites: list["SiteDays"], options: "CalibrationOptions", held: Sequence[str], folds: int, table: Any,
    profiles: bool,
) -> tuple["Calibration", list["ScoreRow"]]:  # fmt: skip
    """Calibrate a plant type, print its tables, return the calibration and its scores."""
    from models.calibration.cost import can_judge
    from models.calibration.fit import calibrate as fit
    from models.calibration.folds import cross_validate, folds_of, hold_out, score_sites
    from models.calibration.identify import profile
    from models.calibration.report import parameter_lines, profile_lines, score_lines

    fitted, out = hold_out(sites, [name for name in held if name in {site.name for site in sites}])
    told_of = tuple(step for step in options.steps if any(can_judge(site, step, options.soil) for site in fitted))
    if 0 < len(told_of) < len(options.steps):
        say(f"note: {pft}: no site has days for the step {', '.join(sorted({*options.steps} - {*told_of}))}")
        options = replace(options, steps=told_of)
    with _stoppable() as stopped, progress_bar(f"fitting {pft}") as progress:
        result = fit(fitted, pft, options, table=table, told=lambda now: progress(now.share), cancelled=stopped)
    apart = f" ({', '.join(site.name for site in out)})" if out else ""
    click.echo(
        f"\n{pft}: {len(fitted)} sites fitted, {len(out)} held out{apart}, soil {options.soil}, loss {options.loss}"
    )
    click.echo("\n".join(parameter_lines(result)))
    for step in result.steps if profiles and not result.stopped else ():
        problem, params = result.problem(step.step, fitted)
        made = []
        with progress_bar(f"profiles of {step.step.upper()}") as progress:
            for number, name in enumerate(problem.controls.free, 1):
                made.append(profile(problem, params, name))
                progress(number / len(problem.controls.free))
        click.echo(f"{step.step.upper()}: cost along each parameter, the others fitted anew")
        click.echo("\n".join(profile_lines(made)))
    rows = score_sites(fitted, result.before, result.after, options, "in")
    rows += score_sites(out, result.before, result.after, options, "held out") if out else []
    count = len(fitted) if folds < 0 else min(folds, len(fitted))
    if count >= 2 and not result.stopped:
        with progress_bar(f"folds of {pft}") as progress:
            fewer = replace(options, starts=min(2, options.starts))
            rows += cross_validate(
                fitted, pft, folds_of(fitted, count, options.seed), fewer, table=table,
                told=lambda fold, now: progress((fold + now.share) / count),
            ).rows  # fmt: skip
    click.echo("\n".join(score_lines(rows)))
    return result, rows


def _twin(pft: str, options: "CalibrationOptions", table: Any, **given: Any) -> None:
    """Calibrate a plant type on virtual towers of the world from wrong parameters; print what came back."""
    from data_catalog import open_dataset
    from models.calibration.fit import calibrate as fit
    from models.calibration.report import parameter_lines, twin_lines
    from models.calibration.virtual import displaced, virtual_towers

    truth, world = table[pft], open_dataset("reference-earth", grid=given["grid"])
    soil = "steady" if options.soil == "steady" else "effective"
    sites = virtual_towers(world, pft, given["virtual"], truth, noise=given["noise"], soil=soil)
    free = {name for step in options.steps for name in options.free[step]}
    with progress_bar(f"fitting {pft}") as progress:
        start = {pft: displaced(truth, free, given["off"])}
        result = fit(sites, pft, options, table=start, told=lambda now: progress(now.share))
    click.echo(f"\n{pft}: {len(sites)} virtual towers, soil {options.soil}, parameters off by {given['off']:.0%}")
    click.echo("\n".join([*parameter_lines(result), *twin_lines(result, truth)]))


def _prior(text: str) -> dict[str, Any]:
    """Read ``--prior``: a width, or "sites", with 0.1 for a single site."""
    if text == "sites":
        return {"prior": 0.1, "prior_by_sites": True}
    try:
        return {"prior": float(text)}
    except ValueError:
        msg = f"--prior {text[:40]!r} is neither a number nor 'sites'; 0.1 is a tenth of the bounds, 0 no prior."
        raise ValueError(msg) from None


@click.command()
@click.option(
    "--pft", "pfts", multiple=True, type=click.Choice([*PFTS, "all"]), default=("all",), help="Plant type; repeatable."
)
@click.option("--data", multiple=True, type=click.Path(exists=True, file_okay=False), help="Folder of your own towers.")
@click.option("--steps", default="gpp,reco,nee", show_default=True, help="Fluxes fitted, in turn.")
@click.option("--free", multiple=True, metavar="STEP=NAME,...", help="Free parameters of a step; repeatable.")
@click.option("--bounds", multiple=True, metavar="NAME=LOW:HIGH", help="Bounds of a parameter; repeatable.")
@click.option(
    "--soil",
    type=click.Choice(["fitted", "effective", "steady"]),
    default="fitted",
    show_default=True,
    help="A site's soil carbon: by least squares, by a percentile of RH/Kmult as in the paper, or the whole model's.",
)
@click.option("--percentile", default=75.0, show_default=True, help="Of --soil effective; 95 in the paper.")
@click.option(
    "--loss", type=click.Choice(["linear", "soft_l1", "huber", "cauchy", "arctan"]), default="linear", show_default=True
)
@click.option("--loss-scale", default=1.0, show_default=True, help="Residual from which a robust loss bends.")
@click.option("--weights", type=click.Choice(["sites", "days"]), default="sites", show_default=True)
@click.option(
    "--prior",
    default="0.1",
    show_default=True,
    metavar="WIDTH|sites",
    help="Error of the starting table, of the bounds; 0: none; sites: what serves sites left out.",
)
@click.option("--keep-reco", default=1.0, show_default=True, help="Weight of RE while NEE is fitted; the paper's is 0.")
@click.option("--starts", default=6, show_default=True, type=click.IntRange(1, 200))
@click.option("--hold-out", "held", multiple=True, metavar="SITE", help="Site that is not fitted; repeatable.")
@click.option("--folds", default=-1, show_default=True, help="Folds of sites; -1 leaves one out at a time, 0 none.")
@click.option(
    "--wetlands",
    type=click.Choice(["hold-out", "fit"]),
    default="hold-out",
    show_default=True,
    help="Wetlands have no plant type of L4C; held out, they are scored and not fitted.",
)
@click.option("--profiles", is_flag=True, help="Print the cost along each parameter.")
@click.option("--min-quality", default=0.7, show_default=True, help="Least share of good half hours of a day.")
@click.option(
    "--grid", type=click.Choice(["36km", "108km"]), default="108km", show_default=True, help="Of virtual towers."
)
@click.option("--bplut", metavar="FILE.csv", help="Table to start from; V7 by default.")
@click.option(
    "--virtual",
    default=0,
    type=click.IntRange(0, 200),
    help="Towers put into the world's own cells, with known truth; without a prior.",
)
@click.option("--off", default=0.3, show_default=True, help="How far virtual towers' parameters start from the truth.")
@click.option("--noise", default=0.0, show_default=True, help="Error of a virtual tower's day [gC m-2 d-1].")
@click.option("--out", metavar="OUT.csv", help="Write the table with the fitted values, in the mission's format.")
@click.option("--debug", is_flag=True, hidden=True)
def calibrate(pfts: tuple[str, ...], data: tuple[str, ...], held: tuple[str, ...], **given: Any) -> None:
    r"""Calibrate L4C on the towers of a plant type and print what came of it.

    \b
    python launch.py calibrate --pft GRS --data FOLDER
    python launch.py calibrate --data FOLDER --out mine.csv
    python launch.py run carbon.toml --bplut mine.csv --out carbon.nc
    """
    from models.calibration.options import FREE, CalibrationOptions
    from models.calibration.report import summary_lines
    from models.calibration.sites import WETLAND, QualityRules
    from models.l4c.bplut import BplutFile

    steps = tuple(given["steps"].split(","))
    options = CalibrationOptions(
        steps=steps, free={**FREE, **_free(given["free"])}, soil=given["soil"], percentile=given["percentile"],
        loss=given["loss"], starts=given["starts"], weights=given["weights"], keep_reco=given["keep_reco"],
        bounds=_bounds(given["bounds"]), loss_scale=given["loss_scale"], **_prior(given["prior"]),
    )  # fmt: skip
    file = BplutFile.read(Path(given["bplut"])) if given["bplut"] else BplutFile.shipped()
    wanted = PFTS if "all" in pfts else pfts
    if given["virtual"]:
        for pft in wanted:
            _twin(pft, replace(options, prior=0.0, prior_by_sites=False, keep_reco=0.0), file.params(), **given)
        return
    sites = gather_sites(data, wanted, QualityRules(min_quality=given["min_quality"]))
    unknown = [name for name in held if name not in {site.name for site in sites}]
    if unknown:
        msg = f"--hold-out {', '.join(unknown)}: no such site; there are {', '.join(s.name for s in sites) or 'none'}."
        raise ValueError(msg)
    say("note: fPAR is the embedded world's assumed season, where a tower brings none of its own")
    scored = {}
    for pft in wanted:
        own = [site for site in sites if PFTS[site.pft - 1] == pft]
        if not own:
            click.echo(f"\n{pft}: no tower")
            continue
        wet = {site.name for site in own if site.igbp == WETLAND} if given["wetlands"] == "hold-out" else set()
        apart = {*held, *(wet if len(wet) < len(own) else ())}
        result, scored[pft] = _calibrate_one(
            pft, own, options, sorted(apart), given["folds"], file.params(), given["profiles"]
        )
        file = result.table(file)
        if result.stopped:
            break
    if scored:
        click.echo("\nAll sites of a plant type, before -> after; in: fitted, out: each left out by its fold, held out")
        click.echo("\n".join(summary_lines(scored)))
    if given["out"]:
        file.write(given["out"])
        say(f"{given['out']}: the table with the fitted values; run with --bplut {given['out']}")
