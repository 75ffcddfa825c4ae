"""A table whose rows can be chosen, by pointer or keyboard, and whose columns can be sorted."""

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import panel as pn
import param

__all__ = ["Row", "RowsView"]

_CSS = """
:host{display:block;width:100%}
.rows{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:12px;font-variant-numeric:tabular-nums}
th,td{padding:5px 6px;text-align:left;border-bottom:1px solid rgba(128,128,128,.22);vertical-align:top}
th{font-weight:600;white-space:nowrap;cursor:pointer;user-select:none;opacity:.8}
th[aria-sort=ascending]::after{content:' ▲';font-size:9px}
th[aria-sort=descending]::after{content:' ▼';font-size:9px}
td.n{white-space:nowrap}
td:first-child{overflow-wrap:anywhere;min-width:120px}
td small{display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:2;overflow:hidden;opacity:.75}
td small.bad{color:#c2410c;opacity:1;-webkit-line-clamp:4}
tbody tr{cursor:pointer}
tbody tr:hover,tbody tr:focus{background:rgba(128,128,128,.12);outline:none}
tbody tr[aria-selected=true]{background:rgba(47,143,208,.18)}
td.none{cursor:default;opacity:.75}
"""

_ESM = """
export function render({ model, el }) {
  const box = document.createElement('div')
  box.className = 'rows'
  const draw = () => { box.innerHTML = model.content }
  const act = (event) => {
    if (event.type === 'keydown' && event.key !== 'Enter') return
    const head = event.target.closest('th[data-key]')
    if (head) { model.sorted_by = head.dataset.key + ' ' + Date.now(); return }
    const row = event.target.closest('tr[data-key]')
    if (row) model.chosen = row.dataset.key + ' ' + Date.now()
  }
  box.addEventListener('click', act)
  box.addEventListener('keydown', act)
  model.on('content', draw)
  draw()
  el.appendChild(box)
}
"""


@dataclass(frozen=True)
class Row:
    """One row: its key, its cells, what stands small below the first, and a warning there.

    Everything is plain text; the table escapes it.
    """

    key: str
    cells: tuple[str, ...]
    note: str = ""
    warning: str = ""


class RowsTable(pn.custom.JSComponent):
    """The table in the browser; what it says comes back with a number behind it, so that it may be said twice."""

    content = param.String(default="")
    chosen = param.String(default="")
    sorted_by = param.String(default="")

    _esm = _ESM
    _stylesheets: ClassVar[list[str]] = [_CSS]


class RowsView:
    """Rows under headings.

    Parameters
    ----------
    columns : sequence of str
        Headings; the first column takes the notes.
    label : str
        For those who listen.
    """

    def __init__(self, columns: Sequence[str], label: str):
        self.columns, self.label = tuple(columns), label
        self.pane = RowsTable(sizing_mode="stretch_width", margin=(4, 10))

    def on_choose(self, callback) -> None:
        """Call ``callback(key)`` when a row is chosen."""
        self.pane.param.watch(lambda event: callback(event.new.split(" ")[0]), "chosen")

    def on_sort(self, callback) -> None:
        """Call ``callback(column)`` when a heading is clicked; ``column`` counts from 0."""
        self.pane.param.watch(lambda event: callback(int(event.new.split(" ")[0])), "sorted_by")

    def update(
        self, rows: Sequence[Row], *, selected: str = "", order: tuple[int, bool] | None = None, empty: str = ""
    ) -> None:
        """Show other rows.

        Parameters
        ----------
        rows : sequence of Row
        selected : str
            Key of the row that is marked.
        order : (int, bool), optional
            Column by which they are sorted, and whether it falls.
        empty : str
            What is said when there are none.
        """
        heads = []
        for k, name in enumerate(self.columns):
            sort = ""
            if order is not None and order[0] == k:
                sort = f' aria-sort="{"descending" if order[1] else "ascending"}"'
            heads.append(f'<th scope="col" tabindex="0" data-key="{k}"{sort}>{html.escape(name)}</th>')
        body = "".join(self._row(row, row.key == selected) for row in rows)
        if not rows:
            body = f'<tr><td class="none" colspan="{len(self.columns)}">{html.escape(empty)}</td></tr>'
        self.pane.content = (
            f'<table aria-label="{html.escape(self.label)}"><thead><tr>{"".join(heads)}</tr></thead>'
            f"<tbody>{body}</tbody></table>"
        )

    def _row(self, row: Row, selected: bool) -> str:
        cells = []
        for k, cell in enumerate(row.cells):
            text = html.escape(cell)
            if k == 0:
                text = f"<b>{text}</b>"
                if row.note:
                    text += f'<small title="{html.escape(row.note, quote=True)}">{html.escape(row.note)}</small>'
                if row.warning:
                    text += f'<small class="bad">{html.escape(row.warning)}</small>'
            cells.append(f"<td{'' if k == 0 else ' class=n'}>{text}</td>")
        return (
            f'<tr data-key="{html.escape(row.key, quote=True)}" tabindex="0" '
            f'aria-selected="{"true" if selected else "false"}">{"".join(cells)}</tr>'
        )
