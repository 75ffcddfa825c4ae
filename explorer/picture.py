"""A map as a picture file, drawn on the server through the same look-up table as the one on screen."""

import unicodedata

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from explorer.style import LEVELS, MARK_COLOUR, Scale, number
from explorer.views.earth import box_outline, coast_lines, graticule
from explorer.views.lookup import CellTable, aggregate
from explorer.views.projection import PROJECTIONS

__all__ = ["draw_map"]

INK, SOFT, LINE, COAST = (30, 30, 30), (105, 105, 105), (205, 205, 205), (107, 119, 133)
# The built-in font has no superscripts and no typographic minus.
_PLAIN = str.maketrans({"⁻": "-", "−": "-", "–": "-", "·": ",", **dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789", strict=True))})


def draw_map(
    values: np.ndarray,
    scale: Scale,
    table: CellTable,
    *,
    projection: str,
    title: str,
    synthetic: bool,
    width: int,
    region: tuple[float, float, float, float] | None,
) -> Image.Image:
    """Draw a map with its colour bar; parameters as in `explorer.export.map_png`."""
    plane = PROJECTIONS[projection]
    extent = left, right, bottom, top = plane.extent
    size = max(12, width // 80)
    border = 3 * size
    across = width - 2 * border
    down = round(across / plane.aspect)
    head, foot = (4 * size if title else 2 * size), 8 * size
    picture = Image.new("RGB", (width, head + down + foot), "white")
    fine = table.fineness(plane, extent, across)
    cells = table.pixels(plane, extent, across * fine, down * fine)
    levels = scale.levels(aggregate(values, cells, extent, across, down))[::-1]
    colours = np.array([_rgb(colour) for colour in scale.palette] + [(255, 255, 255)], dtype=np.uint8)
    picture.paste(Image.fromarray(colours[np.minimum(levels, LEVELS)]), (border, head))
    draw = ImageDraw.Draw(picture)
    small, large = ImageFont.load_default(size), ImageFont.load_default(round(1.3 * size))

    def lines(columns: dict[str, np.ndarray], colour: object, thickness: int) -> None:
        x = border + (np.asarray(columns["x"], dtype=float) - left) / (right - left) * across
        y = head + (top - np.asarray(columns["y"], dtype=float)) / (top - bottom) * down
        good = np.isfinite(x) & np.isfinite(y) & (y >= head - 1) & (y <= head + down + 1)
        # Lines end at a NaN, or where they leave the picture.
        for piece in np.split(np.arange(x.size), np.flatnonzero(np.diff(good)) + 1):
            if piece.size > 1 and good[piece[0]]:
                draw.line(list(zip(x[piece], y[piece], strict=True)), fill=colour, width=thickness)

    grid, rim, words = graticule(plane)
    lines(grid, LINE, 1)
    lines(rim, SOFT, max(1, size // 12))
    lines(coast_lines(projection, extent), COAST, max(1, size // 16))
    if region is not None:
        lines(box_outline(plane, *region), MARK_COLOUR, max(2, size // 8))
    for x, y, text, align, dy in zip(*(words[name] for name in ("x", "y", "text", "align", "dy")), strict=True):
        place = (
            border + (x - left) / (right - left) * across,
            head + (top - y) / (top - bottom) * down + dy * size / 10,
        )
        draw.text(place, text, fill=SOFT, font=small, anchor={"right": "rm", "left": "lm", "center": "mm"}[align])
    if title:
        draw.text(
            (border, 2 * size), _fitted(title.translate(_PLAIN), large, across), fill=INK, font=large, anchor="lm"
        )
    _colour_bar(picture, draw, scale, (border, head + down + 4 * size, across, size), small, synthetic=synthetic)
    return picture


def _colour_bar(
    picture: Image.Image,
    draw: ImageDraw.ImageDraw,
    scale: Scale,
    place: tuple[int, int, int, int],
    font: ImageFont.FreeTypeFont,
    *,
    synthetic: bool,
) -> None:
    """Draw the colour bar with its numbers, and above it what is shown, in which unit."""
    x, y, across, down = place
    strip = np.array([_rgb(colour) for colour in scale.palette], dtype=np.uint8)[None]
    picture.paste(Image.fromarray(strip).resize((across, down), Image.Resampling.NEAREST), (x, y))
    unit = f" [{scale.unit}]" if scale.unit else ""
    label = f"{scale.title}{unit}" + (", synthetic weather, real climate" if synthetic else "")
    draw.text((x, y - down // 2), label.translate(_PLAIN), fill=INK, font=font, anchor="lb")
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        text = number(scale.low + share * (scale.high - scale.low)).translate(_PLAIN)
        anchor = "la" if share == 0.0 else "ra" if share == 1.0 else "ma"
        draw.text((x + share * across, y + 1.3 * down), text, fill=INK, font=font, anchor=anchor)


def _rgb(colour: str) -> tuple[int, int, int]:
    """Return red, green and blue of "#rrggbb"."""
    return tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))


def _fitted(text: str, font: ImageFont.FreeTypeFont, width: float) -> str:
    """Return the text in the letters that the built-in font has, shortened until it fits."""
    text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(text + "...") > width:
        text = text[:-1]
    return text + "..."
