"""An experiment is a value: everything that decides a result, frozen, hashable, and text when it travels."""

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import tomli_w
import xarray as xr

from models.assimilation.options import AssimilationChoices
from models.execution import LARGEST_IN_MEMORY, Written, plan_run, run_blocks, run_on_cluster
from models.l4c.bplut import pft_of
from models.l4c.params import L4CParams
from models.land.experiment import run_columns, write_columns
from models.land.options import LandChoices
from models.options import L4C_CHOICES, L4COptions, check_choice
from models.output import MemoryTarget, check_target, open_target
from models.period import checked_period
from models.provenance import check_keys, parse_json, parse_query, parse_toml, write_query
from models.regions import REGIONS, WORLD, Region, region_named

__all__ = ["CHOICES", "AssimilationChoices", "Experiment", "L4COptions", "LandChoices", "Region", "run", "run_to_file"]

CHOICES = {
    "model": ("l4c", "land", "assimilation"),
    "dataset": ("reference-earth", "tower", "file"),
    "grid": ("108km", "36km"),
    "output": ("daily", "monthly", "annual"),
    "precision": ("float64", "float32"),
}
"""What each field of `Experiment` accepts, its default first."""

_SITE = re.compile(r"|[A-Za-z0-9](?:[A-Za-z0-9_-]|\.(?!\.)){0,62}")
_LARGEST_SEED = 2**31 - 1
_BOX = ("west", "south", "east", "north")


@dataclass(frozen=True)
class Experiment:
    """Everything that decides a result. Equal experiments give equal results.

    Attributes
    ----------
    model : str
        "l4c"; "land", the land surface model; or "assimilation", an ensemble of it that takes in observations.
    dataset : str
        Drivers: "reference-earth" (the embedded world), "tower" (one site, see ``site``), or "file".
    grid : str
        Of the embedded world: "108km" or "36km".
    site : str
        Name of the tower, as US-Ne3.
    region : Region
        Box of cells to run; the name of a known region is accepted.
    period : (str, str)
        First and last day to report, as 2015-03-31; "" is the record's own. Starting SOC and litterfall always come
        from the whole record.
    output : str
        "daily", "monthly" (means) or "annual" (sums of fluxes, means of the rest).
    per_pft : bool
        Whether to report each plant functional type beside their mean.
    precision : str
        "float64" or "float32".
    seed : int
        Of the weather generator and of every random draw.
    l4c : L4COptions
        Choices of L4C.
    land : LandChoices
        Choices of the land surface model; text has them only where they are not the defaults, or the model runs.
    assimilation : AssimilationChoices
        Choices of sensors, ensemble and filter; in text as those of the land surface model.

    Raises
    ------
    ValueError
        If a field is not what it accepts.
    """

    model: str = "l4c"
    dataset: str = "reference-earth"
    grid: str = "108km"
    site: str = ""
    region: Region = WORLD
    period: tuple[str, str] = ("", "")
    output: str = "daily"
    per_pft: bool = False
    precision: str = "float64"
    seed: int = 1
    l4c: L4COptions = field(default_factory=L4COptions)
    land: LandChoices = field(default_factory=LandChoices)
    assimilation: AssimilationChoices = field(default_factory=AssimilationChoices)

    def __post_init__(self) -> None:
        for name, accepted in CHOICES.items():
            check_choice(name, getattr(self, name), accepted)
        if not (isinstance(self.site, str) and _SITE.fullmatch(self.site)):
            msg = f"site = {str(self.site)[:40]!r} is not the name of a tower; use up to 63 letters, digits, '-', '_'."
            raise ValueError(msg)
        if isinstance(self.region, str):
            object.__setattr__(self, "region", region_named(self.region))
        if not isinstance(self.region, Region):
            msg = f"region = {str(self.region)[:40]!r} is neither a known region nor a box of west, south, east, north."
            raise ValueError(msg)
        object.__setattr__(self, "period", checked_period(self.period))
        if not isinstance(self.per_pft, bool):
            msg = f"per_pft = {str(self.per_pft)[:40]!r} must be true or false."
            raise ValueError(msg)
        if isinstance(self.seed, bool) or not isinstance(self.seed, int) or not 0 <= self.seed <= _LARGEST_SEED:
            msg = f"seed = {str(self.seed)[:40]!r} must be a whole number within [0, {_LARGEST_SEED}]."
            raise ValueError(msg)
        if not isinstance(self.l4c, L4COptions):
            msg = f"l4c = {str(self.l4c)[:40]!r} must be the options of L4C."
            raise ValueError(msg)
        if not isinstance(self.land, LandChoices):
            msg = f"land = {str(self.land)[:40]!r} must be the choices of the land surface model."
            raise ValueError(msg)
        if not isinstance(self.assimilation, AssimilationChoices):
            msg = f"assimilation = {str(self.assimilation)[:40]!r} must be the choices of an assimilation run."
            raise ValueError(msg)

    def with_parameters(self, pft: str, **values: float | None) -> "Experiment":
        """Return the experiment with biome properties of one plant type changed; None puts the table's value back."""
        pft = pft_of(pft)
        kept = [entry for entry in self.l4c.parameters if not (entry[0] == pft and entry[1] in values)]
        new = [(pft, name, value) for name, value in values.items() if value is not None]
        unknown = [name for name in values if name not in L4CParams._fields]
        check_keys(f"{pft}", dict.fromkeys(unknown), L4CParams._fields)
        return replace(self, l4c=replace(self.l4c, parameters=(*kept, *new)))

    # -- text ---------------------------------------------------------------------------------------------------
    def to_mapping(self) -> dict[str, Any]:
        """Return the experiment as nested tables of plain values."""
        nested = asdict(self)
        nested["region"] = self.region.name if _is_named(self.region) else asdict(self.region)
        nested["period"] = list(self.period)
        nested["l4c"]["without"] = list(self.l4c.without)
        parameters: dict[str, dict[str, float]] = {}
        for pft, name, value in nested["l4c"].pop("parameters"):
            parameters.setdefault(pft, {})[name] = value
        nested["l4c"]["parameters"] = parameters
        nested["land"] = self.land.to_mapping()
        nested["assimilation"] = self.assimilation.to_mapping()
        if self.model != "land" and self.land == LandChoices():
            del nested["land"]
        if self.model != "assimilation" and self.assimilation == AssimilationChoices():
            del nested["assimilation"]
        if self.model != "l4c" and self.l4c == L4COptions():
            del nested["l4c"]
        return nested

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any]) -> "Experiment":
        """Make an experiment of nested tables; what is left out takes its default.

        Raises
        ------
        ValueError
            If a key is unknown or a value not accepted.
        """
        check_keys("The experiment", mapping, [f.name for f in fields(cls)])
        values = dict(mapping)
        if isinstance(values.get("region"), Mapping):
            check_keys("region", values["region"], [f.name for f in fields(Region)])
            values["region"] = Region(**{"name": "box", **values["region"]})
        if "l4c" in values:
            check_keys("l4c", values["l4c"], [f.name for f in fields(L4COptions)])
            values["l4c"] = L4COptions(**values["l4c"])
        if "land" in values:
            values["land"] = LandChoices.from_mapping(values["land"])
        if "assimilation" in values:
            values["assimilation"] = AssimilationChoices.from_mapping(values["assimilation"])
        return cls(**values)

    def to_toml(self) -> str:
        """Return the experiment as the text of a TOML file."""
        return tomli_w.dumps(self.to_mapping())

    @classmethod
    def from_toml(cls, text: str | bytes) -> "Experiment":
        """Read an experiment from the text of a TOML file; raise ``ValueError`` with one message if it is none."""
        return cls.from_mapping(parse_toml(text))

    def to_attrs(self) -> dict[str, str]:
        """Return the attributes that let a saved result rebuild its experiment."""
        return {"experiment": json.dumps(self.to_mapping(), separators=(",", ":"), ensure_ascii=True)}

    @classmethod
    def from_attrs(cls, attrs: Mapping[str, Any]) -> "Experiment":
        """Rebuild the experiment of a saved result; raise ``ValueError`` if it carries none."""
        return cls.from_mapping(parse_json(attrs.get("experiment")))

    def to_query(self) -> str:
        """Return a URL query holding what differs from the defaults: ``grid=36km&GRS.lue_max=1.9``."""
        mine, plain = self.to_mapping(), Experiment().to_mapping()
        plain_options = plain.pop("l4c")
        options = mine.pop("l4c", plain_options)
        mine.pop("land", None)
        mine.pop("assimilation", None)
        query: dict[str, str] = {}
        for name, value in mine.items():
            if value == plain[name]:
                continue
            if name == "region" and isinstance(value, dict):
                query["region"] = value["name"]
                query["box"] = ",".join(repr(value[side]) for side in _BOX)
            elif name == "period":
                query["period"] = ",".join(value)
            else:
                query[name] = str(value).lower() if isinstance(value, bool) else str(value)
        for name in L4C_CHOICES:
            if options[name] != plain_options[name]:
                query[name] = options[name]
        if options["without"]:
            query["without"] = ",".join(options["without"])
        for pft, values in options["parameters"].items():
            query.update({f"{pft}.{name}": repr(value) for name, value in values.items()})
        return write_query(query | self.land.to_query() | self.assimilation.to_query())

    @classmethod
    def from_query(cls, text: str) -> "Experiment":
        """Read an experiment from a URL query; raise ``ValueError`` if a field is unknown or not accepted."""
        query = parse_query(text)
        scalars = [f.name for f in fields(cls) if f.name not in ("l4c", "land", "assimilation")]
        mapping: dict[str, Any] = {}
        options: dict[str, Any] = {}
        land: dict[str, str] = {}
        assimilation: dict[str, str] = {}
        for name, value in query.items():
            pft, dot, parameter = name.partition(".")
            if dot and pft == "land":
                land[parameter] = value
            elif dot and pft == "assimilation":
                assimilation[parameter] = value
            elif dot:
                options.setdefault("parameters", []).append((pft, parameter, _float(name, value)))
            elif name in L4C_CHOICES:
                options[name] = value
            elif name == "without":
                options[name] = tuple(filter(None, value.split(",")))
            elif name == "period":
                mapping[name] = value.split(",")
            elif name == "per_pft":
                check_choice(name, value, ("true", "false"))
                mapping[name] = value == "true"
            elif name == "seed":
                mapping[name] = int(value) if re.fullmatch(r"[0-9]{1,10}", value) else value
            elif name != "box":
                check_keys("The address", {name: value}, [*scalars, "box", *L4C_CHOICES, "without", "PFT.parameter"])
                mapping[name] = value
        if "box" in query:
            sides = query["box"].split(",")
            if len(sides) != len(_BOX):
                msg = f"box = {query['box'][:40]!r} must be west,south,east,north in degrees."
                raise ValueError(msg)
            box = {side: _float("box", value) for side, value in zip(_BOX, sides, strict=True)}
            mapping["region"] = {"name": mapping.pop("region", "box"), **box}
        if land:
            mapping["land"] = LandChoices.from_query(land).to_mapping()
        if assimilation:
            mapping["assimilation"] = AssimilationChoices.from_query(assimilation).to_mapping()
        return cls.from_mapping({**mapping, **({"l4c": options} if options else {})})


def _is_named(region: Region) -> bool:
    """Say whether the name alone gives the region back."""
    return REGIONS.get(region.name) == region


def _float(name: str, text: str) -> float:
    """Read a number of a URL."""
    try:
        value = float(text) if len(text) <= 40 and re.fullmatch(r"[-+0-9.eE]+", text) else math.nan
    except ValueError:
        value = math.nan
    if math.isnan(value):
        msg = f"{name[:40]} = {text[:40]!r} is not a number."
        raise ValueError(msg)
    return value


def run(
    experiment: Experiment,
    ds: xr.Dataset,
    *,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    block: int | None = None,
) -> xr.Dataset:
    """Run an experiment in memory; everything is checked before it computes.

    Parameters
    ----------
    experiment : Experiment
        What to run.
    ds : xr.Dataset
        Drivers in our names and units, on (cell, time); may be lazy. For the land surface model a forcing with what
        its columns are, see `models.land.experiment.run_columns`.
    progress : callable, optional
        Told the share done, 0 to 1.
    cancelled : callable, optional
        Asked now and then; when it says yes, ``models.kernel.Cancelled`` is raised.
    block : int, optional
        Cells that run together; by default as many as fit in 256 MB.

    Returns
    -------
    xr.Dataset
        Outputs on (cell, time) with CF attributes; ``Experiment.from_attrs(result.attrs)`` is the experiment.

    Raises
    ------
    ValueError, KeyError
        If the drivers cannot run: see `models.l4c.run.prepare` and `models.l4c.drivers.pack_blocks`; if the region
        holds no cell or the period no day; if the result would not fit in memory.
    """
    if experiment.model == "assimilation":
        msg = "An assimilation run takes a world, not drivers: see models.assimilation.command.assimilate."
        raise ValueError(msg)
    if experiment.model == "land":
        return run_columns(experiment, ds, progress=progress, cancelled=cancelled)
    plan = plan_run(experiment, ds, block)
    if plan.layout.nbytes > LARGEST_IN_MEMORY:
        msg = (
            f"The result has {plan.layout.nbytes / 1e9:.1f} GB, more than {LARGEST_IN_MEMORY / 1e9:g} GB: choose a"
            " region, a period or output = 'monthly', or the command line, which writes it block by block."
        )
        raise ValueError(msg)
    target = MemoryTarget(plan.layout)
    run_blocks(plan, target, progress=progress, cancelled=cancelled)
    return target.finish()


def run_to_file(
    experiment: Experiment,
    ds: xr.Dataset,
    out: str | Path,
    *,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    block: int | None = None,
    scheduler: str | None = None,
) -> Written:
    """Run an experiment into a file, block of cells by block, so that neither drivers nor result need fit in memory.

    Parameters
    ----------
    experiment, ds, progress, cancelled, block
        See `run`.
    out : str or Path
        OUT.nc or OUT.zarr; one that is there is replaced when the new one is whole.
    scheduler : str, optional
        Address of a dask.distributed scheduler, tcp://HOST:PORT; its workers write the Zarr store side by side.

    Returns
    -------
    Written
        Cells, time steps and notes of the run.
    """
    path = check_target(out)
    if experiment.model == "land":
        if scheduler:
            msg = "--scheduler spreads the cells of L4C; the land surface model takes every core of this machine."
            raise ValueError(msg)
        return write_columns(run_columns(experiment, ds, progress=progress, cancelled=cancelled), path)
    if scheduler and path.suffix != ".zarr":
        msg = f"--scheduler writes Zarr, which several processes can write at once: give --out {path.stem}.zarr."
        raise ValueError(msg)
    plan = plan_run(experiment, ds, block)
    target = open_target(path, plan.layout)
    try:
        if scheduler:
            run_on_cluster(plan, target, scheduler, progress=progress, cancelled=cancelled)
        else:
            run_blocks(plan, target, progress=progress, cancelled=cancelled)
    except BaseException:
        target.abandon()
        raise
    target.finish()
    return Written(len(plan.cells), len(plan.steps.time), plan.setup.notes)
