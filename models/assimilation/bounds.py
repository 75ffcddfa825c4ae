r"""Keep an analysis physical: the rule of LIS for soil moisture, or clipping.

A member is *valid* if every row of a group lies strictly inside its bounds (for soil moisture: 0.02 above dry and 0.02
below porosity, in all four layers). The rule of LIS (`noahmp401_setsoilm` of LISF) looks at the whole ensemble:

- all members valid: the analysis stands;
- at least half valid: the others are set, row by row, to the middle of the range of the valid ones;
- fewer: the analysis of this cell is taken back. With a control member (perturbation bias correction of Ryu et al.
  2009, J. Hydrometeorol., doi 10.1175/2008JHM1073.1) the forecast is then centred on it.

Each of these is an event that costs spread, so all are counted.
"""

import numpy as np

from models.assimilation.ensemble import center_on_control
from models.kernel import kernel, spread

__all__ = ["EVENTS", "RULES", "clip", "lis_rule", "restrain"]

RULES = ("lis", "clip", "none")
EVENTS = ("replaced", "rejected", "clipped")
"""Columns of the counts: members set to the middle of the valid ones, analyses taken back, values clipped."""

REPLACED, REJECTED, CLIPPED = 0, 1, 2


@kernel
def lis_rule(first, last, forecast, E, low, high, groups, control, mean, events):
    """Apply the rule of LIS to cells ``first`` to ``last``.

    Parameters
    ----------
    first, last : int
        Cells to run.
    forecast : (cell, state, member) float64 array
        The ensemble before the update.
    E : (cell, state, member) float64 array
        Analysis in, restrained analysis out.
    low, high : (cell, state) float64 array
        Bounds, in the unit of the state.
    groups : (state,) int64 array
        Rows with the same number are judged together; a negative number leaves a row alone.
    control : bool
        The last member is an unperturbed control; rejected cells are centred on it.
    mean : bool
        Replace by the mean of the valid members instead of the middle of their range.
    events : (cell, 3) int64 array
        Counts are added, in the order of `EVENTS`.
    """
    states, members = E.shape[1], E.shape[2]
    for c in range(first, last):
        for group in range(states):
            valid, present = 0, False
            for n in range(members):
                inside = True
                for i in range(states):
                    if groups[i] == group:
                        present = True
                        inside &= low[c, i] < E[c, i, n] < high[c, i]
                valid += inside
            if not present or valid == members:
                continue
            if 2 * valid < members:
                events[c, REJECTED] += 1
                for i in range(states):
                    if groups[i] == group:
                        for n in range(members):
                            E[c, i, n] = forecast[c, i, n]
                        if control:
                            box = (low[c : c + 1, i : i + 1], high[c : c + 1, i : i + 1])
                            center_on_control(0, 1, box[0], box[1], E[c : c + 1, i : i + 1])
                continue
            events[c, REPLACED] += members - valid
            for n in range(members):
                inside = True
                for i in range(states):
                    if groups[i] == group:
                        inside &= low[c, i] < E[c, i, n] < high[c, i]
                if not inside:
                    # A mark that no value of a valid member can be.
                    for i in range(states):
                        if groups[i] == group:
                            E[c, i, n] = np.nan
            for i in range(states):
                if groups[i] != group:
                    continue
                least, most, total = np.inf, -np.inf, 0.0
                for n in range(members):
                    if not np.isnan(E[c, i, n]):
                        least, most, total = min(least, E[c, i, n]), max(most, E[c, i, n]), total + E[c, i, n]
                instead = total / valid if mean else 0.5 * (least + most)
                for n in range(members):
                    if np.isnan(E[c, i, n]):
                        E[c, i, n] = instead


@kernel
def clip(first, last, E, low, high, groups, events):
    """Clip every value of cells ``first`` to ``last`` to its bounds; arguments as in `lis_rule`."""
    for c in range(first, last):
        for i in range(E.shape[1]):
            if groups[i] >= 0:
                for n in range(E.shape[2]):
                    value = E[c, i, n]
                    if value < low[c, i] or value > high[c, i]:
                        events[c, CLIPPED] += 1
                        E[c, i, n] = min(max(value, low[c, i]), high[c, i])


def restrain(forecast, analysis, low, high, *, rule="lis", groups=None, control=False, mean=False):
    """Return an analysis inside its bounds, and how often that took an intervention.

    Parameters
    ----------
    forecast, analysis : (state, member) or (cell, state, member) array
        Ensemble before and after the update; neither is changed.
    low, high : (state,) or (cell, state) array
        Bounds in the unit of each state variable.
    rule : str
        One of `RULES`.
    groups : (state,) int array, optional
        Rows with the same number from 0 to state - 1 are judged together, negative ones not at all; all together if
        None.
    control : bool
        The last member is an unperturbed control.
    mean : bool
        With "lis": replace by the mean of the valid members, not by the middle of their range.

    Returns
    -------
    analysis : array
        Of the same shape.
    events : (3,) or (cell, 3) int64 array
        Counts in the order of `EVENTS`.

    Raises
    ------
    ValueError
        An unknown rule, shapes that differ, a lower bound that is not below the upper one, a group out of range.
    """
    if rule not in RULES:
        msg = f"rule = {rule!r} is not known; choose one of {', '.join(RULES)}."
        raise ValueError(msg)
    forecast, analysis = np.asarray(forecast, float), np.array(analysis, float)
    if forecast.shape != analysis.shape or analysis.ndim not in (2, 3):
        msg = (
            f"forecast has shape {forecast.shape}, analysis {analysis.shape}; the same (state, member) or "
            "(cell, state, member) is accepted."
        )
        raise ValueError(msg)
    many = analysis.ndim == 3
    E, before = (analysis, forecast) if many else (analysis[None], forecast[None])
    low, high = (np.broadcast_to(np.asarray(b, float), E.shape[:2]).copy() for b in (low, high))
    if not (low < high).all():
        at = tuple(int(i) for i in np.argwhere(~(low < high))[0])
        msg = f"The bounds of (cell, state) {at} are {low[at]:g} and {high[at]:g}; the lower must be below the upper."
        raise ValueError(msg)
    groups = np.zeros(E.shape[1], np.int64) if groups is None else np.asarray(groups, np.int64)
    if groups.shape != (E.shape[1],) or (groups >= E.shape[1]).any():
        msg = f"groups is {groups.tolist()}; {E.shape[1]} whole numbers below {E.shape[1]} are accepted, one a state."
        raise ValueError(msg)
    events = np.zeros((len(E), len(EVENTS)), np.int64)
    if rule == "lis":
        spread(lambda a, b: lis_rule(a, b, before, E, low, high, groups, control, mean, events), len(E))
    elif rule == "clip":
        spread(lambda a, b: clip(a, b, E, low, high, groups, events), len(E))
    return (E, events) if many else (E[0], events[0])
