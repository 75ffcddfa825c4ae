"""Sunlight in canopy, soil and snow: two bands, direct and diffuse, in closed form (Goudriaan 1977)."""

import numpy as np

from models.kernel import equation, lane_kernel
from models.land import layout as at
from models.land.atmosphere import FREEZING
from models.land.layout import LANES
from models.mathematics import clip, exp, larger, smaller, where

__all__ = ["canopy_band", "shortwave", "snow_age", "snow_albedo", "soil_albedo"]

DIRECT = 0.7  # part of the sunlight that is direct
VISIBLE = 0.5  # part of the sunlight that is visible
QUANTA = 4.6  # umol J-1 of visible light


@equation
def soil_albedo(theta, wet, dry):
    """Albedo of bare soil, darker as it wets, for the soil moisture ``theta`` [m3 m-3] of the top layer."""
    return smaller(wet + larger(0.11 - 0.4 * theta, 0.0), dry)


@equation
def snow_albedo(new, ageing, age, cos_zenith, direct):
    """Albedo of snow of a BATS age (Yang et al. 1997): it falls with age and rises when the sun is low.

    Parameters
    ----------
    new : float
        Albedo of new snow in this band.
    ageing : float
        Loss by full ageing: 0.2 visible, 0.5 near infrared.
    age : float
        Snow age [1].
    cos_zenith : float
        Cosine of the sun's zenith angle.
    direct : float
        1 for direct light, 0 for diffuse.
    """
    diffuse = new * (1.0 - ageing * age / (1.0 + age))
    low_sun = larger(1.5 / (1.0 + 4.0 * cos_zenith) - 0.5, 0.0)
    return diffuse + direct * 0.4 * low_sun * (1.0 - diffuse)


@equation
def canopy_band(omega, k, area, ground):
    """Share of the light that the canopy and the ground beneath it absorb (Goudriaan 1977).

    Parameters
    ----------
    omega : float
        Scattering coefficient of the leaves, reflectance plus transmittance.
    k : float
        Extinction coefficient of black leaves [1].
    area : float
        Leaf and stem area index [m2 m-2].
    ground : float
        Albedo of the ground.

    Returns
    -------
    canopy, ground : float
        Absorbed shares; the rest is reflected.
    """
    root = np.sqrt(1.0 - omega)
    deep = 2.0 * k / (1.0 + k) * (1.0 - root) / (1.0 + root)
    through = exp(-k * root * area)
    reflected = deep + (ground - deep) * through * through
    below = (1.0 - ground) * through
    return larger(1.0 - reflected - below, 0.0), below


@lane_kernel
def shortwave(w):
    """Share the sunlight between sunlit and shaded leaves, ground and sky."""
    for i in range(LANES):
        mu = larger(w[at.COS_ZENITH + i], 0.001)
        leaf, area, cover = w[at.LEAF_AREA + i], w[at.PLANT_AREA + i], w[at.COVER + i]
        age, snow = w[at.SNOW_AGE + i], w[at.SNOW_COVER + i]
        theta = w[at.THETA_1 + i]
        leaves = leaf / larger(area, 1e-6)
        # Snow on the leaves brightens them.
        white = where(w[at.T_CANOPY + i] > FREEZING, 0.0, w[at.WET + i])

        dark = 1.0 - snow
        soil_vis = soil_albedo(theta, w[at.ALBEDO_WET_VIS + i], w[at.ALBEDO_DRY_VIS + i])
        soil_nir = soil_albedo(theta, w[at.ALBEDO_WET_NIR + i], w[at.ALBEDO_DRY_NIR + i])
        new_vis, new_nir = w[at.SNOW_ALBEDO_VIS + i], w[at.SNOW_ALBEDO_NIR + i]
        ground_vis_direct = soil_vis * dark + snow * snow_albedo(new_vis, 0.2, age, mu, 1.0)
        ground_vis_diffuse = soil_vis * dark + snow * snow_albedo(new_vis, 0.2, age, mu, 0.0)
        ground_nir_direct = soil_nir * dark + snow * snow_albedo(new_nir, 0.5, age, mu, 1.0)
        ground_nir_diffuse = soil_nir * dark + snow * snow_albedo(new_nir, 0.5, age, mu, 0.0)

        omega_vis = (w[at.LEAF_REFLECT_VIS + i] + w[at.LEAF_TRANSMIT_VIS + i]) * leaves
        omega_vis += (w[at.STEM_REFLECT_VIS + i] + w[at.STEM_TRANSMIT_VIS + i]) * (1.0 - leaves)
        omega_nir = (w[at.LEAF_REFLECT_NIR + i] + w[at.LEAF_TRANSMIT_NIR + i]) * leaves
        omega_nir += (w[at.STEM_REFLECT_NIR + i] + w[at.STEM_TRANSMIT_NIR + i]) * (1.0 - leaves)
        omega_vis = clip(omega_vis + (0.8 - omega_vis) * white, 0.0, 0.98)
        omega_nir = clip(omega_nir + (0.4 - omega_nir) * white, 0.0, 0.98)

        k_direct = (w[at.PHI_1 + i] + w[at.PHI_2 + i] * mu) / mu
        k_diffuse = w[at.K_DIFFUSE + i]
        canopy_vis_direct, below_vis_direct = canopy_band(omega_vis, k_direct, area, ground_vis_direct)
        canopy_vis_diffuse, below_vis_diffuse = canopy_band(omega_vis, k_diffuse, area, ground_vis_diffuse)
        canopy_nir_direct, below_nir_direct = canopy_band(omega_nir, k_direct, area, ground_nir_direct)
        canopy_nir_diffuse, below_nir_diffuse = canopy_band(omega_nir, k_diffuse, area, ground_nir_diffuse)

        sun = larger(w[at.SW_DOWN + i], 0.0)
        vis_direct, vis_diffuse = sun * VISIBLE * DIRECT, sun * VISIBLE * (1.0 - DIRECT)
        nir_direct, nir_diffuse = sun * (1.0 - VISIBLE) * DIRECT, sun * (1.0 - VISIBLE) * (1.0 - DIRECT)
        leaf_direct = vis_direct * canopy_vis_direct * cover
        leaf_diffuse = vis_diffuse * canopy_vis_diffuse * cover
        canopy = leaf_direct + leaf_diffuse
        canopy += (nir_direct * canopy_nir_direct + nir_diffuse * canopy_nir_diffuse) * cover
        gap = 1.0 - cover
        ground = vis_direct * (below_vis_direct * cover + (1.0 - ground_vis_direct) * gap)
        ground += vis_diffuse * (below_vis_diffuse * cover + (1.0 - ground_vis_diffuse) * gap)
        ground += nir_direct * (below_nir_direct * cover + (1.0 - ground_nir_direct) * gap)
        ground += nir_diffuse * (below_nir_diffuse * cover + (1.0 - ground_nir_diffuse) * gap)

        depth = larger(k_direct * np.sqrt(1.0 - omega_vis) * area, 1e-6)
        sunlit = (1.0 - exp(-depth)) / depth
        sunlit = where((sunlit < 0.01) | (sun <= 0.0), 0.0, sunlit)
        sun_area, shade_area = leaf * sunlit, leaf * (1.0 - sunlit)
        # Leaves stand on the vegetated part alone: so does the light they absorb.
        leaf_direct = leaf_direct / larger(cover, 0.05)
        leaf_diffuse = leaf_diffuse / larger(cover, 0.05)
        in_sun = (leaf_direct + sunlit * leaf_diffuse) * leaves / larger(sun_area, 1e-6)
        in_shade = (1.0 - sunlit) * leaf_diffuse * leaves / larger(shade_area, 1e-6)
        all_shade = (leaf_direct + leaf_diffuse) * leaves / larger(shade_area, 1e-6)
        w[at.PAR_SUN + i] = where(sunlit > 0.0, in_sun, 0.0)
        w[at.PAR_SHADE + i] = where(sunlit > 0.0, in_shade, all_shade)
        w[at.SUNLIT + i] = sunlit
        w[at.SUN_AREA + i] = sun_area
        w[at.SHADE_AREA + i] = shade_area
        w[at.PAR + i] = sun * VISIBLE
        w[at.APAR + i] = (leaf_direct + leaf_diffuse) * leaves * cover
        w[at.SW_CANOPY + i] = canopy
        w[at.SW_GROUND + i] = ground
        w[at.SW_REFLECTED + i] = sun - canopy - ground
        w[at.EMISSIVITY_CANOPY + i] = 1.0 - exp(-area)
        w[at.EMISSIVITY_GROUND + i] = w[at.EMISSIVITY_SOIL + i] * dark + w[at.EMISSIVITY_SNOW + i] * snow


@lane_kernel
def snow_age(w, dt):
    """Age the snow surface: grain growth, refreezing melt and dirt; a fall of 1 mm renews it (Yang et al. 1997)."""
    for i in range(LANES):
        swe, age = w[at.SWE + i], w[at.SNOW_AGE + i]
        warmth = 5000.0 * (1.0 / FREEZING - 1.0 / w[at.T_GROUND + i])
        growth = exp(smaller(warmth, 0.0))
        melt = exp(smaller(10.0 * warmth, 0.0))
        grown = age + dt / 1e6 * (growth + melt + 0.3)
        fresh = larger(swe - w[at.SWE_BEFORE + i], 0.0)
        w[at.SNOW_AGE + i] = where(swe > 0.0, larger(grown * (1.0 - fresh), 0.0), 0.0)
        w[at.SWE_BEFORE + i] = swe
