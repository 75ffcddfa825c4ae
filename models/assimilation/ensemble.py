"""The noise that makes an ensemble: correlated in time and between fields, the same whatever the threads and chunks.

The order of operations is that of LIS and GEOSldas (``landpert_routines.F90``): first-order autoregression, centring
over the members, rotation to the wanted correlation, cut at 2.5 standard deviations, scaling. The last member may be
an unperturbed control, from which the mean of the others is kept from drifting (Ryu et al. 2009, J. Hydrometeorol.
10, 734): noise through nonlinear processes would otherwise dry or wet the ensemble.
"""

import math
from collections.abc import Sequence

import numpy as np

from models.assimilation.perturbations import (
    FORCING_CORRELATION,
    FORCING_PERTURBATIONS,
    STATE_CORRELATION,
    STATE_PERTURBATIONS,
    EnsembleOptions,
    Perturbation,
    rotation,
)
from models.kernel import equation, kernel
from models.mathematics import clip, exp
from models.normals import draw_normals, padded

__all__ = [
    "EnsembleOptions",
    "center_on_control",
    "centring_factor",
    "forcing_memory",
    "forcing_noise",
    "perturb_forcing",
    "perturb_state",
    "perturbation_law",
    "state_noise",
]

FORCING_STREAM, STATE_STREAM = 101, 102
"""Names of the two uses of normals, apart from those of other modules."""
BATCH = 16
"""Draws made at a time: enough for long vector loops, few enough to stay in the nearest cache."""
PASSES = 10


def perturbation_law(
    fields: Sequence[Perturbation], options: EnsembleOptions, seconds: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return what the kernels know of each field, for draws ``seconds`` apart.

    Returns
    -------
    tuple of array
        (field, 4): 1 for a factor and 0 for an addition, mean and spread of the normal behind it, cap [sd]; and
        (field,) the coefficient of the autoregression.
    """
    scales = dict(options.scales)
    rows = []
    for field in fields:
        sd = field.sd * scales.get(field.name, 1.0)
        cap = field.cap if options.cap is None else options.cap
        if field.kind == "factor":
            variance = math.log1p(sd * sd)
            rows.append((1.0, -0.5 * variance, math.sqrt(variance), cap))
        else:
            rows.append((0.0, 0.0, sd, cap))
    taus = [options.tau if options.tau is not None and field.tau > 0.0 else field.tau for field in fields]
    phi = [math.exp(-seconds / tau) if tau > 0.0 else 0.0 for tau in taus]
    return np.array(rows), np.array(phi)


@equation
def _centre(rows, perturbed, stretch, wide, work):
    """Write to ``work`` (row, wide) the normals less their mean over the members; as drawn if ``stretch`` is 0."""
    for row in range(rows.shape[0]):
        total = 0.0
        if stretch > 0.0:
            for n in range(perturbed):
                total += rows[row, n]
        mean = total / perturbed
        for n in range(wide):
            work[row, n] = rows[row, n] - mean


@equation
def _perturb(normal, root, field, stretch, perturbed, members, correct, out):
    """Rotate, cut and scale centred normals (row, wide) into perturbations ``out`` (row, wide) of all members."""
    rows, wide = normal.shape
    for row in range(rows):
        cap, spread, mean = field[row, 3], field[row, 2], field[row, 1]
        for n in range(wide):
            out[row, n] = 0.0
        for m in range(rows):
            weight = root[row, m] * stretch
            for n in range(wide):
                out[row, n] += weight * normal[m, n]
        neutral = field[row, 0]
        if neutral > 0.0:
            for n in range(wide):
                out[row, n] = exp(mean + spread * clip(out[row, n], -cap, cap))
        else:
            for n in range(wide):
                out[row, n] = spread * clip(out[row, n], -cap, cap)
        if perturbed < members:
            if correct:
                total = 0.0
                for n in range(perturbed):
                    total += out[row, n] - neutral
                drift = total / perturbed
                low = 0.0 if neutral > 0.0 else -np.inf
                for n in range(perturbed):
                    out[row, n] = max(out[row, n] - drift, low)
            out[row, perturbed] = neutral


@kernel
def _names(rows, groups, first, step_of, name_of):
    """Name the draws of a batch: (step, row, group of four members)."""
    at = 0
    for t in range(step_of.shape[0] // (rows * groups)):
        for row in range(rows):
            for g in range(groups):
                step_of[at] = first + t
                name_of[at] = row * 65536 + g
                at += 1


@kernel
def perturb_forcing(
    first, last, seed, cells, first_step, hold, members, perturbed, stretch, root, field, phi, memory, out
):
    """Write the perturbations of cells ``first`` to ``last``; see `forcing_noise`."""
    steps, lanes = out.shape[0], out.shape[3]
    rows, wide = memory.shape[1], memory.shape[2]
    groups = wide // 4
    size = rows * groups
    step_of, name_of = np.empty(BATCH * size, np.int64), np.empty(BATCH * size, np.int64)
    drawn = np.empty(BATCH * size * 4)
    work, noise = np.empty((rows, wide)), np.empty((rows, wide))
    last_step = first_step + steps
    first_draw, last_draw = first_step // hold, (last_step - 1) // hold + 1
    # Each batch of draws serves all cells: its names are made once.
    for begin in range(first_draw, last_draw, BATCH):
        count = min(BATCH, last_draw - begin)
        _names(rows, groups, begin, step_of[: count * size], name_of[: count * size])
        for c in range(first, last):
            draw_normals(seed, FORCING_STREAM, cells[c], step_of[: count * size], name_of[: count * size], drawn)
            for k in range(count):
                draw = begin + k
                fresh = np.isnan(memory[c, 0, 0])
                # A chunk that begins within an interval goes on with the draw it finds.
                if fresh or draw * hold >= first_step:
                    for row in range(rows):
                        old = 0.0 if fresh else phi[row]
                        new = np.sqrt(1.0 - old * old)
                        at = (k * rows + row) * wide
                        if fresh:
                            for n in range(wide):
                                memory[c, row, n] = drawn[at + n]
                        else:
                            for n in range(wide):
                                memory[c, row, n] = old * memory[c, row, n] + new * drawn[at + n]
                    _centre(memory[c], perturbed, stretch, wide, work)
                    for row in range(rows):
                        for n in range(wide):
                            memory[c, row, n] = work[row, n]
                factor = stretch if stretch > 0.0 else 1.0
                _perturb(memory[c], root, field, factor, perturbed, members, True, noise)
                for t in range(max(draw * hold, first_step), min((draw + 1) * hold, last_step)):
                    for row in range(rows):
                        for n in range(members):
                            column = c * members + n
                            out[t - first_step, column // lanes, row, column % lanes] = noise[row, n]


@kernel
def _fill_last_block(columns, out):
    """Give the lanes beyond the last column its perturbation."""
    lanes = out.shape[3]
    if columns % lanes:
        block, lane = columns // lanes, columns % lanes - 1
        for t in range(out.shape[0]):
            for row in range(out.shape[2]):
                for k in range(lane + 1, lanes):
                    out[t, block, row, k] = out[t, block, row, lane]


@kernel
def perturb_state(first, last, seed, cells, draw, members, perturbed, stretch, root, field, out):
    """Write the perturbations of cells ``first`` to ``last``; see `state_noise`."""
    rows = out.shape[1]
    wide = (members + 3) // 4 * 4
    size = rows * wide // 4
    step_of, name_of = np.empty(size, np.int64), np.empty(size, np.int64)
    drawn = np.empty(size * 4)
    work, noise = np.empty((rows, wide)), np.empty((rows, wide))
    _names(rows, wide // 4, draw, step_of, name_of)
    factor = stretch if stretch > 0.0 else 1.0
    for c in range(first, last):
        draw_normals(seed, STATE_STREAM, cells[c], step_of, name_of, drawn)
        _centre(drawn.reshape(rows, wide), perturbed, stretch, wide, work)
        # What the mean differs from the control is removed from the state itself, by `center_on_control`.
        _perturb(work, root, field, factor, perturbed, members, False, noise)
        for row in range(rows):
            for n in range(members):
                out[c, row, n] = noise[row, n]


def centring_factor(options: EnsembleOptions) -> float:
    """Return the factor on centred normals; 0 means that they are not centred."""
    if options.centering == "none":
        return 0.0
    n = options.perturbed
    return math.sqrt(n / (n - 1.0)) if options.centering == "rescaled" else 1.0


def forcing_memory(options: EnsembleOptions, cells: np.ndarray) -> np.ndarray:
    """Return the state of the autoregression before the first draw, to be handed to `forcing_noise`.

    Returns
    -------
    (cell, 3, member) array
        NaN, filled up to a multiple of four members; `forcing_noise` changes it in place.
    """
    return np.full((len(cells), len(FORCING_PERTURBATIONS), padded(options.members)), np.nan)


def forcing_noise(
    options: EnsembleOptions,
    cells: np.ndarray,
    first_step: int,
    dt: float,
    memory: np.ndarray,
    out: np.ndarray,
    *,
    first: int = 0,
    last: int | None = None,
) -> np.ndarray:
    """Write the perturbations of the forcing of some time steps, as `models.land.run.advance` takes them.

    One call runs on one thread and holds no lock: spread cells over threads with ``first`` and ``last``. Calls for
    one range of cells must follow each other in time, since ``memory`` carries the autoregression on.

    Parameters
    ----------
    options : EnsembleOptions
        Size, seed, intervals, scales.
    cells : (cell,) int array
        Numbers that name the cells, the same in every run: their indices on the grid.
    first_step : int
        Number of the first time step, counted from the start of the experiment.
    dt : float
        Time step [s].
    memory : (cell, 3, member) array
        From `forcing_memory`; changed in place.
    out : (step, block, 3, lane) array
        Written: factor on shortwave, addition to longwave [W m-2], factor on precipitation of column
        ``cell * members + member``, which stands in block ``column // lanes``. Lanes beyond the last column repeat it.
    first, last : int
        Range of ``cells`` to do; by default all.

    Returns
    -------
    array
        ``out``.

    Raises
    ------
    ValueError
        If ``out`` has too few blocks for the cells, or the interval does not fit the time step.
    """
    cells = np.asarray(cells, np.int64)
    last = cells.size if last is None else last
    columns = cells.size * options.members
    if out.ndim != 4 or out.shape[2] != 3 or out.shape[1] * out.shape[3] < columns:
        msg = (
            f"out has the shape {out.shape}: {columns} columns need (step, block, 3, lane), blocks * lanes >= columns."
        )
        raise ValueError(msg)
    hold = options.hold("forcing", dt)
    field, phi = perturbation_law(FORCING_PERTURBATIONS, options, hold * dt)
    root = rotation(FORCING_CORRELATION)
    many, stretch = options.perturbed, centring_factor(options)
    perturb_forcing(
        first,
        last,
        options.seed,
        cells,
        first_step,
        hold,
        options.members,
        many,
        stretch,
        root,
        field,
        phi,
        memory,
        out,
    )
    if last == cells.size:
        _fill_last_block(columns, out)
    return out


def state_noise(
    options: EnsembleOptions,
    cells: np.ndarray,
    step: int,
    dt: float,
    out: np.ndarray | None = None,
    *,
    first: int = 0,
    last: int | None = None,
) -> np.ndarray | None:
    """Draw what is added to the state before a time step, if it is the turn of the state.

    Parameters
    ----------
    options, cells, dt, first, last
        See `forcing_noise`.
    step : int
        Number of the time step, counted from the start of the experiment.
    out : (cell, 5, member) array, optional
        Written; made if not given.

    Returns
    -------
    (cell, 5, member) array or None
        Additions to soil moisture of four layers [m3 m-3] and leaf area index [m2 m-2], 0 for the control; None
        between two draws. After adding them call `center_on_control` if there is one.
    """
    hold = options.hold("state", dt)
    if step % hold:
        return None
    cells = np.asarray(cells, np.int64)
    if out is None:
        out = np.empty((cells.size, len(STATE_PERTURBATIONS), options.members))
    field, _ = perturbation_law(STATE_PERTURBATIONS, options, dt)
    root = rotation(STATE_CORRELATION)
    last = cells.size if last is None else last
    draw, many, stretch = step // hold, options.perturbed, centring_factor(options)
    perturb_state(first, last, options.seed, cells, draw, options.members, many, stretch, root, field, out)
    return out


@kernel
def center_on_control(first, last, low, high, ensemble):
    """Move the members so that their mean is the last, unperturbed one (Ryu et al. 2009), in place.

    Members that would leave their bounds take the control's value, kept within them, and the others are moved
    again, up to ten times, as LIS does; what then lies outside is put on the bound.

    Parameters
    ----------
    first, last : int
        Range of cells to do.
    low, high : (cell, state) array
        Bounds; infinite where there are none.
    ensemble : (cell, state, member) array
        Changed in place, but for the last member.
    """
    many = ensemble.shape[2] - 1
    pinned = np.empty(many, np.bool_)
    for c in range(first, last):
        for row in range(ensemble.shape[1]):
            bottom, top, control = low[c, row], high[c, row], ensemble[c, row, many]
            kept = min(max(control, bottom), top)
            pinned[:] = False
            for _ in range(PASSES):
                total, free = 0.0, 0
                for n in range(many):
                    if not pinned[n]:
                        total += ensemble[c, row, n] - control
                        free += 1
                drift = total / max(free, 1)
                fits = True
                for n in range(many):
                    if not pinned[n]:
                        x = ensemble[c, row, n] - drift
                        if x < bottom or x > top:
                            pinned[n] = True
                            ensemble[c, row, n] = kept
                            fits = False
                if fits:
                    break
            for n in range(many):
                if not pinned[n]:
                    ensemble[c, row, n] = min(max(ensemble[c, row, n] - drift, bottom), top)
