"""Perturbations of observations: counter-based, centred over members, rescaled or clipped."""

import numpy as np

from models.draws import philox
from models.kernel import kernel

__all__ = ["CONVENTIONS", "observation_noise"]

CONVENTIONS = ("rescaled", "lis")
"""How perturbations are made to have mean 0: "rescaled" (centred, then times sqrt(N / (N - 1)), so that their
variance is R on average: the convention of DAPPER) or "lis" (clipped at 2.5 standard deviations, then centred, not
rescaled: the variance is 4 % too small with 24 members)."""

TO_UNIT = 1.0 / 4294967296.0
CLIP = 2.5


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
    for c in range(first, last):
        for quad in range((many + 3) // 4):
            x0, x1, x2, x3 = philox(cells[c], step, stream, quad, seed, 1)
            near = np.sqrt(-2.0 * np.log((x0 + 0.5) * TO_UNIT))
            far = np.sqrt(-2.0 * np.log((x2 + 0.5) * TO_UNIT))
            turn, other = 2.0 * np.pi * (x1 + 0.5) * TO_UNIT, 2.0 * np.pi * (x3 + 0.5) * TO_UNIT
            four = (near * np.cos(turn), near * np.sin(turn), far * np.cos(other), far * np.sin(other))
            for place in range(4):
                if 4 * quad + place < many:
                    out[c, 4 * quad + place] = four[place]
        total = 0.0
        for n in range(many):
            if lis:
                out[c, n] = min(max(out[c, n], -CLIP), CLIP)
            total += out[c, n]
        mean = total / many
        scale = sd[c]
        if not lis and many > 1:
            scale *= np.sqrt(many / (many - 1.0))
        for n in range(many):
            out[c, n] = (out[c, n] - mean) * scale
        if control:
            out[c, members - 1] = 0.0
