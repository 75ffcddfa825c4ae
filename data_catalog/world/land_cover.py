"""From IGBP classes to the eight plant functional types of L4C: the crosswalk, and the assumptions it needs."""

import numpy as np

__all__ = ["ASSUMPTIONS", "IGBP", "KOPPEN", "pft_fraction"]

IGBP = (
    "evergreen needleleaf forest", "evergreen broadleaf forest", "deciduous needleleaf forest",
    "deciduous broadleaf forest", "mixed forest", "closed shrubland", "open shrubland", "woody savanna", "savanna",
    "grassland", "permanent wetland", "cropland", "urban", "cropland and natural mosaic", "snow and ice", "barren",
)  # fmt: skip
"""Names of the IGBP classes 1 to 16."""

KOPPEN = (
    "Af", "Am", "As", "Aw", "BSh", "BSk", "BWh", "BWk", "Cfa", "Cfb", "Cfc", "Csa", "Csb", "Csc", "Cwa", "Cwb", "Cwc",
    "Dfa", "Dfb", "Dfc", "Dfd", "Dsa", "Dsb", "Dsc", "Dsd", "Dwa", "Dwb", "Dwc", "Dwd", "EF", "ET",
)  # fmt: skip
"""Koeppen-Geiger classes in the order of the index ``koppen``."""

ENF, EBF, DNF, DBF, SHR, GRS, CCR, BCR = range(8)

# Trees of a class that does not name them, where the cell has no forest of a named kind: shares by climate.
TREES = {
    "Af": {EBF: 1.0}, "Am": {EBF: 1.0}, "As": {DBF: 1.0}, "Aw": {DBF: 1.0}, "B": {DBF: 1.0},
    "Cs": {EBF: 0.5, ENF: 0.5}, "Cf": {DBF: 0.5, ENF: 0.5}, "Cw": {EBF: 0.5, DBF: 0.5},
    "Da": {DBF: 0.6, ENF: 0.4}, "Db": {DBF: 0.6, ENF: 0.4}, "Dc": {ENF: 0.8, DBF: 0.2}, "Dd": {DNF: 1.0},
    "E": {ENF: 1.0},
}  # fmt: skip
WOODY_SAVANNA_TREES, SAVANNA_TREES = 0.45, 0.20  # middle of the classes' canopy cover, 30-60 % and 10-30 %
MOSAIC_CROPS = 0.5  # middle of the class's 40-60 % cultivation
CEREALS = {"A": 0.5, "B": 0.7, "C": 0.6, "D": 0.7, "E": 0.8}
YENISEI, PACIFIC = 90.0, 170.0  # degrees east; between them larch is the tree of the taiga
NAMED_FOREST = 0.05  # share of the land from which on a cell's own forests tell what its other trees are

ASSUMPTIONS = (
    "PFT fractions follow the crosswalk of MCD12Q1 type 1 (IGBP) to type 5 for the classes that have one: forests "
    "1-4; shrublands to SHR; grassland and permanent wetland to GRS; urban, ice and barren land carry no PFT. "
    "Assumed: the trees of mixed forest and savannas are of the kinds of the cell's own named forests where these "
    "cover 5 % of its land, else by Koeppen class (Af, Am: EBF; As, Aw, B: DBF; Cs: EBF and ENF; Cf: DBF and ENF; Cw: "
    "EBF and DBF; Da, Db: 60 % DBF, 40 % ENF; Dc: 80 % ENF, 20 % DBF, between 90 and 170 E 80 % DNF, 20 % ENF; Dd: "
    "DNF; E: ENF); woody savanna is 45 % trees, savanna 20 %, the rest GRS, in Dc, Dd and E climates SHR; a cropland "
    "mosaic is half crops, the other half trees and grass alike; crops are cereal (CCR) by 50 % in A, 70 % in B and "
    "D, 60 % in C, 80 % in E climates, else broadleaf (BCR)."
)


def _climate_trees(koppen, longitude):
    """Return the shares of ENF, EBF, DNF, DBF that the climate class suggests: (cell, 4)."""
    shares = np.zeros((len(KOPPEN), 4))
    for index, name in enumerate(KOPPEN):
        keys = (name, name[:2], name[0] + name[-1], name[0])
        for pft, share in TREES[next(key for key in keys if key in TREES)].items():
            shares[index, pft] = share
    cold = np.array([name[0] == "D" and name[-1] == "c" for name in KOPPEN])[koppen]
    larch = cold & (longitude > YENISEI) & (longitude < PACIFIC)
    return np.where(larch[:, None], [0.2, 0.0, 0.8, 0.0], shares[koppen])


def pft_fraction(igbp_fraction, koppen, longitude):
    """Return the fractions of a cell's land under the eight plant functional types.

    Parameters
    ----------
    igbp_fraction : (cell, 16) array
        Fraction of the land under IGBP classes 1 to 16.
    koppen : (cell,) array of int
        Index into `KOPPEN`.
    longitude : (cell,) array
        Degrees east.

    Returns
    -------
    (cell, 8) array of float32
        ENF, EBF, DNF, DBF, SHR, GRS, CCR, BCR; the sum is 1 less urban, ice and barren land.
    """
    igbp = np.asarray(igbp_fraction, dtype=np.float64).T
    koppen = np.asarray(koppen)
    named = igbp[:4].T
    amount = named.sum(axis=1, keepdims=True)
    trees = np.where(
        amount >= NAMED_FOREST, named / np.maximum(amount, 1e-9), _climate_trees(koppen, np.asarray(longitude))
    )
    cold = np.array([name[0] == "E" or (name[0] == "D" and name[-1] in "cd") for name in KOPPEN])[koppen]
    cereal = np.array([CEREALS[name[0]] for name in KOPPEN])[koppen]
    mixed, closed, opened, woody, savanna, grass, wetland, crop, _, mosaic = igbp[4:14]

    out = np.zeros((igbp.shape[1], 8))
    unnamed = mixed + WOODY_SAVANNA_TREES * woody + SAVANNA_TREES * savanna + (1 - MOSAIC_CROPS) / 2 * mosaic
    out[:, :4] = named + trees * unnamed[:, None]
    below = (1 - WOODY_SAVANNA_TREES) * woody + (1 - SAVANNA_TREES) * savanna
    out[:, SHR] = closed + opened + np.where(cold, below, 0.0)
    out[:, GRS] = grass + wetland + (1 - MOSAIC_CROPS) / 2 * mosaic + np.where(cold, 0.0, below)
    crops = crop + MOSAIC_CROPS * mosaic
    out[:, CCR] = cereal * crops
    out[:, BCR] = (1 - cereal) * crops
    return out.astype(np.float32)
