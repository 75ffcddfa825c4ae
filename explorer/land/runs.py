"""Runs of the land surface model as the page asks for them: no widgets, shared between visitors, cancellable.

A place is anything with ``forcing`` (weather and properties of one column, as `models.land.planning.plan_columns` takes
them) and ``key`` (hashable, tells places apart): `explorer.land.place.Place`. Experiments travel as `LandChoices`.

- ``run_place(place, choices, progress, cancelled) -> PlaceRun``: one column; its days, hours, balances, spin-up.
- ``run_both(place, a, b, progress, cancelled) -> (PlaceRun, PlaceRun)``: A and B; equal choices are run once.
- ``estimate(region, grid, choices) -> Estimate``: size and time of a region before it runs, in words.
- ``run_region(region, grid, choices, progress=, cancelled=, partial=) -> RegionRun``: every cell of a region.
- ``texture_surface(place, choices, variable, progress, cancelled) -> TextureSurface``: over sand and clay.

Equal runs give one object while it is kept; what is kept is bounded in bytes. ``progress`` is told the share done,
``cancelled`` is asked now and then and ends the run with `models.kernel.Cancelled`.
"""

from collections.abc import Callable

from explorer.land.place import PlaceRun, run_at
from explorer.land.regions import Estimate, RegionRun, estimate, run_region
from explorer.land.texture import SURFACES, TextureSurface, texture_surface
from models.l4c.cache import ByteCache
from models.land.options import LandChoices

__all__ = [
    "PLACES",
    "SURFACES",
    "Estimate",
    "RegionRun",
    "TextureSurface",
    "estimate",
    "run_both",
    "run_place",
    "run_region",
    "texture_surface",
]

KEPT_BYTES = 160 * 2**20
"""Bytes of runs at places that are kept: a year of hours at one place has 2.6 MB."""

PLACES = ByteCache(KEPT_BYTES)
"""Runs at places of this process."""


def run_place(
    place, choices: LandChoices, progress: Callable[[float], None], cancelled: Callable[[], bool]
) -> PlaceRun:
    """Run one column, or return the run of whoever asked for the same a while ago.

    Raises
    ------
    ValueError, FloatingPointError, models.kernel.Cancelled
        See `explorer.land.place.run_at`.
    """

    def weight(run: PlaceRun) -> int:
        return run.days.nbytes + run.hours.nbytes + run.weather.nbytes

    made = PLACES.get((place.key, choices), lambda: run_at(place, choices, progress, cancelled), weight)
    progress(1.0)
    return made


def run_both(
    place, a: LandChoices, b: LandChoices, progress: Callable[[float], None], cancelled: Callable[[], bool]
) -> tuple[PlaceRun, PlaceRun]:
    """Run A and B at a place; see `run_place`."""
    first = run_place(place, a, lambda share: progress(share / 2.0), cancelled)
    return first, run_place(place, b, lambda share: progress(0.5 + share / 2.0), cancelled)
