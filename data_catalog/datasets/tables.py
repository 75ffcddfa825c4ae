"""Open text tables that strangers made: bounded in size, in memory, with one clear sentence when they are broken."""

import gzip
import io
import stat
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

__all__ = ["LONGEST_LINE", "MAX_BYTES", "MAX_RATIO", "MAX_UPLOADED", "Table", "TableFile", "open_tables"]

MAX_BYTES = 1_500_000_000
"""Largest text we unpack: 25 years of half hours in 300 columns are 0.8 GB."""

MAX_UPLOADED = 300_000_000
"""Largest text that an upload may unpack to: visitors share the memory of the server."""

MAX_RATIO = 200
"""Largest compression we believe: real tables, all fill values, reach about 60."""

LONGEST_LINE = 1_000_000
"""Characters of a line beyond which a text is no table."""

MAX_MEMBERS = 20_000
"""Most members of an archive: a network of soil moisture packs thousands of sensors."""


@dataclass(frozen=True)
class TableFile:
    """One table that could be read: its name, and how many bytes it says it holds."""

    name: str
    size: int
    _source: "Table"

    def data(self) -> bytes:
        """Return the whole table without a byte-order mark; lines end in LF or CR LF."""
        return _checked(self._source.read(self.name), PurePosixPath(self.name).name)

    def text(self) -> str:
        """Return the whole table as text; lines end in LF."""
        data = self.data()
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            text = data.decode("latin-1")  # names of people in old headers; numbers are ASCII
        return text.replace("\r\n", "\n")


class Table:
    """A CSV, a gzipped CSV or a zip of CSVs. Nothing is ever written to disk.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ValueError
        The archive is damaged, a member's name leaves the archive, or it would unpack beyond `MAX_BYTES`.
    """

    def __init__(self, source: str | Path | bytes, name: str = "", max_bytes: int = MAX_BYTES):
        self.max_bytes = max_bytes
        if isinstance(source, bytes):
            self.name, self._data = PurePosixPath(name.replace("\\", "/")).name or "upload.csv", source
        else:
            path = Path(source)
            if not path.is_file():
                msg = f"There is no file {path}."
                raise FileNotFoundError(msg)
            self.name, self._data = path.name, None
            if path.stat().st_size > max_bytes:
                msg = f"{self.name} holds {path.stat().st_size:,} bytes; at most {max_bytes:,} are read."
                raise ValueError(msg)
            self._path = path
        self._zip = None
        head = self._raw(4)
        if head.startswith(b"PK") or self.name.lower().endswith(".zip"):
            self._zip = self._open_zip()
        self._gzip = head.startswith(b"\x1f\x8b")

    def _raw(self, size: int = -1) -> bytes:
        if self._data is not None:
            return self._data if size < 0 else self._data[:size]
        with self._path.open("rb") as stream:
            return stream.read(size)

    def _open_zip(self) -> zipfile.ZipFile:
        try:
            archive = zipfile.ZipFile(io.BytesIO(self._data) if self._data is not None else self._path)
        except (zipfile.BadZipFile, NotImplementedError, UnicodeDecodeError, OSError) as error:
            msg = f"{self.name} is not a whole zip archive ({error}): it was cut off or damaged. Fetch it again."
            raise ValueError(msg) from error
        members = archive.infolist()
        if len(members) > MAX_MEMBERS:
            msg = f"{self.name} has {len(members)} members; at most {MAX_MEMBERS} are read."
            raise ValueError(msg)
        for member in members:
            self._check_member(member)
        return archive

    def _check_member(self, member: zipfile.ZipInfo) -> None:
        name = member.filename.replace("\\", "/")
        if name.startswith("/") or ".." in name.split("/") or ":" in name or stat.S_ISLNK(member.external_attr >> 16):
            msg = f"{self.name}: member {member.filename!r} points outside the archive. Pack the plain files alone."
            raise ValueError(msg)
        if member.flag_bits & 1:
            msg = f"{self.name}: member {member.filename!r} is encrypted. Unpack it, then open the CSV."
            raise ValueError(msg)
        if member.file_size > self.max_bytes:
            msg = (
                f"{self.name}: member {member.filename!r} would unpack to {member.file_size:,} bytes; "
                f"at most {self.max_bytes:,} are read."
            )
            raise ValueError(msg)
        if member.file_size > 1_000_000 and member.file_size > MAX_RATIO * max(member.compress_size, 1):
            msg = (
                f"{self.name}: member {member.filename!r} unpacks {member.file_size // max(member.compress_size, 1)}"
                f"-fold; a table of numbers unpacks at most {MAX_RATIO}-fold. This is no tower archive."
            )
            raise ValueError(msg)

    def members(self) -> list[zipfile.ZipInfo]:
        """List the members of a zip without its folders; none for another file."""
        return [member for member in self._zip.infolist() if not member.is_dir()] if self._zip is not None else []

    def files(self) -> list[TableFile]:
        """List the tables inside: the CSV members of a zip, or the file itself."""
        if self._zip is None:
            name = self.name[:-3] if self._gzip and self.name.lower().endswith(".gz") else self.name
            size = len(self._data) if self._data is not None else self._path.stat().st_size
            return [TableFile(name, size, self)]
        return [
            TableFile(member.filename, member.file_size, self)
            for member in self.members()
            if PurePosixPath(member.filename).suffix.lower() in {".csv", ".txt"}
        ]

    def read(self, name: str) -> bytes:
        """Return the bytes of the table ``name``, unpacked."""
        try:
            if self._zip is not None:
                with self._zip.open(name) as stream:
                    return self._bounded(stream, name)
            if self._gzip:
                with gzip.GzipFile(fileobj=io.BytesIO(self._raw())) as stream:
                    return self._bounded(stream, name)
            return self._raw()
        except (EOFError, zipfile.BadZipFile, zlib.error, gzip.BadGzipFile, NotImplementedError) as error:
            msg = f"{self.name}: {name} cannot be unpacked ({error}): it was cut off or damaged. Fetch it again."
            raise ValueError(msg) from error

    def _bounded(self, stream, name: str) -> bytes:
        data = stream.read(self.max_bytes + 1)
        if len(data) > self.max_bytes:
            msg = f"{self.name}: {name} unpacks to more than {self.max_bytes:,} bytes; that is the most we read."
            raise ValueError(msg)
        return data


def _check_lines(data: bytes, name: str) -> None:
    """Raise ``ValueError`` if a line is longer than `LONGEST_LINE`, before anything parses it."""
    start = 0
    while len(data) - start > LONGEST_LINE:
        stop = start + LONGEST_LINE + 1
        end = max(data.rfind(b"\n", start, stop), data.rfind(b"\r", start, stop))
        if end < 0:
            msg = f"{name}: from byte {start:,} a line is longer than {LONGEST_LINE:,} characters; this is no table."
            raise ValueError(msg)
        start = end + 1


def _checked(data: bytes, name: str) -> bytes:
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        msg = f"{name} is text in UTF-16; save it as plain CSV (UTF-8 or ASCII)."
        raise ValueError(msg)
    if b"\x00" in data[:4096]:
        msg = f"{name} is not a text table (it starts with {data[:8]!r}); a CSV is expected."
        raise ValueError(msg)
    data = data.removeprefix(b"\xef\xbb\xbf")
    _check_lines(data, name)
    if b"\r" in data[:1_000_000] and b"\n" not in data[:1_000_000]:
        return data.replace(b"\r", b"\n")  # the line ends of old Macintosh programs
    return data


def open_tables(source: str | Path | bytes, name: str = "", max_bytes: int | None = None) -> list[TableFile]:
    """List the tables that ``source`` holds.

    Parameters
    ----------
    source : path or bytes
        A CSV, ``.csv.gz`` or zip; bytes when it came as an upload, then ``name`` is its file name.
    max_bytes : int, optional
        Most that a table may unpack to; `MAX_BYTES`, or `MAX_UPLOADED` for an upload.
    """
    if max_bytes is None:
        max_bytes = MAX_UPLOADED if isinstance(source, bytes) else MAX_BYTES
    return Table(source, name, max_bytes).files()
