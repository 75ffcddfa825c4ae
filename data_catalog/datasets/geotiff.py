"""Read GeoTIFF with tifffile: values, and where the pixels lie, for the projections of the products that are read."""

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from data_catalog.grid import unproject

__all__ = ["SPHERE", "GeoTiff", "read_geotiff", "sinusoidal", "tags_of", "write_geotiff"]

SPHERE = 6371007.181
"""Radius [m] of the sphere of MODIS's sinusoidal projection."""

MOST_PIXELS = 400_000_000
_SCALE, _TIE, _KEYS, _NODATA, _GDAL = 33550, 33922, 34735, 42113, 42112


@dataclass(frozen=True)
class GeoTiff:
    """A raster and its place.

    Attributes
    ----------
    values : (band, row, column) array
        As stored.
    x, y : arrays
        Centres of the columns and rows, in the file's coordinates.
    projection : str
        "geographic", "sinusoidal", "ease2" (cylindrical equal-area) or "unknown".
    fill : float or None
        Value that stands for nothing.
    metadata : str
        The XML of GDAL, "" without.
    """

    values: np.ndarray
    x: np.ndarray
    y: np.ndarray
    projection: str
    fill: float | None
    metadata: str

    def lat_lon(self) -> tuple[np.ndarray, np.ndarray]:
        """Return latitude and longitude of each pixel [degrees], (row, column).

        Raises
        ------
        ValueError
            The projection is not one of those that are read.
        """
        x, y = np.meshgrid(self.x, self.y)
        if self.projection == "geographic":
            return y, x
        if self.projection == "sinusoidal":
            return sinusoidal(x, y)
        if self.projection == "ease2":
            return unproject(x, y)
        msg = "The GeoTIFF is in a projection that is not read: geographic (EPSG:4326), EPSG:6933 and sinusoidal are."
        raise ValueError(msg)


def sinusoidal(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return latitude and longitude [degrees] of MODIS's sinusoidal coordinates [m]; NaN off the globe."""
    latitude = np.asarray(y, np.float64) / SPHERE
    with np.errstate(divide="ignore", invalid="ignore"):
        longitude = np.asarray(x, np.float64) / (SPHERE * np.cos(latitude))
    off = (np.abs(latitude) > np.pi / 2) | ~(np.abs(longitude) <= np.pi)
    return np.where(off, np.nan, np.degrees(latitude)), np.where(off, np.nan, np.degrees(longitude))


def tags_of(path: Path) -> dict:
    """Return what the tags of a TIFF say, without its pixels: shape, type, tags by number.

    Raises
    ------
    ImportError
        tifffile is not there.
    ValueError
        The file is damaged.
    """
    try:
        import tifffile
    except ImportError as error:
        msg = f"{path.name} is a GeoTIFF: python -m pip install 'land-carbon-explorer[geotiff]'."
        raise ImportError(msg) from error
    # What it finds wrong is said by us, in one line.
    logging.getLogger("tifffile").setLevel(logging.CRITICAL)
    try:
        with tifffile.TiffFile(path) as tiff:
            page = tiff.pages[0]
            tags = {tag.code: tag.value for tag in page.tags.values()}
            about = {"shape": page.shape, "dtype": page.dtype, "bands": page.samplesperpixel, "tags": tags}
            return about | {"planar": int(page.planarconfig), "compression": int(page.compression)}
    except (tifffile.TiffFileError, OSError, ValueError, IndexError, KeyError, TypeError) as error:
        msg = f"{path.name} cannot be read as TIFF; is it truncated or damaged? ({str(error)[:120]})"
        raise ValueError(msg) from error


def read_geotiff(path: str | Path) -> GeoTiff:
    """Read a GeoTIFF whole.

    Raises
    ------
    FileNotFoundError
        There is none.
    ImportError
        A package is missing for its kind of compression.
    ValueError
        It is damaged, too large (`MOST_PIXELS`), or says not where it lies.
    """
    path = Path(path)
    if not path.exists():
        msg = f"There is no file {path.name}; a GeoTIFF is expected."
        raise FileNotFoundError(msg)
    about = tags_of(path)
    pixels = int(np.prod(about["shape"], dtype=np.int64))
    if pixels > MOST_PIXELS:
        msg = f"{path.name} has {pixels:,} values; up to {MOST_PIXELS:,} are read: cut out a region first."
        raise ValueError(msg)
    tags = about["tags"]
    if _SCALE not in tags or _TIE not in tags:
        msg = f"{path.name} is a TIFF that does not say where it lies (no ModelPixelScale and ModelTiepoint)."
        raise ValueError(msg)
    values = _pixels(path, about)
    if values.ndim == 2:
        values = values[None]
    elif about["planar"] == 1:
        values = np.moveaxis(values, -1, 0)
    rows, columns = values.shape[1:]
    try:
        step, tie = (np.asarray(tags[tag], np.float64) for tag in (_SCALE, _TIE))
        half = 0.0 if _is_point(tags) else 0.5
        x = tie[3] + (np.arange(columns) + half - tie[0]) * step[0]
        y = tie[4] - (np.arange(rows) + half - tie[1]) * step[1]
        projection = _projection(tags)
    except (ValueError, TypeError, IndexError) as error:
        msg = f"{path.name} says in no way that is understood where it lies; is it damaged? ({str(error)[:80]})"
        raise ValueError(msg) from error
    nodata = str(tags.get(_NODATA, "")).strip("\x00 ")
    try:
        fill = float(nodata) if nodata else None
    except ValueError as error:
        msg = f"{path.name} says that {nodata[:20]!r} stands for nothing, which is no number; is it damaged?"
        raise ValueError(msg) from error
    return GeoTiff(values, x, y, projection, fill, str(tags.get(_GDAL, "")))


def _pixels(path: Path, about: dict) -> np.ndarray:
    import tifffile

    try:
        return tifffile.imread(path, key=0)
    except ValueError as error:
        # tifffile leaves LZW to a large package; Pillow, which is here in any case, can do one band.
        if "imagecodecs" not in str(error) or about["bands"] != 1:
            msg = f"{path.name} cannot be read: {str(error)[:160]}"
            raise (ImportError if "imagecodecs" in str(error) else ValueError)(msg) from error
    except (tifffile.TiffFileError, OSError, IndexError, KeyError, RuntimeError) as error:
        msg = f"{path.name} cannot be read as TIFF; is it truncated or damaged? ({str(error)[:120]})"
        raise ValueError(msg) from error
    try:
        with Image.open(path) as image:
            return np.asarray(image)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        msg = f"{path.name} cannot be read as TIFF; is it truncated or damaged? ({str(error)[:120]})"
        raise ValueError(msg) from error


def _geokeys(tags: dict) -> dict[int, int]:
    keys = tags.get(_KEYS, ())
    return {int(keys[k]): int(keys[k + 3]) for k in range(4, len(keys) - 3, 4) if keys[k + 1] == 0}


def _is_point(tags: dict) -> bool:
    """Whether a tie point is the centre of a pixel (GTRasterTypeGeoKey = 2)."""
    return _geokeys(tags).get(1025) == 2


def _projection(tags: dict) -> str:
    keys = _geokeys(tags)
    if keys.get(1024) == 2:
        return "geographic"
    if keys.get(3072) == 6933 or keys.get(3075) == 28:
        return "ease2"
    doubles = tags.get(34736, ())
    # GDAL writes MODIS's sinusoidal as a user-defined system on the sphere, with method 24 or only its text.
    text = str(tags.get(34737, "")).lower()
    if keys.get(3075) == 24 or "sinusoidal" in text or any(abs(float(d) - SPHERE) < 0.01 for d in doubles):
        return "sinusoidal"
    return "unknown"


def write_geotiff(
    path: str | Path,
    bands: np.ndarray,
    corner: tuple[float, float],
    step: float,
    *,
    projection: str,
    fill: float,
    metadata: str = "",
) -> None:
    """Write a GeoTIFF, for examples: pixels interleaved by band, without compression.

    Parameters
    ----------
    bands : (band, row, column) array
        Values.
    corner : (float, float)
        x and y of the upper left corner.
    step : float
        Size of a pixel.
    projection : str
        "geographic", "sinusoidal" or "ease2".
    """
    import tifffile

    if projection == "geographic":
        keys: tuple[int, ...] = (1, 1, 0, 3, 1024, 0, 1, 2, 1025, 0, 1, 1, 2048, 0, 1, 4326)
    elif projection == "ease2":
        keys = (1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, 6933)
    else:
        keys = (1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3075, 0, 1, 24)
    tags = [
        (_SCALE, "d", 3, (step, step, 0.0), True),
        (_TIE, "d", 6, (0.0, 0.0, 0.0, *corner, 0.0), True),
        (_KEYS, "H", len(keys), keys, True),
        (_NODATA, "s", 0, f"{fill:g}", True),
    ]
    if projection == "sinusoidal":
        tags.append((34736, "d", 2, (SPHERE, SPHERE), True))
    if metadata:
        tags.append((_GDAL, "s", 0, metadata, True))
    planar = "separate" if bands.shape[0] > 1 else None
    tifffile.imwrite(
        path,
        bands if bands.shape[0] > 1 else bands[0],
        photometric="minisblack",
        planarconfig=planar,
        extratags=tags,
        metadata=None,
    )
