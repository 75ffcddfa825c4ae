r"""The ensemble Kalman filter of one column, over all cells: loops that write the analysis in place.

For a cell with states :math:`x_n` and predicted observations :math:`h_n` of members n = 1..N, and one observation y,

.. math::
    K &= \frac{\overline{x'h'}}{\overline{h'h'} + r}, \qquad
    x_n \leftarrow x_n + K \left[(y - \bar h) + \epsilon_n - \alpha h'_n\right]

where an overline is a sum over members divided by N - 1. :math:`\alpha = 1` with perturbed observations
:math:`\epsilon_n` (Burgers et al. 1998, doi 10.1175/1520-0493(1998)126<1719:ASITEK>2.0.CO;2);
:math:`\alpha = 1 / (1 + \sqrt{r / (\overline{h'h'} + r)})` for the square root filter (Whitaker and Hamill 2002, doi
10.1175/1520-0493(2002)130<1913:EDAWPO>2.0.CO;2), which for one observation is the symmetric ETKF;
:math:`\alpha = 1/2` for DEnKF (Sakov and Oke 2008, doi 10.1111/j.1600-0870.2007.00299.x).
"""

import numpy as np

from models.kernel import sum_kernel

__all__ = ["DENKF", "SQUARE_ROOT", "STOCHASTIC", "update_cells", "update_pairs"]

STOCHASTIC, SQUARE_ROOT, DENKF = 0, 1, 2


@sum_kernel
def update_cells(first, last, E, HE, y, r, D, rows, used, variant, increment, gain, hph, innovation):
    """Update cells ``first`` to ``last`` with one observation each; nothing is checked here.

    Where ``used`` is False the ensemble stays and the increment is 0, but innovation, HPH' and gain are given all the
    same: that is a sensor which is only watched. Where y is NaN the innovation is NaN and the ensemble stays.

    Parameters
    ----------
    first, last : int
        Cells to run; cells do not know of each other, so any split over threads gives the same numbers.
    E : (cell, state, member) float64 array
        Forecast in, analysis out.
    HE : (cell, member) float64 array
        Predicted observations, in the unit of y.
    y, r : (cell,) float64 array
        Observation and its error variance (> 0).
    D : (cell, member) float64 array
        Perturbations that are added to y; zeros (finite in any case) for the other variants.
    rows : (state,) bool array
        Which state variables this sensor may change.
    used : (cell,) bool array
        Which cells are updated.
    variant : int
        `STOCHASTIC`, `SQUARE_ROOT` or `DENKF`.
    increment, gain : (cell, state) float64 array
        Written: change of the ensemble mean (before any physical bounds) and K; 0 in rows that are not updated.
    hph, innovation : (cell,) float64 array
        Written: variance of the predicted observation over members, and y minus their mean.
    """
    states, members = E.shape[1], E.shape[2]
    for c in range(first, last):
        total = 0.0
        for n in range(members):
            total += HE[c, n]
        mean = total / members
        square = 0.0
        for n in range(members):
            square += (HE[c, n] - mean) * (HE[c, n] - mean)
        spread = square / (members - 1)
        d = y[c] - mean
        scale = 1.0 / ((members - 1) * (spread + r[c]))
        hph[c], innovation[c] = spread, d
        alpha, noise, shift = 1.0, 1.0, 0.0
        if variant == SQUARE_ROOT:
            alpha, noise = 1.0 / (1.0 + np.sqrt(r[c] / (spread + r[c]))), 0.0
        elif variant == DENKF:
            alpha, noise = 0.5, 0.0
        else:
            for n in range(members):
                shift += D[c, n]
            shift /= members
        apply = used[c] and not np.isnan(d)
        for i in range(states):
            k = 0.0
            if rows[i]:
                # Values relative to the first member: a row without spread gets a gain of exactly 0.
                origin = E[c, i, 0]
                for n in range(members):
                    k += (E[c, i, n] - origin) * (HE[c, n] - mean)
                k *= scale
            gain[c, i] = k
            increment[c, i] = 0.0
            if apply and rows[i]:
                increment[c, i] = k * (d + shift)
                k_base, k_noise, k_alpha = k * (d + alpha * mean), k * noise, k * alpha
                for n in range(members):
                    E[c, i, n] += k_base + k_noise * D[c, n] - k_alpha * HE[c, n]


@sum_kernel
def update_pairs(first, last, E, HE, y, R, D, rows, used, increment, gain, hph, innovation):
    """Update cells with up to two observations at once (perturbed observations), as `update_cells` does with one.

    An observation that is not used or is NaN drops out of the analysis of its cell; the other is used alone.

    Parameters
    ----------
    E : (cell, state, member) float64 array
        Forecast in, analysis out.
    HE : (cell, 2, member) float64 array
    y : (cell, 2) float64 array
    R : (cell, 2, 2) float64 array
        Error covariance, positive definite.
    D : (cell, 2, member) float64 array
    rows : (2, state) bool array
        Which state variables each observation may change.
    used : (cell, 2) bool array
    increment : (cell, state) float64 array
        Written: change of the ensemble mean.
    gain : (cell, state, 2) float64 array
        Written: K; 0 for an observation that is not used.
    hph : (cell, 3) float64 array
        Written: HPH' of the first, between the two, of the second.
    innovation : (cell, 2) float64 array
        Written.
    """
    states, members = E.shape[1], E.shape[2]
    for c in range(first, last):
        sum_0, sum_1, bias_0, bias_1 = 0.0, 0.0, 0.0, 0.0
        for n in range(members):
            sum_0 += HE[c, 0, n]
            sum_1 += HE[c, 1, n]
            bias_0 += D[c, 0, n]
            bias_1 += D[c, 1, n]
        mean_0, mean_1 = sum_0 / members, sum_1 / members
        s_00, s_01, s_11 = 0.0, 0.0, 0.0
        for n in range(members):
            a, b = HE[c, 0, n] - mean_0, HE[c, 1, n] - mean_1
            s_00 += a * a
            s_01 += a * b
            s_11 += b * b
        s_00, s_01, s_11 = s_00 / (members - 1), s_01 / (members - 1), s_11 / (members - 1)
        d_0, d_1 = y[c, 0] - mean_0, y[c, 1] - mean_1
        hph[c, 0], hph[c, 1], hph[c, 2] = s_00, s_01, s_11
        innovation[c, 0], innovation[c, 1] = d_0, d_1
        use_0, use_1 = used[c, 0] and not np.isnan(d_0), used[c, 1] and not np.isnan(d_1)
        w_00, w_01, w_11 = s_00 + R[c, 0, 0], s_01 + R[c, 0, 1], s_11 + R[c, 1, 1]
        # The inverse of W = HPH' + R, of one element where only one observation counts.
        i_00, i_01, i_11 = 0.0, 0.0, 0.0
        if use_0 and use_1:
            determinant = w_00 * w_11 - w_01 * w_01
            i_00, i_01, i_11 = w_11 / determinant, -w_01 / determinant, w_00 / determinant
        elif use_0:
            i_00, d_1 = 1.0 / w_00, 0.0
        elif use_1:
            i_11, d_0 = 1.0 / w_11, 0.0
        shift_0, shift_1 = d_0 + bias_0 / members, d_1 + bias_1 / members
        for i in range(states):
            p_0, p_1 = 0.0, 0.0
            origin = E[c, i, 0]
            for n in range(members):
                p_0 += (E[c, i, n] - origin) * (HE[c, 0, n] - mean_0)
                p_1 += (E[c, i, n] - origin) * (HE[c, 1, n] - mean_1)
            p_0, p_1 = p_0 / (members - 1), p_1 / (members - 1)
            k_0 = p_0 * i_00 + p_1 * i_01 if use_0 and rows[0, i] else 0.0
            k_1 = p_0 * i_01 + p_1 * i_11 if use_1 and rows[1, i] else 0.0
            gain[c, i, 0], gain[c, i, 1] = k_0, k_1
            increment[c, i] = 0.0
            if k_0 != 0.0 or k_1 != 0.0:
                increment[c, i] = k_0 * shift_0 + k_1 * shift_1
                for n in range(members):
                    e_0 = d_0 + D[c, 0, n] - (HE[c, 0, n] - mean_0)
                    e_1 = d_1 + D[c, 1, n] - (HE[c, 1, n] - mean_1)
                    E[c, i, n] += k_0 * e_0 + k_1 * e_1
