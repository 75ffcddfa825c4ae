"""What every page's card "Take away" is made of: files at once, a file that is prepared, and a way back in."""

import io
from collections.abc import Callable

import panel_material_ui as pmui

from explorer import export
from explorer.session import Session
from explorer.views.map import MapView
from models.experiment import Experiment
from models.regions import Region

__all__ = ["LARGEST_EXPERIMENT", "OpenExperiment", "PreparedNetcdf", "download", "map_picture"]

LARGEST_EXPERIMENT = 200_000
"""Bytes of an experiment's file."""

_SMALL = {"size": "small", "variant": "outlined", "margin": 4}


def download(label: str, name: str, make: Callable[[], bytes]) -> pmui.FileDownload:
    """Make a button that saves what ``make`` gives when it is pressed, as file ``name``."""
    return pmui.FileDownload(callback=lambda: io.BytesIO(make()), filename=name, label=label, **_SMALL)


class PreparedNetcdf:
    """A NetCDF (or Zarr) file that takes a while: a button that starts it, and one that saves what came of it.

    Parameters
    ----------
    session : Session
        Tells the visitor.
    name : str
        Name of the file.
    prepare : callable
        Starts the work; it ends with `offer`.
    description : str
        What the first button says when the pointer rests on it.
    form : str
        What the file is called.
    """

    def __init__(
        self, session: Session, name: str, prepare: Callable[[], None], description: str = "", form: str = "NetCDF"
    ):
        self._session = session
        self.data = b""
        self._form, self._label = form, f"{form} (.{name.partition('.')[2]}"
        self.prepare = pmui.Button(
            label=f"Prepare {form}", icon="build", description=description, on_click=lambda _event: prepare(), **_SMALL
        )
        self.save = download(f"{self._label})", name, lambda: self.data)
        self.save.disabled = True

    def offer(self, data: bytes) -> None:
        """Let the visitor save the file."""
        self.data = data
        self.save.param.update(label=f"{self._label}, {len(data) / 1e6:.1f} MB)", disabled=False)
        self._session.tell(f"The {self._form} file is ready; the button beside Prepare saves it.", "success")

    def forget(self) -> None:
        """Withdraw a file that belongs to another experiment or place."""
        if self.data:
            self.data = b""
            self.save.param.update(label=f"{self._label})", disabled=True)


class OpenExperiment:
    """A way back in: a saved experiment becomes experiment B of the page.

    Parameters
    ----------
    session : Session
        Tells the visitor what is wrong with a file.
    model : str
        What the page runs, as `Experiment.model` names it.
    take : callable
        Takes the experiment, or raises ValueError.
    """

    def __init__(self, session: Session, model: str, take: Callable[[Experiment], None]):
        self._session, self._model, self._take = session, model, take
        self.chosen = pmui.FileInput(
            label="Open an experiment (.toml)", accept=".toml", multiple=False, size="small", margin=4,
            description="A file saved here or printed by the command line; it becomes experiment B",
        )  # fmt: skip
        self.chosen.param.watch(lambda event: session.attempt(self.read, event.new), "value")

    def read(self, data: bytes | None) -> None:
        """Take an experiment from the bytes of a file; the checked reader says what is wrong with it.

        Raises
        ------
        ValueError
            If the file is too large, no experiment, or one of another page.
        """
        if not data:
            return
        if len(data) > LARGEST_EXPERIMENT:
            msg = f"The file has {len(data):,} bytes; an experiment has fewer than {LARGEST_EXPERIMENT:,}."
            raise ValueError(msg)
        experiment = Experiment.from_toml(data)
        if experiment.model != self._model:
            msg = f'The experiment is one of model = "{experiment.model}", and this page runs "{self._model}".'
            raise ValueError(msg)
        self._take(experiment)
        self.chosen.value = None  # so that the same file can be chosen again
        self._session.tell("The experiment is open as B.", "success")


def map_picture(view: MapView, region: Region, *, synthetic: bool = True) -> bytes:
    """Draw a page's map as a PNG of its own.

    Raises
    ------
    ValueError
        If the map has not been drawn yet.
    """
    if view.scale is None:
        msg = "The map is not drawn yet; wait a moment."
        raise ValueError(msg)
    box = None if region.whole else (region.west, region.south, region.east, region.north)
    return export.map_png(
        view.values, view.scale, view.table, projection=view.projection, title=view.caption, synthetic=synthetic,
        region=box,
    )  # fmt: skip
