"""An experiment as text: TOML, a URL query, the attributes of a saved file; and where a result came from."""

import json
import tomllib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any
from urllib.parse import parse_qsl, quote

__all__ = ["check_keys", "now", "parse_json", "parse_query", "parse_toml", "versions", "write_query"]

_LONGEST_FILE = 200_000  # characters; every parameter of every plant type takes 8,000
_LONGEST_QUERY = 16_000
_MOST_FIELDS = 400
PACKAGES = ("land-carbon-explorer", "numpy", "numba", "xarray")


def parse_toml(text: str | bytes) -> dict[str, Any]:
    """Parse an experiment file.

    Raises
    ------
    ValueError
        If it is too long, not UTF-8, not TOML, or nested beyond reason.
    """
    if len(text) > _LONGEST_FILE:
        msg = f"The experiment file has {len(text):,} characters; none needs more than {_LONGEST_FILE:,}."
        raise ValueError(msg)
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            msg = f"The experiment file is not text in UTF-8 (byte {error.start})."
            raise ValueError(msg) from error
    try:
        return tomllib.loads(text.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError as error:
        msg = f"The experiment file is not TOML: {str(error)[:200]}"
        raise ValueError(msg) from error
    except RecursionError as error:
        msg = "The experiment file nests its values too deeply."
        raise ValueError(msg) from error


def parse_json(text: Any) -> dict[str, Any]:
    """Parse the ``experiment`` attribute of a saved result; raise ``ValueError`` if it holds none."""
    if isinstance(text, str) and len(text) <= _LONGEST_FILE:
        try:
            fields = json.loads(text)
        except (json.JSONDecodeError, RecursionError) as error:
            msg = f"The attribute 'experiment' is not readable ({str(error)[:80]}); was the file changed?"
            raise ValueError(msg) from error
        if isinstance(fields, dict):
            return fields
    msg = "The attribute 'experiment' is missing or holds no experiment: the file was not saved by this program."
    raise ValueError(msg)


def parse_query(text: str) -> dict[str, str]:
    """Split a URL query into its fields; raise ``ValueError`` if it is too long or names a field twice."""
    text = text.removeprefix("?")
    if len(text) > _LONGEST_QUERY:
        msg = f"The address holds {len(text):,} characters of state; none needs more than {_LONGEST_QUERY:,}."
        raise ValueError(msg)
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
    except ValueError as error:
        msg = f"The address cannot be read: {str(error)[:100]}."
        raise ValueError(msg) from error
    fields = dict(pairs)
    if len(fields) != len(pairs):
        twice = next(name for name in fields if sum(name == other for other, _ in pairs) > 1)
        msg = f"The address names {twice[:40]!r} twice."
        raise ValueError(msg)
    return fields


def write_query(fields: Mapping[str, str]) -> str:
    """Join fields into a URL query; commas stay readable."""
    return "&".join(
        f"{quote(name, safe='.')}={quote(value, safe=',:.+-')}".replace("+", "%2B") for name, value in fields.items()
    )


def check_keys(where: str, fields: Any, accepted: Iterable[str]) -> None:
    """Raise ``ValueError`` if ``fields`` is no table or has a key that is not accepted."""
    if not isinstance(fields, Mapping):
        msg = f"{where} must be a table of settings, not {str(fields)[:40]!r}."
        raise ValueError(msg)
    for key in fields:
        if key not in accepted:
            msg = f"{where} has no setting {str(key)[:40]!r}; it accepts {', '.join(accepted)}."
            raise ValueError(msg)


def versions() -> str:
    """Return the packages that made a result, with their versions."""
    known = []
    for package in PACKAGES:
        try:
            known.append(f"{package} {version(package)}")
        except PackageNotFoundError:  # a source tree that was never installed has no version of its own
            known.append(f"{package} (not installed)")
    return ", ".join(known)


def now() -> str:
    """Return the time of day in UTC, to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
