"""Pages, one a file; the order is the order on screen."""

from explorer.pages.assimilation import AssimilationPage
from explorer.pages.benchmarks import BenchmarksPage
from explorer.pages.carbon import CarbonPage
from explorer.pages.data import DataPage
from explorer.pages.land import LandPage
from explorer.pages.sensitivity import SensitivityPage
from explorer.pages.towers import TowersPage

__all__ = ["PAGES"]

PAGES = (CarbonPage, TowersPage, SensitivityPage, BenchmarksPage, LandPage, AssimilationPage, DataPage)
