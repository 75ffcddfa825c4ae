"""The left side of the page Benchmarks: that of the page Carbon, without a cell."""

from explorer.pages.carbon_controls import CarbonControls

__all__ = ["BenchmarkControls"]


class BenchmarkControls(CarbonControls):
    """Parameters, switches, options and region of A and B."""

    def _options(self) -> None:
        super()._options()
        self.place_groups.pop(0)  # no cell is selected here
