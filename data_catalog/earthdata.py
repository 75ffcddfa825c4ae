"""NASA Earthdata: search granules for a region and a period, and fetch them with the user's own login.

The package ``earthaccess`` (extra ``earthdata``) asks the catalog of NASA and signs in; the bytes are fetched here, so
that a fetch that was ended goes on where it stopped. The search needs no login.
"""

import re
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from models.kernel import Cancelled
from models.regions import region_of_box

__all__ = ["COLLECTIONS", "LOGIN_HOW", "Collection", "Found", "Granule", "edges_of", "fetch", "search", "sign_in"]

CHUNK = 1 << 20
"""Bytes that are fetched between two looks at whether to go on."""

PART = ".part"
"""Ending of a file that is not whole yet."""

TIMEOUT = (15, 60)
"""Seconds to connect, and between two packets."""

MB = 1024 * 1024
DATA_FILES = (".h5", ".hdf5", ".nc", ".nc4", ".hdf", ".he5", ".tif", ".tiff", ".zip")

PACKAGE_HOW = (
    "NASA Earthdata is reached by the package earthaccess, which is not installed: pip install 'earthaccess>=0.12'."
)
NETWORK_HOW = "NASA Earthdata can't be reached; is this machine on the network?"
LOGIN_HOW = (
    "There is no Earthdata login: put a line `machine urs.earthdata.nasa.gov login NAME password PASSWORD` into the "
    "file .netrc of your home, or set EARTHDATA_TOKEN; an account is free at urs.earthdata.nasa.gov."
)


@dataclass(frozen=True)
class Collection:
    """A collection of NASA's that a reader of the catalog opens.

    Attributes
    ----------
    short_name, version : str
        As NASA lists it.
    product : str
        The dataset of `data_catalog.CATALOG` that its files become.
    title : str
        What it is.
    """

    short_name: str
    version: str
    product: str
    title: str


COLLECTIONS = {
    one.short_name: one
    for one in (
        Collection("SPL3SMP", "009", "spl3smp", "SMAP L3 soil moisture, 36 km, daily"),
        Collection("SPL3SMP_E", "006", "spl3smp-e", "SMAP L3 enhanced soil moisture, 9 km, daily"),
        Collection("SPL2SMP", "009", "spl2smp", "SMAP L2 soil moisture, 36 km, half orbits"),
        Collection("SPL4SMGP", "008", "spl4smgp", "SMAP L4 soil moisture and weather, 9 km, 3-hourly"),
        Collection("SPL4SMAU", "008", "spl4smau", "SMAP L4 analysis update, 9 km, 3-hourly"),
        Collection("SPL4SMLM", "008", "spl4smlm", "SMAP L4 land model constants, 9 km"),
        Collection("SPL4CMDL", "008", "spl4cmdl", "SMAP L4 carbon, 9 km, daily"),
        Collection("SPL3FTP", "004", "spl3ftp", "SMAP L3 freeze/thaw, 36 km, daily"),
        Collection("MCD15A3H", "061", "modis-lai", "MODIS fPAR and LAI, 500 m, 4-daily"),
        Collection("MOD15A2H", "061", "modis-lai", "MODIS Terra fPAR and LAI, 500 m, 8-daily"),
        Collection("VNP15A2H", "002", "modis-lai", "VIIRS fPAR and LAI, 500 m, 8-daily"),
        Collection("MCD12Q1", "061", "mcd12q1", "MODIS land cover, 500 m, yearly"),
        Collection("MOD13A2", "061", "modis-vi", "MODIS vegetation indices, 1 km, 16-daily"),
        Collection("M2T1NXSLV", "5.12.4", "merra2", "MERRA-2 single levels, hourly"),
        Collection("M2T1NXFLX", "5.12.4", "merra2", "MERRA-2 surface fluxes, hourly"),
        Collection("M2T1NXRAD", "5.12.4", "merra2", "MERRA-2 radiation, hourly"),
        Collection("M2T1NXLND", "5.12.4", "merra2", "MERRA-2 land, hourly"),
        Collection("GLDAS_NOAH025_3H", "2.1", "gldas", "GLDAS-2.1 Noah, 0.25 degree, 3-hourly"),
        Collection("GPM_3IMERGHH", "07", "imerg", "GPM IMERG precipitation, 0.1 degree, half-hourly"),
    )
}
"""What the catalog reads of what NASA distributes, in the versions of 2026; any other short name may be given too."""


@dataclass(frozen=True)
class Granule:
    """One file that can be fetched.

    Attributes
    ----------
    name : str
        Of the file.
    link : str
        Where it lies.
    size : int
        Bytes, as NASA's catalog has it; 0 if it does not say.
    """

    name: str
    link: str
    size: int


@dataclass(frozen=True)
class Found:
    """What a search found.

    Attributes
    ----------
    short_name : str
        Of the collection.
    granules : tuple of Granule
        In the order of their names.
    """

    short_name: str
    granules: tuple[Granule, ...]

    @property
    def size(self) -> int:
        """Bytes of all, as far as they are known."""
        return sum(granule.size for granule in self.granules)

    @property
    def words(self) -> str:
        """Number and size, as people say them."""
        many = len(self.granules)
        if not many:
            return f"{self.short_name}: nothing was found for this region and period."
        unknown = sum(not granule.size for granule in self.granules)
        gigabytes = self.size / 2**30
        size = f"{gigabytes:,.1f} GB" if gigabytes >= 1 else f"{self.size / MB:,.0f} MB"
        note = f" and {unknown:,} of unknown size" if unknown else ""
        return f"{self.short_name}: {many:,} file{'s' if many > 1 else ''}, {size}{note}."


def _package() -> Any:
    """Return the package earthaccess, or raise ``ImportError`` that says how to get it."""
    try:
        import earthaccess
    except ImportError as error:
        raise ImportError(PACKAGE_HOW) from error
    return earthaccess


def _day(text: str, name: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        msg = f"{name} = {text[:40]!r} is no day; write it as 2015-04-01."
        raise ValueError(msg) from error


def search(
    short_name: str,
    first: str,
    last: str,
    box: tuple[float, float, float, float] | None = None,
    *,
    version: str | None = None,
    most: int = 10_000,
) -> Found:
    """Ask NASA's catalog what it has; nothing is fetched.

    Parameters
    ----------
    short_name : str
        Of `COLLECTIONS`, or any other of NASA's.
    first, last : str
        Days, ISO.
    box : west, south, east, north, optional
        Degrees; the whole Earth if not given.
    version : str, optional
        That of `COLLECTIONS` if not given; "" takes every version.
    most : int
        Granules from which on a search is refused as too wide.

    Raises
    ------
    ImportError
        The package earthaccess is not installed.
    ValueError
        A day, the box or the name is none that is accepted, or too much was found.
    ConnectionError
        NASA's catalog can't be reached, or refuses.
    """
    if not re.fullmatch(r"[A-Za-z0-9_.-]{2,60}", short_name):
        msg = f"short_name = {short_name[:60]!r} is not accepted; it is a name as {', '.join(list(COLLECTIONS)[:4])}."
        raise ValueError(msg)
    first, last = _day(first, "first"), _day(last, "last")
    if first > last:
        msg = f"The period ends ({last}) before it begins ({first})."
        raise ValueError(msg)
    wanted: dict[str, Any] = {"short_name": short_name, "temporal": (first, last)}
    if version is None:
        version = COLLECTIONS[short_name].version if short_name in COLLECTIONS else ""
    if version:
        wanted["version"] = version
    if box is not None:
        wanted["bounding_box"] = _checked(box)
    earthaccess = _package()
    try:
        answers = earthaccess.search_data(count=most, **wanted)
    except (OSError, RuntimeError) as error:  # requests' errors are OSErrors; a refusal is a RuntimeError
        msg = f"{NETWORK_HOW} ({_short(error)})"
        raise ConnectionError(msg) from error
    if len(answers) >= most:
        msg = f"{short_name} has {most:,} granules or more in this region and period; take a shorter period."
        raise ValueError(msg)
    granules = [granule for answer in answers if (granule := _granule(answer)) is not None]
    return Found(short_name, tuple(sorted(granules, key=lambda granule: granule.name)))


def edges_of(text: str | None) -> tuple[float, float, float, float] | None:
    """Read "west,south,east,north" [degrees]; nothing is the whole Earth."""
    if not (text or "").strip():
        return None
    box = region_of_box(text)
    return box.west, box.south, box.east, box.north


def _checked(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    west, south, east, north = map(float, box)
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        msg = (
            f"box = {west:g}, {south:g}, {east:g}, {north:g} is not accepted; give west, south, east, north in "
            "degrees, west < east within [-180, 180], south < north within [-90, 90]."
        )
        raise ValueError(msg)
    return west, south, east, north


def _granule(answer: Any) -> Granule | None:
    """Return a granule's data file; None where it has no link over https."""
    links = [link for link in answer.data_links(access="external") if urlsplit(link).scheme == "https"]
    link = next((link for link in links if urlsplit(link).path.lower().endswith(DATA_FILES)), None)
    if link is None:
        return None
    return Granule(_file_name(link), link, round(float(answer.get("size", 0.0)) * MB))


def _file_name(link: str) -> str:
    """Return the name of the file behind a link in signs that lead nowhere else."""
    last = unquote(urlsplit(link).path).replace("\\", "/").rsplit("/", 1)[-1]
    return re.sub(r"[^A-Za-z0-9._+-]", "_", last).lstrip(".")[-150:] or "granule"


def _short(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:160]


def sign_in() -> Any:
    """Sign in with the login that the user has set up, and return the session that fetches.

    Raises
    ------
    ImportError
        The package earthaccess is not installed.
    PermissionError
        There is no login, or NASA refuses it.
    ConnectionError
        NASA can't be reached.
    """
    earthaccess = _package()
    from earthaccess.exceptions import LoginAttemptFailure, LoginStrategyUnavailable

    for strategy in ("environment", "netrc"):
        try:
            if earthaccess.login(strategy=strategy).authenticated:
                return earthaccess.get_requests_https_session()
        except LoginStrategyUnavailable:
            continue  # that way is not set up; the next may be
        except LoginAttemptFailure as error:
            msg = f"NASA Earthdata refuses the login: {_short(error)}"
            raise PermissionError(msg) from error
        except OSError as error:
            msg = f"{NETWORK_HOW} ({_short(error)})"
            raise ConnectionError(msg) from error
    raise PermissionError(LOGIN_HOW)


def fetch(
    granules: Iterable[Granule],
    folder: str | Path,
    *,
    session: Any = None,
    progress: Callable[[float, str], None] = lambda share, name: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> list[Path]:
    """Fetch files into a folder; what is there already stays, and a file that was ended goes on where it stopped.

    Parameters
    ----------
    granules : iterable of Granule
        Of `search`.
    folder : path
        Made if it is not there.
    session : optional
        Of `sign_in`, which is called if none is given.
    progress : callable
        Told the share of all bytes that is done, and the file at work.
    cancelled : callable
        Asked between megabytes.

    Returns
    -------
    list of Path
        The files, all of them whole.

    Raises
    ------
    PermissionError, ConnectionError
        See `sign_in`; or a file is refused, as for an agreement that was not accepted.
    OSError
        The disk is full, or the folder can't be written.
    models.kernel.Cancelled
        The user ended it; the next call goes on.
    """
    granules, folder = list(granules), Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    missing = [granule for granule in granules if not (folder / granule.name).exists()]
    need = sum(max(0, granule.size - _held(folder / f"{granule.name}{PART}")) for granule in missing)
    free = shutil.disk_usage(folder).free
    if need > free:
        msg = f"The files need {need / MB:,.0f} MB more; {folder.name} has {free / MB:,.0f} MB left."
        raise OSError(msg)
    if missing and session is None:
        session = sign_in()
    whole = max(1, sum(granule.size for granule in granules))
    done = sum(granule.size for granule in granules) - sum(granule.size for granule in missing)
    for granule in missing:

        def told(held: int, done: int = done, name: str = granule.name) -> None:
            progress(min(1.0, (done + held) / whole), name)

        _fetch_one(session, granule, folder / granule.name, told, cancelled)
        done += granule.size
        progress(min(1.0, done / whole), granule.name)
    return [folder / granule.name for granule in granules]


def _held(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _fetch_one(
    session: Any, granule: Granule, path: Path, told: Callable[[int], None], cancelled: Callable[[], bool]
) -> None:
    """Fetch one file; it has its name when it is whole."""
    part = path.with_name(path.name + PART)
    held = _held(part)
    ask = {"Range": f"bytes={held}-"} if held else {}
    try:
        with session.get(granule.link, stream=True, timeout=TIMEOUT, headers=ask) as answer:
            if answer.status_code == 416:  # nothing is left to send
                part.replace(path)
                return
            if answer.status_code in (401, 403):
                msg = (
                    f"{granule.name} is refused ({answer.status_code}): sign in at urs.earthdata.nasa.gov with your "
                    "login, and accept the agreement of the collection's archive there."
                )
                raise PermissionError(msg)
            if answer.status_code >= 400:
                msg = f"{granule.name} can't be fetched: the archive answers {answer.status_code}; try again later."
                raise ConnectionError(msg)
            goes_on = answer.status_code == 206
            held = held if goes_on else 0
            length = 0 if "Content-Encoding" in answer.headers else int(answer.headers.get("Content-Length", 0))
            whole = held + length
            with part.open("ab" if goes_on else "wb") as file:
                for chunk in answer.iter_content(chunk_size=CHUNK):
                    if cancelled():
                        raise Cancelled
                    held += file.write(chunk)
                    told(held)
            if length and held < whole:
                msg = f"{granule.name} broke off after {held / MB:,.1f} MB; fetch again, it goes on from there."
                raise ConnectionError(msg)
    except OSError as error:
        if isinstance(error, (PermissionError, ConnectionError)) or error.errno is not None:
            raise
        msg = f"{granule.name} broke off: {_short(error)}; fetch again, it goes on from there."
        raise ConnectionError(msg) from error
    part.replace(path)
