"""The address of the page Data: what is looked at, and by what the list is filtered.

``?item=FR-Hes&variable=gpp&kind=tower&tab=places``: nothing of it is free text that a page would show unescaped; what
is not accepted is left out and reported.
"""

import re
from dataclasses import dataclass, fields, replace

from explorer.address import write_selection
from models.experiment import Experiment
from models.provenance import parse_query, write_query

__all__ = ["TABS", "DataSelection", "read_data", "write_data"]

TABS = ("places", "files", "map", "products", "stack", "scores", "get", "worlds")

_WORD = r"[A-Za-z0-9_.-]{0,40}"
_DAY = r"(\d{4}(-\d{2}(-\d{2})?)?)?"
_PATTERNS = {
    "item": (_WORD, "the name of a tower or the number of a file, as the page writes it"),
    "variable": (r"[a-z0-9_]{0,40}", "a name of models.variables"),
    "layer": (r"\d{0,3}", "the number of a layer"),
    "site": (_WORD, "the name of a site"),
    "kind": (_WORD, "a kind of data, as tower"),
    "product": (_WORD, "a name of the catalog, as fluxnet"),
    "measures": (r"[a-z0-9_]{0,40}", "a name of models.variables"),
    "after": (_DAY, "a year, month or day, as 2010 or 2010-06-30"),
    "before": (_DAY, "a year, month or day, as 2010 or 2010-06-30"),
    "time": (r"mean|[0-9T:-]{0,20}", "a time as the page writes it, or mean"),
    "grid": (r"36km|108km|9km", "36km, 108km or 9km"),
    "values": (r"good|all", "good or all"),
    "beside": (r"world|difference", "world or difference"),
    "cell": (r"(-?\d{1,2}(\.\d{1,4})?,-?\d{1,3}(\.\d{1,4})?)?", "latitude,longitude in degrees, as 48.5,7.1"),
    "search": (r"[\w .,()/+-]{0,60}", "letters, digits, spaces and . , ( ) / + -"),
}


@dataclass(frozen=True)
class DataSelection:
    """What a visitor looks at.

    Attributes
    ----------
    tab : str
        One of `TABS`.
    item : str
        Key of a dataset, see `explorer.data.library.Item`; "" is the first.
    variable, layer, site : str
        What is drawn of it; empty is the first.
    kind, product, measures : str
        Filters of the list: kind of data, product, variable it holds; empty lets all pass.
    after, before : str
        Filter: it holds days from ``after`` or from before ``before``.
    search : str
        Filter: words in its name, title or site.
    time, grid, values, beside, cell : str
        Of the map: its time ("" is the first, "mean" of all), its cells, whether only "good" values are drawn or
        "all", what stands beside it, and the place whose series is shown, "latitude,longitude".

    Raises
    ------
    ValueError
        If a field is not what it accepts.
    """

    tab: str = "places"
    item: str = ""
    variable: str = ""
    layer: str = ""
    site: str = ""
    kind: str = ""
    product: str = ""
    measures: str = ""
    after: str = ""
    before: str = ""
    search: str = ""
    time: str = ""
    grid: str = "36km"
    values: str = "good"
    beside: str = "world"
    cell: str = ""

    def __post_init__(self):
        if self.tab not in TABS:
            msg = f"tab = {str(self.tab)[:40]!r} is not accepted; it may be {', '.join(TABS)}."
            raise ValueError(msg)
        for name, (pattern, accepted) in _PATTERNS.items():
            value = getattr(self, name)
            if not re.fullmatch(pattern, value):
                msg = f"{name} = {value[:40]!r} is not accepted; give {accepted}."
                raise ValueError(msg)


_KEYS = {field.name: field.name for field in fields(DataSelection)}


def write_data(selection: DataSelection) -> str:
    """Return the query that reopens this state; what has its default is left out."""
    return write_query(write_selection(selection, DataSelection(), _KEYS))


def read_data(text: str) -> tuple[Experiment, Experiment, DataSelection, list[str]]:
    """Read what is looked at, and what the address holds that is not accepted.

    Returns
    -------
    a, b : Experiment
        The published model, which the driver stack and the scores run.
    selection : DataSelection
    problems : list of str
    """
    plain = Experiment()
    try:
        query = parse_query(text)
    except ValueError as error:
        return plain, plain, DataSelection(), [str(error)]
    selection, problems = DataSelection(), []
    for name, value in query.items():
        try:
            if name not in _KEYS:
                msg = f"{name[:40]!r} is nothing that this page knows; it knows {', '.join(_KEYS)}."
                raise ValueError(msg)
            selection = replace(selection, **{name: value})
        except ValueError as error:
            problems.append(str(error))
    return plain, plain, selection, problems
