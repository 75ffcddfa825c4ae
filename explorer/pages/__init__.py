"""Pages, one a file; the order is the order on screen."""

from explorer.pages.carbon import CarbonPage

__all__ = ["PAGES"]

PAGES = (CarbonPage,)
