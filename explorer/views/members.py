"""Every member of one state variable through time, in the days around an update."""

import numpy as np
import panel as pn
from bokeh.models import ColumnDataSource, DatetimeTickFormatter, Span

from explorer.style import A_COLOUR, B_COLOUR, MARK_COLOUR
from explorer.views.events import push
from explorer.views.frame import axis_text, frame, legend, reach, set_range

__all__ = ["MembersView"]

AROUND = np.timedelta64(12, "D")
"""Days shown before and after the update."""


class MembersView:
    """Spaghetti: a thin line a member, open loop and analysis.

    Parameters
    ----------
    height : int
        Of the plot [pixels].
    """

    def __init__(self, *, height: int = 330):
        fig = self.figure = frame(
            height=height, x_axis_type="datetime", tools="xpan,xwheel_zoom,xbox_zoom", name="members"
        )
        fig.xaxis.formatter = DatetimeTickFormatter(days="%d %b", months="%b %Y", years="%Y", hours="%d %b %H:%M")
        self.before = ColumnDataSource({"x": [], "y": []})
        self.after = ColumnDataSource({"x": [], "y": []})
        a = fig.line("x", "y", source=self.before, color=A_COLOUR, alpha=0.45, line_width=0.8)
        b = fig.line("x", "y", source=self.after, color=B_COLOUR, alpha=0.75, line_width=0.9)
        legend(fig, [("open loop, each member", [a]), ("analysis, each member", [b])])
        self._now = Span(location=0, dimension="height", line_color=MARK_COLOUR, visible=False)
        fig.add_layout(self._now)
        self.pane = pn.pane.Bokeh(fig, sizing_mode="stretch_width", height=height, margin=0)

    def update(
        self,
        time: np.ndarray | None,
        open_loop: np.ndarray | None = None,
        analysis: np.ndarray | None = None,
        name: str = "",
        unit: str = "",
        when: np.datetime64 | None = None,
    ) -> None:
        """Show members around a moment.

        Parameters
        ----------
        time : (time,) datetime64 array or None
            None shows nothing.
        open_loop, analysis : (time, member) array
            Every member, in ``unit``.
        when : datetime64, optional
            The moment; without it all is shown, every day once.
        """
        nothing = {"x": [], "y": []}
        if time is None or not len(time):
            push(self.figure, lambda: (self.before.update(data=nothing), self.after.update(data=nothing)))
            return
        time = np.asarray(time).astype("datetime64[ms]")
        if when is None:
            chosen = np.arange(0, time.size, max(1, time.size // 365))
        else:
            chosen = np.flatnonzero(np.abs(time - np.datetime64(when, "ms")) <= AROUND)
        shown = time[chosen]
        columns = [_strands(shown, values[chosen]) for values in (open_loop, analysis)]
        ends = tuple(shown.astype(np.int64)[[0, -1]].astype(float)) if shown.size else (0.0, 1.0)
        values = reach(open_loop[chosen], analysis[chosen], least=1e-4)

        def write() -> None:
            self.before.data, self.after.data = columns
            set_range(self.figure.x_range, ends)
            set_range(self.figure.y_range, values)
            self._now.visible = when is not None
            if when is not None:
                self._now.location = float(np.datetime64(when, "ms").astype(np.int64))
            self.figure.yaxis.axis_label = axis_text(name, unit)

        push(self.figure, write)


def _strands(time: np.ndarray, values: np.ndarray) -> dict[str, np.ndarray]:
    """Lay members one after another in one line, with a gap between them."""
    members = values.shape[1]
    x = np.tile(np.append(time, time[-1:]), members)
    y = np.vstack([values, np.full((1, members), np.nan)]).T.ravel().astype(np.float32)
    return {"x": x, "y": y}
