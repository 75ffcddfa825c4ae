"""Perturbations of observations: counter-based, centred over members, rescaled or clipped."""

import numpy as np

from models.kernel import kernel
from models.normals import draw_normals

__all__ = ["CONVENTIONS", "observation_noise"]

CONVENTIONS = ("rescaled", "lis")
"""How perturbations are made to have mean 0: "rescaled" (centred, then times sqrt(N / (N - 1)), so that each has the
variance R again: the convention of DAPPER) or "lis" (clipped at 2.5 standard deviations, then centred, not rescaled:
each has a variance that is 4 % too small with 24 members, and the clipping takes 2 % more)."""

CLIP = 2.5
OBSERVATION_STREAM = 1024
"""Streams from here on are those of observations: none of the ensemble's."""


@kernel
def observation_noise(first, last, cells, seed, stream, step, sd, lis, control, out):
    """Fill ``out`` with the perturbations of one observation in cells ``first`` to ``last``.

    A number is a function of (seed, stream, cell, step, member): the same in every run that names it so, whatever the
    other settings, the number of members and the threads.

    Parameters
    ----------
    first, last : int
        Rows of ``cells`` to fill.
    cells : (cell,) int array
        Names of the cells, as the grid numbers them.
    seed, stream, step : int
        Seed of the experiment, number of the sensor (and channel), number of the time.
    sd : (cell,) float64 array
        Standard deviation of the observation error, in the unit of the observation.
    lis : bool
        Clip at 2.5 sd and centre, instead of centre and rescale; see `CONVENTIONS`.
    control : bool
        The last member is an unperturbed control: it gets 0, the others are centred among themselves.
    out : (cell, member) float64 array
        Written.
    """
    members = out.shape[1]
    many = members - 1 if control else members
    groups = (many + 3) // 4
    step_of, name_of = np.full(groups, step), np.arange(groups)
    drawn = np.empty(4 * groups)
    for c in range(first, last):
        draw_normals(seed, OBSERVATION_STREAM + stream, cells[c], step_of, name_of, drawn)
        total = 0.0
        for n in range(many):
            if lis:
                drawn[n] = min(max(drawn[n], -CLIP), CLIP)
            total += drawn[n]
        mean = total / many
        scale = sd[c]
        if not lis and many > 1:
            scale *= np.sqrt(many / (many - 1.0))
        for n in range(many):
            out[c, n] = (drawn[n] - mean) * scale
        if control:
            out[c, members - 1] = 0.0
