"""Living and dead carbon: allocation, respiration, turnover, decay (Dickinson et al. 1998; Niu et al. 2011)."""

from models.kernel import equation, lane_kernel
from models.land import layout as at
from models.land.layout import LANES
from models.mathematics import exp, larger, smaller, where

__all__ = ["carbon_pools", "leaf_allocation", "soil_water_factor"]

MOLAR_CARBON = 12e-6  # gC umol-1


@equation
def leaf_allocation(lai, curvature):
    """Fraction of assimilated carbon that goes to leaves and stems, falling as the canopy closes."""
    return exp(0.01 * (1.0 - exp(curvature * lai)) * lai)


@equation
def soil_water_factor(wetness):
    """Dependence of decay on the saturation of the root zone, highest near 0.21 (Dickinson et al. 1998)."""
    return wetness / (0.2 + wetness) * 0.23 / (0.23 + wetness)


@lane_kernel
def carbon_pools(w, dt):
    """Step leaf, stem, root, wood, fast and stable soil carbon [gC m-2], and their fluxes [gC m-2 s-1].

    Leaf and stem growth is cut at zero at night while their respiration still reaches the air, and decay emits nine
    tenths of what it counts: as in the papers, carbon is not conserved, but the change of all pools is NPP less
    decay, which is what is checked.
    """
    for i in range(LANES):
        leaf, stem, root, wood = w[at.LEAF + i], w[at.STEM + i], w[at.ROOT + i], w[at.WOOD + i]
        fast, stable = w[at.SOC_FAST + i], w[at.SOC_STABLE + i]
        t, beta, lai = w[at.T_CANOPY + i], w[at.BETA + i], w[at.LAI + i]
        grows = where(lai > 0.0, 1.0, 0.0)
        woody = where(w[at.WOOD_POOL + i] > 0.0, grows, 0.0)
        area = larger(w[at.SLA + i] * 0.001, 1e-6)
        leaf_min = w[at.LAI_MIN + i] / area * grows
        stem_min = w[at.SAI_MIN + i] / 0.003 * grows

        season = where(t >= w[at.T_PHOTOSYNTHESIS + i], 1.0, 0.5)
        warmth = exp(0.1 * (t - 298.16) * w[at.LOG_RESPIRATION_Q10 + i])
        above_leaf, above_stem = larger(leaf - leaf_min, 0.0), larger(stem - stem_min, 0.0)
        r_leaf = w[at.LEAF_RESPIRATION + i] * warmth * w[at.NITROGEN + i] * lai * season * beta * MOLAR_CARBON
        r_leaf = smaller(above_leaf / dt, r_leaf)
        r_root = w[at.ROOT_RESPIRATION + i] * root * 1e-3 * warmth * season * MOLAR_CARBON
        r_stem = w[at.STEM_RESPIRATION + i] * above_stem * 1e-3 * warmth * season * MOLAR_CARBON
        r_wood = w[at.WOOD_RESPIRATION + i] * exp(0.08 * (t - 298.16)) * wood * woody

        gpp = (w[at.A_SUN + i] * w[at.SUN_AREA + i] + w[at.A_SHADE + i] * w[at.SHADE_AREA + i]) * MOLAR_CARBON
        to_shoot = leaf_allocation(lai, w[at.LEAF_ALLOCATION + i])
        to_stem = 0.1 * lai * to_shoot
        to_leaf = to_shoot - to_stem
        rest = 1.0 - to_shoot
        slope = w[at.WOOD_SLOPE + i]
        ratio = smaller(w[at.WOOD_ROOT_RATIO + i] * root / larger(wood, 1e-6), 200.0)
        split = where(wood > 1e-6, (1.0 - exp(-slope * ratio)) / slope, 1.0) * woody
        to_root, to_wood = rest * (1.0 - split), rest * split

        cost = w[at.GROWTH_RESPIRATION + i]
        g_leaf = larger(cost * (to_leaf * gpp - r_leaf), 0.0)
        g_stem = larger(cost * (to_stem * gpp - r_stem), 0.0)
        g_root = larger(cost * (to_root * gpp - r_root), 0.0)
        g_wood = larger(cost * (to_wood * gpp - r_wood), 0.0)

        turn_leaf = w[at.LEAF_TURNOVER + i] * 5e-7 * leaf * grows
        turn_stem = w[at.LEAF_TURNOVER + i] * 5e-7 * stem * grows
        turn_wood = 9.5e-10 * wood * woody
        chill = exp(-0.3 * larger(t - w[at.T_COLD_DEATH + i], 0.0)) * leaf / 120.0
        parched = exp(-beta * w[at.DRY_DEATH_SLOPE + i])
        death = 1e-6 * (w[at.DRY_DEATH + i] * parched + w[at.COLD_DEATH + i] * chill) * grows

        warm = where(t >= w[at.T_PHOTOSYNTHESIS + i], 1.0, 0.0)
        gain_leaf = larger(to_leaf * gpp - g_leaf - r_leaf, 0.0) * warm
        gain_stem = larger(to_stem * gpp - g_stem - r_stem, 0.0) * warm
        free_leaf, free_stem = (leaf - leaf_min) / dt, (stem - stem_min) / dt
        dead_leaf = smaller(death * leaf, free_leaf + gain_leaf - turn_leaf)
        dead_stem = smaller(death * stem, free_stem + gain_stem - turn_stem)
        npp_leaf = larger(gain_leaf, -free_leaf) * grows
        npp_stem = larger(gain_stem, -free_stem) * grows
        npp_root = larger(to_root * gpp - r_root - g_root, -root / dt) * grows
        npp_wood = larger(to_wood * gpp - r_wood - g_wood, -wood / dt) * woody
        dead_leaf = dead_leaf * grows
        dead_stem = dead_stem * grows
        turn_root = smaller(w[at.ROOT_TURNOVER + i] * root, root / dt + npp_root) * grows
        turn_wood = smaller(turn_wood, wood / dt + npp_wood)

        decay = w[at.SOIL_DECAY + i] * fast * grows
        npp = npp_leaf + npp_stem + npp_root + npp_wood
        w[at.LEAF + i] = leaf + (npp_leaf - turn_leaf - dead_leaf) * dt
        w[at.STEM + i] = stem + (npp_stem - turn_stem - dead_stem) * dt
        w[at.ROOT + i] = root + (npp_root - turn_root) * dt
        w[at.WOOD + i] = wood + (npp_wood - turn_wood) * dt
        litter = turn_leaf + turn_stem + turn_root + turn_wood + dead_leaf + dead_stem
        w[at.SOC_FAST + i] = fast + (litter - 1.1 * decay) * dt
        kept = 1.0 - 1.1 * w[at.SOIL_DECAY + i] * grows * dt
        w[at.SOC_LOST + i] = 1.0 - (1.0 - w[at.SOC_LOST + i]) * kept
        w[at.SOC_GAINED + i] = w[at.SOC_GAINED + i] * kept + litter * dt
        w[at.SOC_STABLE + i] = stable + 0.1 * decay * dt

        w[at.GPP_RATE + i] = gpp * grows
        w[at.NPP_RATE + i] = npp
        w[at.RA_RATE + i] = (r_leaf + r_stem + r_root + r_wood + g_leaf + g_stem + g_root + g_wood) * grows
        w[at.RH_RATE + i] = 0.9 * decay
        change = w[at.LEAF + i] - leaf + w[at.STEM + i] - stem + w[at.ROOT + i] - root
        change += w[at.WOOD + i] - wood + w[at.SOC_FAST + i] - fast + w[at.SOC_STABLE + i] - stable
        w[at.CARBON_BEFORE + i] = change - (npp - decay) * dt


@lane_kernel
def soil_decay(w, dt):
    """Relative decay of fast soil carbon [s-1] for the temperature and wetness of the soil."""
    for i in range(LANES):
        roots = w[at.ROOT_LAYERS + i]
        water = 0.1 * w[at.THETA_1 + i] + where(roots > 1.5, 0.3 * w[at.THETA_2 + i], 0.0)
        water += where(roots > 2.5, 0.6 * w[at.THETA_3 + i], 0.0) + where(roots > 3.5, w[at.THETA_4 + i], 0.0)
        wetness = water / w[at.THETA_MAX + i] / larger(w[at.ROOT_DEPTH + i], 0.1)
        warmth = exp(0.1 * (w[at.T_SOIL_1 + i] - 283.16) * 0.6931471805599453)
        rate = soil_water_factor(wetness) * warmth * w[at.SOIL_RESPIRATION + i] * 1e-3 * MOLAR_CARBON
        w[at.SOIL_DECAY + i] = smaller(rate, 0.5 / dt)
