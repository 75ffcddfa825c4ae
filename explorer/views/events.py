"""Between plots and pages: writing into a plot that is on screen, and telling a page what a pointer did."""

from collections.abc import Callable
from functools import partial

import panel as pn
from bokeh.model import Model
from panel.io.state import set_curdoc

__all__ = ["Listeners", "push"]


def push(model: Model, write: Callable[[], None]) -> None:
    """Run ``write``, which changes Bokeh models, when the document that holds ``model`` may be changed.

    Parameters
    ----------
    model : bokeh Model
        Any model of the plot.
    write : callable
        Sets properties of models of that document. It runs at once outside a server or when the document is free,
        else at the next turn of the session's event loop.
    """
    document = model.document
    if document is None or document.session_context is None:
        write()
        return

    def dispatch() -> None:
        with pn.io.unlocked():
            write()

    with set_curdoc(document):
        pn.state.execute(dispatch)


class Listeners:
    """Functions or coroutines that want to hear of one kind of event."""

    def __init__(self):
        self._callbacks: list[Callable] = []

    def add(self, callback: Callable) -> None:
        """Call ``callback`` at every event."""
        self._callbacks.append(callback)

    def tell(self, *values) -> None:
        """Call everyone; what they raise goes to the page's own handler of exceptions."""
        for callback in self._callbacks:
            pn.state.execute(partial(callback, *values))
