"""What a visitor of the page Sensitivity takes away: tables and series as CSV, maps as NetCDF, with what made them."""

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr

from explorer.export import head_lines, netcdf_bytes, program, table_text
from explorer.sensitivity.address import SensitivitySelection, write_sensitivity
from explorer.sensitivity.drought import Drought, drought_words
from explorer.sensitivity.errors import NeeErrors
from explorer.sensitivity.removal import WORDS, Removal
from explorer.sensitivity.scope import Scope
from explorer.sensitivity.years import YearsBeside
from models.experiment import Experiment
from models.l4c.drought import FLUXES
from models.l4c.input_errors import SOURCES
from models.studies.jones2017 import CITATION

__all__ = ["SOURCE", "drought_netcdf", "errors_netcdf", "file_name", "removal_netcdf", "table_csv", "years_netcdf"]

SOURCE = "Land Carbon Explorer, reference-earth: synthetic weather on a real climate"


def file_name(experiment: Experiment, what: str, ending: str) -> str:
    """Return a name for a file that every system accepts."""
    words = re.sub(r"[^a-z0-9]+", "-", f"sensitivity-{what}-{experiment.region.name}".lower()).strip("-")
    return f"{words[:70]}.{ending}"


def _head(title: str, experiment: Experiment, selection: SensitivitySelection) -> list[str]:
    return [
        title,
        f"method: {CITATION}",
        f"asked: sensitivity?{write_sensitivity(experiment, selection)}",
        *head_lines(experiment, SOURCE),
    ]


def _plain(name: str) -> str:
    """Return a column's name in plain letters."""
    for sign, word in (("⁻¹", "-1"), ("⁻²", "-2"), ("−", "-"), ("≥", ">="), ("≤", "<="), ("μ", "mu"), ("σ", "sigma")):
        name = name.replace(sign, word)
    return name


def table_csv(frame: pd.DataFrame, title: str, experiment: Experiment, selection: SensitivitySelection) -> bytes:
    """Return a table as CSV below what made it: program, source, experiment, and the address that opens it again."""
    text = table_text(
        frame.itertuples(index=False), _head(title, experiment, selection), [_plain(str(c)) for c in frame.columns]
    )
    return text.encode("utf-8")


def _dataset(scope: Scope, fields: Mapping[str, tuple], title: str, selection: SensitivitySelection) -> xr.Dataset:
    coords = {
        "cell": ("cell", scope.cells, {"long_name": f"place in the {scope.world.grid} grid of reference-earth"}),
        "latitude": ("cell", scope.latitude, {"units": "degrees_north", "standard_name": "latitude"}),
        "longitude": ("cell", scope.longitude, {"units": "degrees_east", "standard_name": "longitude"}),
    }
    attrs = {
        "Conventions": "CF-1.10", "title": title, "source": SOURCE, "references": CITATION, "program": program(),
        "asked": f"sensitivity?{write_sensitivity(scope.experiment, selection)}", "scope": scope.words,
    }  # fmt: skip
    area = {"area": ("cell", scope.area, {"units": "m2", "long_name": "vegetated area"})}
    return xr.Dataset({**fields, **area}, coords, {**attrs, **scope.experiment.to_attrs()})


def removal_netcdf(removal: Removal, selection: SensitivitySelection) -> bytes:
    """Return the maps of every removed constraint."""
    removed = removal.removed
    fields = {
        f"{flux}_change": (
            ("removed", "cell"), getattr(removed, flux), {"units": "%", "long_name": f"change of {flux.upper()}"},
        )
        for flux in ("gpp", "rh")
    }  # fmt: skip
    ds = _dataset(removal.scope, fields, "Constraints removed in turn", selection)
    return netcdf_bytes(ds.assign_coords(removed=("removed", [WORDS[name] for name in removed.names])))


def errors_netcdf(errors: NeeErrors, selection: SensitivitySelection) -> bytes:
    """Return the map of the NEE error, what it is compared with, and the inputs' shares."""
    fields = {
        "nee_ubrmse": ("cell", errors.std, {"units": "gC m-2 d-1", "long_name": "error of NEE, Eq. 10"}),
        "flux": ("cell", errors.flux, {"units": "gC m-2 d-1", "long_name": "mean of GPP + RE"}),
        "share": (("cell", "input"), errors.by_source, {"units": "1", "long_name": "share of the variance"}),
    }
    ds = _dataset(errors.scope, fields, "Uncertainty of NEE", selection)
    return netcdf_bytes(ds.assign_coords(input=("input", list(SOURCES))))


def drought_netcdf(drought: Drought, selection: SensitivitySelection) -> bytes:
    """Return monthly fluxes of both runs in each cell, and daily means of the region."""
    contrast, scope = drought.contrast, drought.scope
    order = np.searchsorted(contrast.cells[np.argsort(contrast.cells)], scope.cells)
    rows = np.argsort(contrast.cells)[order]
    fields: dict[str, tuple] = {}
    for name, months, days in (
        ("usual", contrast.usual, contrast.usual_days), ("changed", contrast.changed, contrast.changed_days),
    ):  # fmt: skip
        for flux in FLUXES:
            words = f"{flux.upper()}, {name} run"
            fields[f"{flux}_{name}"] = (("cell", "month"), months[flux][rows], {"units": "gC m-2", "long_name": words})
            fields[f"{flux}_{name}_mean"] = (
                "time", days[flux], {"units": "gC m-2 d-1", "long_name": f"{words}, mean of the region"},
            )  # fmt: skip
    ds = _dataset(scope, fields, f"Drought: {drought_words(drought.selection)}", selection)
    return netcdf_bytes(ds.assign_coords(time=contrast.time.astype("datetime64[ns]"), month=np.arange(1, 13)))


def years_netcdf(years: YearsBeside, scope: Scope, selection: SensitivitySelection) -> bytes:
    """Return monthly means of every year, their interannual spread, and what assimilation changes."""
    made, fields = years.years, {}
    for flux in FLUXES:
        unit = {"units": "gC m-2 d-1"}
        fields[flux] = (("place", "year", "month"), made.fluxes[flux], {**unit, "long_name": f"monthly {flux.upper()}"})
        fields[f"{flux}_interannual_std"] = ("place", made.interannual_std(flux), unit)
        fields[f"{flux}_ops_less_open_loop_rmsd"] = ("place", years.rmsd(flux), unit)
    attrs = {
        "Conventions": "CF-1.10", "title": "Years beside assimilation", "source": SOURCE, "references": CITATION,
        "program": program(), "asked": f"sensitivity?{write_sensitivity(scope.experiment, selection)}",
    }  # fmt: skip
    if years.outcome is not None:
        attrs |= years.outcome.experiment.to_attrs()
    coords = {"place": ("place", made.cells), "year": list(made.years), "month": np.arange(1, 13)}
    return netcdf_bytes(xr.Dataset(fields, coords, attrs))
