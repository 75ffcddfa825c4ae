"""The step of a block of columns, and the loop over blocks and time."""

import numpy as np

from models.kernel import inline_kernel, kernel, lane_kernel
from models.land import layout as at
from models.land.atmosphere import FREEZING, air, stability
from models.land.canopy import (
    bare_ground,
    canopy_newton,
    join_tiles,
    roughness_bare,
    roughness_canopy,
    shaded_ground,
    soil_surface,
    within_canopy,
)
from models.land.carbon import carbon_pools, soil_decay
from models.land.groundwater import aquifer_flows, aquifer_store
from models.land.interception import (
    canopy_cover,
    canopy_water,
    dry_weather,
    no_snow_cover,
    precipitation,
    snow_cover,
)
from models.land.layout import LANES
from models.land.photosynthesis import stomata, stomata_at_night
from models.land.radiation import shortwave, snow_age
from models.land.snow import bare_of_snow, snow_water
from models.land.soil_heat import conduction, phase_change, thermal_properties
from models.land.soil_water import (
    clapp_hornberger_layers,
    freeze_pores,
    frozen_soil,
    richards,
    total_water,
    van_genuchten_layers,
)
from models.mathematics import larger, where

__all__ = ["integrate", "step"]


@lane_kernel
def water_stored(w, row):
    """Write the water of the column [mm] to a row."""
    for i in range(LANES):
        soil = 100.0 * w[at.THETA_1 + i] + 300.0 * w[at.THETA_2 + i]
        soil += 600.0 * w[at.THETA_3 + i] + 1000.0 * w[at.THETA_4 + i]
        above = w[at.CANOPY_LIQUID + i] + w[at.CANOPY_ICE + i] + w[at.SWE + i]
        w[row + i] = soil + above + w[at.AQUIFER + i]


@lane_kernel
def start(w):
    """Clear what a step accumulates."""
    for i in range(LANES):
        w[at.CANOPY_STORAGE + i] = 0.0
        w[at.PONDING + i] = 0.0
        w[at.SNOW_GONE + i] = 0.0


@lane_kernel
def account(w, dt):
    """Close the balances of the step and add its fluxes to the outputs' sums."""
    for i in range(LANES):
        evaporation = w[at.EVAP_CANOPY + i] + w[at.TRANSPIRATION_STEP + i] + w[at.EVAP_GROUND + i]
        out = evaporation * dt + w[at.SURFACE_RUNOFF + i] + w[at.BOTTOM_DRAINAGE + i]
        residual = w[at.EXCESS + i] - w[at.STORAGE_BEFORE + i] - w[at.PRECIP_RATE + i] * dt + out
        w[at.WATER_SUM + i] += residual
        w[at.WATER_WORST + i] = larger(w[at.WATER_WORST + i], abs(residual))
        w[at.CARBON_WORST + i] = larger(w[at.CARBON_WORST + i], abs(w[at.CARBON_BEFORE + i]))
        latent_canopy = (w[at.EVAP_CANOPY + i] + w[at.TRANSPIRATION_STEP + i]) * w[at.LAMBDA_CANOPY + i]
        latent = latent_canopy + w[at.EVAP_GROUND + i] * w[at.LAMBDA_GROUND + i]
        net = w[at.SW_CANOPY + i] + w[at.SW_GROUND + i] - w[at.LW_CANOPY + i]
        energy = net - w[at.H_LEAF + i] - latent - w[at.GROUND_HEAT + i] - w[at.CANOPY_STORAGE + i]
        w[at.ENERGY_RESIDUAL_STEP + i] = energy
        w[at.ENERGY_SUM + i] += energy
        w[at.ENERGY_WORST + i] = larger(w[at.ENERGY_WORST + i], abs(energy))
        w[at.STEPS + i] += 1.0
        w[at.OUT_LE + i] += latent
        w[at.OUT_H + i] += w[at.H_LEAF + i]
        w[at.OUT_G + i] += w[at.GROUND_HEAT + i]
        w[at.OUT_SW_NET + i] += w[at.SW_CANOPY + i] + w[at.SW_GROUND + i]
        w[at.OUT_LW_NET + i] -= w[at.LW_CANOPY + i]
        w[at.OUT_ENERGY_RESIDUAL + i] += energy
        w[at.OUT_TRANSPIRATION + i] += w[at.TRANSPIRATION_STEP + i]
        w[at.OUT_EVAP_SOIL + i] += w[at.EVAP_GROUND + i]
        w[at.OUT_EVAP_INTERCEPTION + i] += w[at.EVAP_CANOPY + i]
        w[at.OUT_PRECIP + i] += w[at.PRECIP_RATE + i]
        w[at.OUT_RUNOFF + i] += w[at.SURFACE_RUNOFF + i] / dt
        w[at.OUT_DRAINAGE + i] += w[at.BOTTOM_DRAINAGE + i] / dt
        w[at.OUT_GPP + i] += w[at.GPP_RATE + i]
        w[at.OUT_NPP + i] += w[at.NPP_RATE + i]
        w[at.OUT_RA + i] += w[at.RA_RATE + i]
        w[at.OUT_RH + i] += w[at.RH_RATE + i]


@lane_kernel
def account_state(w):
    """Add the state after the step to the outputs' sums."""
    for i in range(LANES):
        w[at.OUT_SOIL_MOISTURE_1 + i] += w[at.THETA_1 + i]
        w[at.OUT_SOIL_MOISTURE_2 + i] += w[at.THETA_2 + i]
        w[at.OUT_SOIL_MOISTURE_3 + i] += w[at.THETA_3 + i]
        w[at.OUT_SOIL_MOISTURE_4 + i] += w[at.THETA_4 + i]
        w[at.OUT_SOIL_LIQUID_1 + i] += w[at.LIQUID_1 + i]
        w[at.OUT_SOIL_LIQUID_2 + i] += w[at.LIQUID_2 + i]
        w[at.OUT_SOIL_LIQUID_3 + i] += w[at.LIQUID_3 + i]
        w[at.OUT_SOIL_LIQUID_4 + i] += w[at.LIQUID_4 + i]
        w[at.OUT_SOIL_TEMPERATURE_1 + i] += w[at.T_SOIL_1 + i]
        w[at.OUT_SOIL_TEMPERATURE_2 + i] += w[at.T_SOIL_2 + i]
        w[at.OUT_SOIL_TEMPERATURE_3 + i] += w[at.T_SOIL_3 + i]
        w[at.OUT_SOIL_TEMPERATURE_4 + i] += w[at.T_SOIL_4 + i]
        w[at.OUT_SWE_MEAN + i] += w[at.SWE + i]
        w[at.OUT_SNOW_DEPTH_MEAN + i] += w[at.SNOW_DEPTH + i]
        w[at.OUT_SNOW_COVER_MEAN + i] += w[at.SNOW_COVER + i]
        w[at.OUT_LAI_MEAN + i] += w[at.LAI + i]
        w[at.OUT_CANOPY_WATER_MEAN + i] += w[at.CANOPY_LIQUID + i] + w[at.CANOPY_ICE + i]
        w[at.OUT_T_GROUND_MEAN + i] += w[at.T_GROUND + i]
        w[at.OUT_T_CANOPY_MEAN + i] += w[at.T_CANOPY + i]
        w[at.OUT_APAR_MEAN + i] += w[at.APAR + i]
        w[at.OUT_PAR_MEAN + i] += w[at.PAR + i]
        w[at.OUT_BETA_MEAN + i] += w[at.BETA + i]
        frozen = (w[at.THETA_1 + i] - w[at.LIQUID_1 + i] > 0.001) | (w[at.T_SOIL_1 + i] < FREEZING - 0.01)
        w[at.OUT_FROZEN + i] += where(frozen, 1.0, 0.0)


@inline_kernel
def step(w, dt, newton, substeps, van_genuchten, groundwater):
    """Advance the block at work by one step of ``dt`` seconds.

    Parameters
    ----------
    w : (SIZE,) array
        State, parameters and forcing of a block; see `models.land.layout`.
    dt : float
        Length of the step [s].
    newton, substeps : int
        Newton steps of the canopy and substeps of the soil water.
    van_genuchten, groundwater : bool
        Use van Genuchten's curves; keep an aquifer below the soil.
    """
    start(w)
    water_stored(w, at.STORAGE_BEFORE)
    air(w)
    light, snowy, icy, wet = 0.0, 0.0, 0.0, 0.0
    for i in range(LANES):
        snowy += w[at.SWE + i]
        wet += w[at.PRECIP_RATE + i] + w[at.CANOPY_LIQUID + i] + w[at.CANOPY_ICE + i]
    if snowy > 0.0:
        snow_cover(w)
    else:
        no_snow_cover(w)
    canopy_cover(w)
    if wet > 0.0:
        precipitation(w, dt)
    else:
        dry_weather(w)
    thermal_properties(w, dt)
    shortwave(w)
    soil_surface(w)

    for i in range(LANES):
        light += w[at.PAR + i]
        snowy += w[at.SNOW_GROUND + i]
    roughness_canopy(w)
    for k in range(newton):
        stability(w, k == 0)
        if k == 0:
            stability(w, False)
        within_canopy(w, k == 0)
        if k == 0:
            if light > 0.0:
                stomata(w)
            else:
                stomata_at_night(w)
        canopy_newton(w, dt)
    shaded_ground(w)
    roughness_bare(w)
    for k in range(newton):
        stability(w, k == 0)
        if k == 0:
            stability(w, False)
        bare_ground(w)
    join_tiles(w)

    conduction(w, dt)
    phase_change(w)
    canopy_water(w, dt)
    if snowy > 0.0:
        snow_age(w, dt)
        snow_water(w, dt)
    else:
        bare_of_snow(w)

    frozen_soil(w)
    for i in range(LANES):
        icy += w[at.ICE_1 + i] + w[at.ICE_2 + i] + w[at.ICE_3 + i] + w[at.ICE_4 + i]
    fine = dt / substeps
    for _ in range(substeps):
        if van_genuchten:
            van_genuchten_layers(w)
        else:
            clapp_hornberger_layers(w)
        if icy > 0.0:
            freeze_pores(w)
        if groundwater:
            aquifer_flows(w, fine)
        richards(w, fine, groundwater)
    if groundwater:
        aquifer_store(w, dt)
    total_water(w)
    soil_decay(w, dt)
    carbon_pools(w, dt)
    water_stored(w, at.EXCESS)
    account(w, dt)
    account_state(w)


@kernel
def integrate(
    first,
    last,
    forcing,
    source,
    first_step,
    last_step,
    dt,
    newton,
    substeps,
    van_genuchten,
    groundwater,
    parameters,
    state,
    perturbation,
    steps_per_output,
    output,
    balance,
):
    """Run blocks ``first`` to ``last`` from step ``first_step`` to ``last_step``, in place.

    Parameters
    ----------
    first, last : int
        Blocks to run.
    forcing : (step, site, 8) array
        Weather in the order of `layout.FORCING`.
    source : (block, LANES) int array
        Site of each column.
    first_step, last_step : int
        Steps to run, counted in ``forcing``.
    dt, newton, substeps, van_genuchten, groundwater
        See `step`.
    parameters : (block, N_PARAMETER, LANES) array
        Parameters, properties of the place and what derives from them.
    state : (block, N_STATE, LANES) array
        State, changed in place.
    perturbation : (step, block, 3, LANES) array
        Factor on sunlight, addition to longwave [W m-2], factor on precipitation; of no steps: none.
    steps_per_output : int
        Steps an output is a mean over.
    output : (interval, block, N_OUTPUTS, LANES) array
        Means and ends of each interval; an array of no intervals keeps none.
    balance : (block, N_BALANCE, LANES) array
        Balances, added to.
    """
    w = np.zeros(at.SIZE)
    for block in range(first, last):
        w[:] = 0.0
        for k in range(at.N_STATE):
            for i in range(LANES):
                w[k * LANES + i] = state[block, k, i]
        for k in range(at.N_PARAMETER):
            for i in range(LANES):
                w[at.FIRST_PARAMETER + k * LANES + i] = parameters[block, k, i]
        for k in range(at.N_BALANCE):
            for i in range(LANES):
                w[at.FIRST_BALANCE + k * LANES + i] = balance[block, k, i]
        for t in range(first_step, last_step):
            for i in range(LANES):
                site = source[block, i]
                for k in range(8):
                    w[at.T_AIR + k * LANES + i] = forcing[t, site, k]
            if perturbation.shape[0] > 0:
                for i in range(LANES):
                    w[at.SW_DOWN + i] *= perturbation[t, block, 0, i]
                    w[at.LW_DOWN + i] += perturbation[t, block, 1, i]
                    w[at.PRECIP_RATE + i] *= perturbation[t, block, 2, i]
            step(w, dt, newton, substeps, van_genuchten, groundwater)
            if (t + 1) % steps_per_output == 0:
                interval = (t + 1) // steps_per_output - 1
                if interval < output.shape[0]:
                    for k in range(at.N_MEANS):
                        for i in range(LANES):
                            output[interval, block, k, i] = w[at.FIRST_OUTPUT + k * LANES + i] / steps_per_output
                    for k in range(at.N_ENDS):
                        for i in range(LANES):
                            output[interval, block, at.N_MEANS + k, i] = w[at.FIRST_END + k * LANES + i]
                for k in range(at.N_MEANS * LANES):
                    w[at.FIRST_OUTPUT + k] = 0.0
        for k in range(at.N_STATE):
            for i in range(LANES):
                state[block, k, i] = w[k * LANES + i]
        for k in range(at.N_BALANCE):
            for i in range(LANES):
                balance[block, k, i] = w[at.FIRST_BALANCE + k * LANES + i]
