"""How B differs from A, and the buttons that reset, undo, promote and swap: the same on every page."""

import html
from collections.abc import Callable

import panel as pn
import panel_material_ui as pmui

from explorer.session import Session

__all__ = ["Compare"]

MOST = 6
"""Differences that are listed."""

IDLE = "<b>Move a slider</b>: experiment B follows at once and is compared with the baseline A."


class Compare:
    """Words and buttons on one session.

    Parameters
    ----------
    session : Session
        Whose A and B are compared.
    changes : callable
        ``changes(a, b)`` lists the differences in words.
    idle : str
        HTML that is shown while there are none.
    """

    def __init__(self, session: Session, changes: Callable, idle: str = IDLE):
        self.session = session
        self._idle = idle
        self._changes = changes
        self.changed = pn.pane.HTML("", sizing_mode="stretch_width", margin=(8, 8, 2, 8))

        def button(label: str, icon: str, help_: str, act) -> pmui.Button:
            return pmui.Button(
                label=label, icon=icon, size="small", variant="outlined", description=help_, margin=2,
                on_click=lambda _event: act(),
            )  # fmt: skip

        self.reset = button("Reset", "restart_alt", "Reset: put everything in B back to A's", session.reset)
        self.undo = button("Undo", "undo", "Undo: take the last edit back", session.undo)
        self.promote = button("B → A", "flag", "B → A: make B the new baseline A", session.promote)
        self.swap = button("Swap", "swap_horiz", "Swap: exchange A and B", session.swap)
        self.buttons = pmui.Row(
            self.reset, self.undo, self.promote, self.swap, margin=(0, 6), sizing_mode="stretch_width"
        )

    @property
    def objects(self) -> list:
        """Words, then buttons."""
        return [self.changed, self.buttons]

    def show(self) -> None:
        """Say how B differs from A."""
        words = self._changes(self.session.a, self.session.b)
        if words:
            items = "".join(f"<li>{html.escape(word)}</li>" for word in words[:MOST])
            more = f"<li>and {len(words) - MOST} more</li>" if len(words) > MOST else ""
            text = f"<b>B differs from A</b><ul style='margin:2px 0 0 0;padding-left:18px'>{items}{more}</ul>"
        else:
            text = self._idle
        shown = f"<div role='status' style='font-size:12.5px'>{text}</div>"
        if self.changed.object != shown:
            self.changed.object = shown
