"""What a visitor takes away from the towers: tables as CSV, series as NetCDF, with sources and licences."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from explorer.export import head_lines, program, table_text
from explorer.tower_runs import TowerSite
from explorer.towers.address import FLUXES
from explorer.towers.answer import SiteAnswer, TablePair, run_dataset
from explorer.towers.sites import by_months
from explorer.towers.table import table_frame
from models.experiment import Experiment
from models.l4c.params import PFTS
from models.variables import VARIABLES

__all__ = ["site_csv", "site_dataset", "sites_dataset", "source_lines", "table_csv"]

KEPT = ("title", "source", "citation", "licence", "acknowledgement", "processing", "partitioning")


def source_lines(site: TowerSite) -> dict[str, str]:
    """Return what must be told of a tower: its source, citation, licence, and who gave the drivers."""
    words = {name: " ".join(str(site.observed.attrs[name]).split()) for name in KEPT if site.observed.attrs.get(name)}
    shares = (f"{row.driver}: {100 * row.share:.0f} % {row.source}" for row in site.sources.itertuples())
    return words | {"drivers": "; ".join(shares)}


def _in_line(site: TowerSite) -> str:
    return "; ".join(f"{name}: {text}" for name, text in source_lines(site).items() if name != "drivers")


def table_csv(tables: TablePair, sites: Sequence[TowerSite], experiment: Experiment) -> str:
    """Return the scores of every tower and flux with A's and B's parameters, sources above."""
    frames = []
    for flux in FLUXES:
        b, a = (table_frame(table, flux, sites) for table in (tables.b, tables.a))
        for name in ("r", "rmse", "ubrmse", "bias"):
            b[f"{name}_a"] = a[name]
        b.insert(0, "flux", flux)
        frames.append(b)
    frame = pd.concat(frames, ignore_index=True)
    units = dict.fromkeys(("size", "rmse", "ubrmse", "bias", "rmse_a", "ubrmse_a", "bias_a"), " [gC m-2 d-1]")
    columns = [f"{name}{units.get(name, ' [1]' if name in ('r', 'r_a', 'n') else '')}" for name in frame.columns]
    head = [
        "L4C at eddy-covariance towers; scores of B, with _a of A; size: mean of the absolute observed flux",
        *head_lines(experiment, "drivers and fluxes of each tower:"),
        *(f"{site.site}: {_in_line(site)}" for site in sites),
    ]
    return table_text(frame.itertuples(index=False), head, columns)


def site_dataset(answer: SiteAnswer, experiment: Experiment) -> xr.Dataset:
    """Return the days of a tower: observed, drivers, and every output of L4C with B's and (``_a``) A's parameters."""
    site = answer.site
    ds = run_dataset(answer.b, site)
    old = run_dataset(answer.a, site)
    for name in list(ds.data_vars):
        ds[name].attrs = dict(VARIABLES[name].cf_attrs)
        ds[f"{name}_a"] = old[name].assign_attrs(VARIABLES[name].cf_attrs, comment="with the parameters of A")
    for name, field in site.drivers.data_vars.items():
        if "time" in field.dims:
            ds[name] = ("time", field.values[0], dict(field.attrs))
    observed = site.observed.isel(site=0, drop=True)
    axis = "month" if by_months(site) else "time"
    for name, field in observed.data_vars.items():
        kept = {key: text for key, text in field.attrs.items() if isinstance(text, (str, int, float))}
        values = field.values if axis == "month" else field.reindex(time=ds["time"]).values
        ds[f"{name}_obs"] = (axis, values, kept)
    if axis == "month":
        ds = ds.assign_coords(month=observed["time"].values)
    return ds.assign_attrs(
        title=f"L4C at tower {site.site}",
        **{name: text for name, text in source_lines(site).items() if name != "title"},
        pft=PFTS[site.pft - 1],
        experiment=experiment.to_toml(),
        program=program(),
    )


def sites_dataset(tables: TablePair, sites: Sequence[TowerSite], experiment: Experiment) -> xr.Dataset:
    """Return the daily fluxes of every tower on (site, time), of B, of A (``_a``), and what was seen (``_obs``)."""
    time = np.arange(
        min(site.drivers["time"].values[0] for site in sites).astype("datetime64[D]"),
        max(site.drivers["time"].values[-1] for site in sites).astype("datetime64[D]") + 1,
    )
    ds = xr.Dataset(coords={"time": time.astype("datetime64[ns]"), "site": [site.site for site in sites]})
    fields = {f"{flux}{end}": np.full((len(sites), time.size), np.nan, np.float32) for flux in FLUXES
              for end in ("", "_a", "_obs")}  # fmt: skip
    for k, site in enumerate(sites):
        days = (site.drivers["time"].values.astype("datetime64[D]") - time[0]).astype(int)
        for flux in FLUXES:
            fields[flux][k, days] = tables.b.daily(site, flux)
            fields[f"{flux}_a"][k, days] = tables.a.daily(site, flux)
            if flux in site.observed:
                when = (site.observed["time"].values.astype("datetime64[D]") - time[0]).astype(int)
                inside = (when >= 0) & (when < time.size)
                fields[f"{flux}_obs"][k, when[inside]] = site.observed[flux].isel(site=0).values[inside]
    for name, values in fields.items():
        ds[name] = (("site", "time"), values, dict(VARIABLES[name.split("_")[0]].cf_attrs))
    ds["pft"] = ("site", [PFTS[site.pft - 1] for site in sites])
    ds["step"] = ("site", ["month" if by_months(site) else "day" for site in sites],
                  {"comment": "of what was seen; the mean of a month stands on its first day"})  # fmt: skip
    for name in ("latitude", "longitude"):
        values = [float(site.drivers[name].values[0]) for site in sites]
        ds[name] = ("site", values, {"units": "degrees_north" if name == "latitude" else "degrees_east"})
    for name in ("source", "citation", "licence", "drivers"):
        ds[name] = ("site", [source_lines(site).get(name, "") for site in sites])
    return ds.assign_attrs(
        title="L4C at eddy-covariance towers", experiment=experiment.to_toml(), program=program(),
        source="measured fluxes; drivers of each tower, where it measured nothing synthetic days of the embedded world",
    )  # fmt: skip


def site_csv(answer: SiteAnswer, experiment: Experiment) -> str:
    """Return the days of a tower as a table; a tower with months alone has its months on their first days."""
    ds = site_dataset(answer, experiment)
    if "month" in ds.dims:
        months = ds[[name for name in ds.data_vars if "month" in ds[name].dims]].rename(month="time")
        ds = ds.drop_dims("month").merge(months, join="left")
    names = list(ds.data_vars)
    columns = ["date", *(f"{name} [{ds[name].attrs.get('units', '1')}]" for name in names)]
    dates = np.datetime_as_string(ds["time"].values.astype("datetime64[D]"))
    rows = zip(dates, *(np.asarray(ds[name].values, float) for name in names), strict=True)
    site = answer.site
    head = [f"L4C at tower {site.site}; columns with _a: parameters of A, with _obs: observed"]
    head += [f"{name}: {text}" for name, text in source_lines(site).items()]
    return table_text(rows, [*head, *head_lines(experiment, "see above")], columns)
