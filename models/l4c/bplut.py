"""Biome property look-up tables: the published ones by name, a user's own without a byte changed.

The file is the mission's: 44 comma-separated columns, one row a plant functional type. Twenty columns are parameters
of `L4CParams`; the rest (input errors, quality ranks) ride along untouched.

Sources of the shipped tables: V7, SMAP_BPLUT_V7_rev_20220728; V5, SMAP_BPLUT_Vv5012_rev_20200731; V4, the table of
product version 4020, whose decay rates are absolute there and ratios here (0.4 and 0.0093 of the fast pool's) and
whose quality columns were never published. "V7-rounded" is V7 as other public readers round it (f_med to one decimal,
k_slow to three): steady-state SOC differs by 3 % (forests, crops), 12 % (grass), 16 % (shrub). V6 and V8 are not
public.
"""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from models.l4c.params import PFTS, RAMPS, L4CParams
from models.quantity import parameters_of

__all__ = ["BPLUTS", "COLUMNS", "BplutFile", "check_table", "check_values", "load_bplut", "pft_of"]

BPLUTS = ("V7", "V5", "V4", "V7-rounded")
"""Names of the shipped tables, the default first."""

COLUMNS = {
    "lue_max": "LUEmax",
    "tmin_low": "Tmin_min_K",
    "tmin_high": "Tmin_max_K",
    "vpd_low": "VPD_min_Pa",
    "vpd_high": "VPD_max_Pa",
    "smrz_low": "SMrz_min",
    "smrz_high": "SMrz_max",
    "ft_min": "FT_min",
    "ft_max": "FT_max",
    "f_aut": "fraut",
    "tsoil_beta": "Tsoil_beta0",
    "tsoil_beta1": "Tsoil_beta1",
    "tsoil_beta2": "Tsoil_beta2",
    "smsf_low": "SMtop_min",
    "smsf_high": "SMtop_max",
    "k_fast": "kopt",
    "k_med": "kstr",
    "k_slow": "kslw",
    "f_fast": "fmet",
    "f_med": "fstr",
}
"""Our name of a parameter -> the mission's column."""

LABEL = "LC_Label"
ALIASES = {"CCP": "CCR", "CRP": "CCR", "CRO": "CCR", "BCP": "BCR"}
_PARAMETERS = parameters_of(L4CParams)
_CELL = re.compile(r'\s*"(?:[^"]|"")*"\s*|[^,]*')
_LARGEST = 1_000_000  # bytes; the published files have 2 kB


def pft_of(label: str) -> str:
    """Return our name of a plant functional type; the mission's CCP and BCP are CCR and BCR here.

    Raises
    ------
    ValueError
        If no plant functional type is called so.
    """
    name = str(label).strip().strip('"').strip().upper()
    name = ALIASES.get(name, name)
    if name not in PFTS:
        msg = f"No plant functional type is called {str(label)[:40]!r}; there are {', '.join(PFTS)}."
        raise ValueError(msg)
    return name


def check_values(pft: str, values: Mapping[str, float]) -> None:
    """Raise ``ValueError`` at the first value that is no parameter of L4C, no number, or out of bounds."""
    for name, value in values.items():
        if name not in _PARAMETERS:
            msg = f"{pft} has no parameter {str(name)[:40]!r}; L4C has {', '.join(_PARAMETERS)}."
            raise ValueError(msg)
        if isinstance(value, bool):
            msg = f"{pft} {name} = {value!r} is not a number."
            raise ValueError(msg)
        _PARAMETERS[name].check(f"{pft} {name}", value)


def check_table(table: Mapping[str, L4CParams]) -> None:
    """Raise ``ValueError`` if a value lies out of bounds or a ramp's low limit is not below its high one."""
    for pft, params in table.items():
        for low, high in RAMPS.values():
            first, last = getattr(params, low), getattr(params, high)
            if first >= last:
                unit = _PARAMETERS[low].unit
                msg = f"{pft} {low} = {first:g} {unit} must be below {high} = {last:g} {unit}: are the two swapped?"
                raise ValueError(msg)
        check_values(pft, params._asdict())


@dataclass(frozen=True)
class BplutFile:
    """A table in the mission's format. Values may change; everything untouched survives byte for byte.

    Attributes
    ----------
    lines : tuple of str
        The file's lines, each with its own line end.
    """

    lines: tuple[str, ...]

    @classmethod
    def read(cls, source: str | bytes | Path) -> "BplutFile":
        """Read and check a table.

        Parameters
        ----------
        source : str, bytes or Path
            A path, or the text itself (text has a line break, a path has none).

        Raises
        ------
        FileNotFoundError
            If the path leads nowhere.
        ValueError
            If the text is no table: a column or a plant type is missing, a value is no number or out of bounds,
            ramp limits are swapped.
        """
        if isinstance(source, Path) or (isinstance(source, str) and "\n" not in source and "\r" not in source):
            path = Path(source)
            if not path.is_file():
                msg = f"No BPLUT file {str(source)!r}; a table of the mission's 44-column format is needed."
                raise FileNotFoundError(msg)
            if path.stat().st_size > _LARGEST:
                msg = f"{path.name} has {path.stat().st_size:,} bytes: no BPLUT file is larger than {_LARGEST:,}."
                raise ValueError(msg)
            source = path.read_bytes()
        if len(source) > _LARGEST:
            msg = f"The text has {len(source):,} characters: no BPLUT file is larger than {_LARGEST:,}."
            raise ValueError(msg)
        if isinstance(source, bytes):
            try:
                source = source.decode("utf-8")
            except UnicodeDecodeError as error:
                msg = f"The BPLUT file is not text in UTF-8 (byte {error.start}): save it as plain CSV."
                raise ValueError(msg) from error
        table = cls(tuple(re.split(r"(?<=\n)|(?<=\r)(?!\n)", source)))
        check_table(table.params())
        return table

    @classmethod
    def shipped(cls, version: str = "V7") -> "BplutFile":
        """Return a shipped table as its file; raise ``ValueError`` if none is named so."""
        if version not in BPLUTS:
            msg = f"No BPLUT is named {str(version)[:40]!r}; there are {', '.join(BPLUTS)}."
            raise ValueError(msg)
        return cls.read(Path(__file__).parent / "tables" / f"bplut_{version.lower().replace('-', '_')}.csv")

    def write(self, path: str | Path | None = None) -> str:
        """Return the text of the table, and save it to ``path`` if given."""
        text = "".join(self.lines)
        if path is not None:
            Path(path).write_bytes(text.encode("utf-8"))
        return text

    def params(self) -> dict[str, L4CParams]:
        """Return the parameters of each plant functional type, in the order of the product (not yet checked)."""
        header, rows = self._layout()
        table = {}
        for pft in PFTS:
            if pft not in rows:
                msg = f"The BPLUT has no row for {pft} (column {LABEL}); it has {', '.join(rows) or 'none'}."
                raise ValueError(msg)
            cells = _cells(self.lines[rows[pft]])
            table[pft] = L4CParams(*(_number(cells, header, pft, name) for name in L4CParams._fields))
        return table

    def cells(self, columns: Iterable[str]) -> dict[str, dict[str, float]]:
        """Return the numbers in other columns of the table: plant type -> column -> value.

        Raises
        ------
        ValueError
            If the table lacks a column, or holds no number there.
        """
        header, rows = self._layout()
        columns = list(columns)
        missing = [name for name in columns if name not in header]
        if missing:
            msg = f"The BPLUT lacks the column {missing[0]}; it has {', '.join(header)}."
            raise ValueError(msg)
        found: dict[str, dict[str, float]] = {}
        for pft in PFTS:
            texts = _cells(self.lines[rows[pft]])
            found[pft] = {name: _value_of(texts[header[name]], f"{pft} {name}") for name in columns}
        return found

    def with_values(self, pft: str, **values: float) -> "BplutFile":
        """Return the table with some values of one plant type changed; a value that stays keeps its digits."""
        pft = pft_of(pft)
        check_values(pft, values)
        header, rows = self._layout()
        line = self.lines[rows[pft]]
        cells = _cells(line)
        for name, value in values.items():
            if _number(cells, header, pft, name) != value:
                cells[header[COLUMNS[name]]] = repr(float(value)).removesuffix(".0")
        end = line[len(line.rstrip("\r\n")) :]
        changed = BplutFile((*self.lines[: rows[pft]], ",".join(cells) + end, *self.lines[rows[pft] + 1 :]))
        check_table(changed.params())
        return changed

    def with_table(self, table: Mapping[str, L4CParams]) -> "BplutFile":
        """Return the file holding the values of ``table``; unchanged values keep their digits."""
        changed = self
        now = self.params()
        for pft, params in table.items():
            new = {name: v for name, v in params._asdict().items() if v != getattr(now[pft], name)}
            # Both limits of a ramp move together, so that none is checked against the other's old value.
            changed = changed.with_values(pft, **new) if new else changed
        return changed

    def overrides(self, base: str = "V7") -> tuple[tuple[str, str, float], ...]:
        """Return what differs from a shipped table, as ``L4COptions.parameters`` takes it."""
        published, mine = load_bplut(base), self.params()
        return tuple(
            sorted(
                (pft, name, getattr(mine[pft], name))
                for pft in PFTS
                for name in L4CParams._fields
                if getattr(mine[pft], name) != getattr(published[pft], name)
            )
        )

    def _layout(self) -> tuple[dict[str, int], dict[str, int]]:
        """Find the columns by name and the rows by plant functional type; comments and blank lines are passed over.

        The mission's own files have their header in a comment.
        """
        header: dict[str, int] = {}
        rows: dict[str, int] = {}
        for number, line in enumerate(self.lines):
            comment = line.lstrip("\ufeff \t").startswith("#")
            if not line.strip() or (comment and (header or LABEL not in line)):
                continue
            cells = [cell.strip().strip('"').strip("\ufeff# ") for cell in _cells(line)]
            if not header:
                header = {name: place for place, name in enumerate(cells)}
                missing = [name for name in (LABEL, *COLUMNS.values()) if name not in header]
                if missing:
                    msg = (
                        f"The BPLUT lacks the column {missing[0]}; its first row must name {LABEL} and the parameters."
                    )
                    raise ValueError(msg)
                continue
            if len(cells) != len(header):
                msg = f"Row {number + 1} of the BPLUT has {len(cells)} values for {len(header)} columns."
                raise ValueError(msg)
            pft = pft_of(cells[header[LABEL]])
            if pft in rows:
                msg = f"The BPLUT has two rows for {pft}; keep one."
                raise ValueError(msg)
            rows[pft] = number
        if not header:
            msg = f"The BPLUT is empty; its first row must name {LABEL} and the parameters."
            raise ValueError(msg)
        return header, rows


def _cells(line: str) -> list[str]:
    """Split a row at its commas, quotes and blanks left as they stand."""
    text = line.rstrip("\r\n")
    cells, place = [], 0
    while True:
        match = _CELL.match(text, place)
        end = match.end()
        if end < len(text) and text[end] != ",":
            end = text.find(",", end) if "," in text[end:] else len(text)
        cells.append(text[place:end])
        if end >= len(text):
            return cells
        place = end + 1


def _number(cells: list[str], header: Mapping[str, int], pft: str, name: str) -> float:
    """Read one parameter of a row."""
    return _value_of(cells[header[COLUMNS[name]]], f"{pft} {COLUMNS[name]} ({name})")


def _value_of(cell: str, what: str) -> float:
    """Read a number as it stands between two commas."""
    text = cell.strip().strip('"')
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        msg = f"{what} is {text[:40]!r}, not a number."
        raise ValueError(msg)
    return value


@lru_cache(maxsize=len(BPLUTS))
def _shipped(version: str) -> Mapping[str, L4CParams]:
    """Read a shipped table once."""
    return MappingProxyType(BplutFile.shipped(version).params())


def load_bplut(version: str = "V7") -> dict[str, L4CParams]:
    """Return a published table: plant functional type -> parameters, never rounded unless the name says so.

    Parameters
    ----------
    version : str
        "V7" (2022), "V5" (2020), "V4", or "V7-rounded" (V7 as other public readers round it).

    Raises
    ------
    ValueError
        If no table is named so.

    Examples
    --------
    >>> load_bplut()["SHR"].f_med, load_bplut("V7-rounded")["SHR"].f_med
    (0.35, 0.4)
    """
    if version not in BPLUTS:
        msg = f"No BPLUT is named {str(version)[:40]!r}; there are {', '.join(BPLUTS)}."
        raise ValueError(msg)
    return dict(_shipped(version))
