"""A visitor's event loop: threads bring their results to it, and what goes wrong there is said on screen."""

import logging
from collections.abc import Callable
from functools import partial

import panel as pn
import param
from panel.io.document import unlocked
from panel.io.state import set_curdoc

__all__ = ["OnLoop", "describe"]

LOG = logging.getLogger(__name__)


class OnLoop(param.Parameterized):
    """What belongs to one document of the server, on whose event loop its models may be changed.

    A subclass sets ``problems``, what is to be told when the page is shown.
    """

    loaded = param.Boolean(default=False, doc="Whether the browser shows the page; plots wait for it.")

    def listen(self, tell: Callable[[str, str], None] | None = None) -> None:
        """Belong to the document that is being made; ``tell`` takes messages in place of the screen."""
        self.document = pn.state.curdoc
        self.closed = False
        self._tell = tell
        self._held: list[Callable[[], None]] = []

    def post(self, call: Callable[[], None]) -> None:
        """Bring a call to this session's event loop; before the page is loaded it waits."""
        if self.closed:
            return
        if self.document is None or self.document.session_context is None:
            call()
        else:
            self.document.add_next_tick_callback(partial(self._enter, call))

    def _enter(self, call: Callable[[], None]) -> None:
        """Run a posted call with this session's document as the current one."""
        if self.closed:
            return
        if not self.loaded:
            self._held.append(call)
            return
        with set_curdoc(self.document), unlocked():
            try:
                call()
            except Exception as error:  # nobody stands above an event loop's callback but the visitor
                LOG.exception("A callback failed.")
                self.tell(describe(error), "error")

    def load(self) -> None:
        """Start: the browser shows the page."""
        self.loaded = True
        held, self._held = self._held, []
        for call in held:
            self.post(call)
        for problem in self.problems:
            self.tell(f"From the address: {problem}", "warning")
        self.problems = []

    def attempt(self, call: Callable, *arguments: object) -> None:
        """Call something that a visitor's file may make fail, and say so; Panel's file input keeps errors to itself."""
        try:
            call(*arguments)
        except Exception as error:  # the visitor is the only one who can hear of it
            LOG.info("A visitor's file was refused.", exc_info=error)
            self.tell(describe(error), "error")

    def tell(self, text: str, kind: str = "info") -> None:
        """Show a message; errors stay until they are closed."""
        if self._tell is not None:
            self._tell(text, kind)
        elif pn.state.notifications is not None:
            notify = getattr(pn.state.notifications, kind)
            notify(text, duration=0 if kind == "error" else 8000)
        else:
            LOG.info("%s: %s", kind, text)


def describe(error: Exception) -> str:
    """Say what went wrong and what to do next."""
    text = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    if isinstance(error, (ValueError, KeyError, FileNotFoundError)) and text:
        return text
    return (
        f"{type(error).__name__}: {text or 'no message'}. Undo the last change, or reload the page; the log has more."
    )
