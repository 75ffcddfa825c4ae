"""The left side of the page Benchmarks: that of the page Carbon, without a cell."""

import panel as pn
import panel_material_ui as pmui

from explorer.benchmarks.paper import Place, address_of
from explorer.pages.carbon_controls import CarbonControls

__all__ = ["BenchmarkControls"]


class BenchmarkControls(CarbonControls):
    """Parameters, switches, options and region of A and B; a link takes them to the page Carbon."""

    def _options(self) -> None:
        super()._options()
        self.place_groups.pop(0)  # no cell is selected here
        self.carbon = pmui.Button(
            label="Open A and B on the page Carbon", icon="eco", size="small", variant="outlined", margin=(4, 8),
            description="Maps, series and equations of the same experiments",
        )  # fmt: skip
        self.note = pn.pane.HTML(
            "<div style='font-size:12px;opacity:.8'>Move a parameter: model, difference and agreement follow. An "
            "address of the page Carbon opens its experiments here when <code>carbon</code> is replaced by "
            "<code>benchmarks</code>.</div>",
            sizing_mode="stretch_width",
            margin=(4, 10),
        )

    @property
    def objects(self) -> list:
        """Everything, in its order from top to bottom."""
        return [*super().objects, self.carbon, self.note]

    def show(self, *_events) -> None:
        """Set every widget to the session's state."""
        super().show()
        self.carbon.href = address_of(Place("", "carbon", ""), self.session.a, self.session.b)
