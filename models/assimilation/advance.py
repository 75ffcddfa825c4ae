"""An ensemble of columns from one overpass to the next: noise on the state, the land model, sums for daily means."""

import numpy as np

from models.assimilation.ensemble import center_on_control, perturb_state
from models.kernel import kernel
from models.land import layout as at
from models.land.column import integrate
from models.land.layout import LANES

__all__ = ["advance_ensemble", "read_row", "read_state", "snapshot", "write_state"]

THETA, LIQUID, LEAF = at.STATE.index("theta_1"), at.STATE.index("liquid_1"), at.STATE.index("leaf")
_ROWS = (*at.PARAMETERS, *at.SITE, *at.DERIVED)
SLA, LAI_MIN, POROSITY = _ROWS.index("sla"), _ROWS.index("lai_min"), _ROWS.index("theta_max")
T_SOIL, SWE = at.STATE.index("t_soil_1"), at.STATE.index("swe")
STEM, WOOD = at.STATE.index("stem"), at.STATE.index("wood")
DRIEST = 0.02
"""Least liquid water that noise and updates leave [m3 m-3] (LIS, noahmp401_setsoilm)."""


@kernel
def read_state(first, last, state, parameters, members, E):
    """Read the filter's state of cells ``first`` to ``last``: soil moisture of four layers and leaf area index.

    Parameters
    ----------
    first, last : int
        Cells.
    state : (block, N_STATE, LANES) array
    parameters : (block, N_PARAMETER, LANES) array
    members : int
    E : (cell, 5, member) array
        Written.
    """
    for c in range(first, last):
        for n in range(members):
            column = c * members + n
            b, i = column // LANES, column % LANES
            for k in range(4):
                E[c, k, n] = state[b, THETA + k, i]
            lai = state[b, LEAF, i] * parameters[b, SLA, i] * 1e-3
            E[c, 4, n] = max(lai, parameters[b, LAI_MIN, i]) if state[b, LEAF, i] > 0.0 else 0.0


@kernel
def write_state(first, last, state, parameters, members, E):
    """Write the filter's state back, within what the column can hold, and put into ``E`` what was taken.

    Soil moisture changes its liquid part alone, which stays between `DRIEST` (or what it was, if that is less) and
    the pores that ice leaves; leaf area index changes the leaf carbon, and stays above its minimum. A column without
    leaves stays without.
    """
    for c in range(first, last):
        for n in range(members):
            column = c * members + n
            b, i = column // LANES, column % LANES
            for k in range(4):
                theta, liquid = state[b, THETA + k, i], state[b, LIQUID + k, i]
                ice = theta - liquid
                if E[c, k, n] != theta:
                    wanted = max(E[c, k, n] - ice, min(DRIEST, liquid))
                    wanted = min(wanted, parameters[b, POROSITY, i] - ice)
                    state[b, LIQUID + k, i] = wanted
                    state[b, THETA + k, i] = wanted + ice
                    E[c, k, n] = wanted + ice
            if state[b, LEAF, i] > 0.0:
                least = parameters[b, LAI_MIN, i]
                if E[c, 4, n] != max(state[b, LEAF, i] * parameters[b, SLA, i] * 1e-3, least):
                    E[c, 4, n] = max(E[c, 4, n], least)
                    state[b, LEAF, i] = E[c, 4, n] / (parameters[b, SLA, i] * 1e-3)
            else:
                E[c, 4, n] = 0.0


@kernel
def read_row(state, row, members, out):
    """Read one row of the land model's state into ``out`` (cell, member)."""
    for c in range(out.shape[0]):
        for n in range(members):
            column = c * members + n
            out[c, n] = state[column // LANES, row, column % LANES]


@kernel
def snapshot(state, E, members, slot, mean, std, place):
    """Keep mean and sd over members of the filter's state, and means of what masks and operators ask for.

    Parameters
    ----------
    state : (block, N_STATE, LANES) array
    E : (cell, 5, member) array
        From `read_state`.
    members, slot : int
    mean, std : (cell, slot, 5) array
        Written at ``slot``.
    place : (cell, slot, 6) array
        Written, but the last: t_soil and ice of the first layer, swe, stem and wood carbon.
    """
    for c in range(E.shape[0]):
        for k in range(5):
            total, square = 0.0, 0.0
            for n in range(members):
                total += E[c, k, n]
            centre = total / members
            for n in range(members):
                square += (E[c, k, n] - centre) ** 2
            mean[c, slot, k] = centre
            std[c, slot, k] = np.sqrt(square / max(members - 1, 1))
        t_soil, ice, swe, stem, wood = 0.0, 0.0, 0.0, 0.0, 0.0
        for n in range(members):
            column = c * members + n
            b, i = column // LANES, column % LANES
            t_soil += state[b, T_SOIL, i]
            ice += state[b, THETA, i] - state[b, LIQUID, i]
            swe += state[b, SWE, i]
            stem += state[b, STEM, i]
            wood += state[b, WOOD, i]
        place[c, slot, 0], place[c, slot, 1], place[c, slot, 2] = t_soil / members, ice / members, swe / members
        place[c, slot, 3], place[c, slot, 4] = stem / members, wood / members


@kernel
def advance_ensemble(
    first,
    last,
    clock,
    forcing,
    source,
    dt,
    newton,
    substeps,
    van_genuchten,
    groundwater,
    parameters,
    state,
    balance,
    noise,
    seed,
    cells,
    hold,
    members,
    perturbed,
    stretch,
    root,
    field,
    low,
    high,
    E,
    addition,
    output,
    rows,
    sums,
):
    """Advance the ensembles of some cells from step ``first`` to ``last``, in place.

    Parameters
    ----------
    first, last : int
        Steps, counted in ``forcing`` and ``noise``.
    clock : int
        Number of step 0 of ``forcing`` since the start of the experiment, which names the noise.
    forcing : (step, site, 8) array
        Weather.
    source : (block, LANES) int array
        Site of each column.
    dt, newton, substeps, van_genuchten, groundwater
        See `models.land.column.step`.
    parameters, state, balance : (block, ..., LANES) array
        Of the land model; state and balance are changed.
    noise : (step, block, 3, LANES) array
        Perturbation of the forcing; see `models.assimilation.ensemble.forcing_noise`.
    seed, cells, hold, members, perturbed, stretch, root, field
        Of the noise of the state; see `models.assimilation.ensemble.state_noise`; ``hold`` 0 is none.
    low, high : (cell, 5) array
        Bounds within which members are moved onto the control, if there is one.
    E, addition : (cell, 5, member) array
        Room for the state and what is added to it.
    output : (1, block, N_OUTPUTS, LANES) array
        Room for the outputs of a few steps.
    rows : (variable,) int array
        Outputs to sum.
    sums : (cell, variable) array
        Added to: sum over steps of the mean over members.
    """
    count, blocks = cells.shape[0], state.shape[0]
    columns = count * members
    t = first
    while t < last:
        step = clock + t
        if hold > 0 and step % hold == 0:
            perturb_state(0, count, seed, cells, step // hold, members, perturbed, stretch, root, field, addition)
            read_state(0, count, state, parameters, members, E)
            for c in range(count):
                for k in range(5):
                    for n in range(members):
                        E[c, k, n] += addition[c, k, n]
            if perturbed < members:
                center_on_control(0, count, low, high, E)
            write_state(0, count, state, parameters, members, E)
        until = last
        if hold > 0:
            until = min(last, t + hold - step % hold)
        length = until - t
        integrate(
            0,
            blocks,
            forcing[t:until],
            source,
            0,
            length,
            dt,
            newton,
            substeps,
            van_genuchten,
            groundwater,
            parameters,
            state,
            noise[t:until],
            length,
            output,
            balance,
        )
        for column in range(columns):
            b, i = column // LANES, column % LANES
            c = column // members
            for k in range(rows.shape[0]):
                sums[c, k] += output[0, b, rows[k], i] * (length / members)
        t = until
