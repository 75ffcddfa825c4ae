"""One run as a row of a page's table: what it is, its numbers, and for a pinned one the way back."""

import html
from collections.abc import Sequence

import panel as pn
import panel_material_ui as pmui

__all__ = ["run_row"]

MOST_CHANGES = 4
"""Changes that a row spells out; the rest are counted."""


def run_row(session, name: str, changes: Sequence[str], plain: str, where: str, cells: Sequence[str], pin=None):
    """Lay one run out.

    Parameters
    ----------
    session : explorer.session.Session
        Reopens or removes a pinned run.
    name : str
        "A", "B", or the number of a pinned run.
    changes : sequence of str
        How the run differs from its baseline.
    plain : str
        What to say if it does not.
    where : str
        Region or place, grid, size.
    cells : sequence of str
        The run's numbers, as HTML.
    pin : Pin, optional
        The pinned run; without it the row has no buttons.
    """
    more = len(changes) - MOST_CHANGES
    what = "; ".join(changes[:MOST_CHANGES]) + (f"; and {more} more" if more > 0 else "") or plain
    text = pn.pane.HTML(
        f"<div style='font-size:13px'><b>{html.escape(name)}</b> · {html.escape(what)} "
        f"<span style='opacity:.7'>({html.escape(where)})</span><br>{' '.join(cells)}</div>",
        sizing_mode="stretch_width",
        margin=(4, 12),
    )
    if pin is None:
        return text
    return pmui.Row(
        text,
        pmui.IconButton(
            icon="replay", size="small", label=f"Reopen run {name}", description="Edit this run again",
            on_click=lambda _event: session.reopen(pin),
        ),
        pmui.IconButton(
            icon="delete", size="small", label=f"Remove run {name}", description="Remove from the table",
            on_click=lambda _event: session.remove(pin),
        ),
        sizing_mode="stretch_width",
        margin=0,
    )  # fmt: skip
