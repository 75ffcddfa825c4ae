"""One plain sentence on what innovations say of a filter."""

import math

__all__ = ["CHANCE", "FEWEST", "GAIN_LEVELS", "GAIN_TOLERANCE", "LARGEST_BIAS", "LEVELS", "verdict"]

FEWEST = 30
"""Fewer innovations than this say nothing."""

LEVELS = (0.9, 1.1)
"""sd of normalised innovations within which the level of the assumed errors is right."""

GAIN_LEVELS = (0.75, 1.25)
"""sd of normalised innovations outside which a wrong gain comes from one of the two errors alone."""

GAIN_TOLERANCE = 0.1
"""Lag-1 autocorrelation of innovations up to which the gain is right."""

CHANCE = 1.64
"""Standard errors by which a figure must leave its bounds to count: one in twenty by chance."""

LARGEST_BIAS = 0.25
"""Mean of normalised innovations up to which there is no bias to speak of."""


def verdict(normalised_std: float, lag1: float, *, count: int | None = None, mean: float = 0.0) -> str:
    """Say in one plain sentence what the diagnostics mean.

    Autocorrelation judges the gain, that is the ratio of forecast to observation error; the normalised sd judges the
    level of both; each alone can look right while the filter is wrong.

    Parameters
    ----------
    normalised_std : float
        sd of normalised innovations.
    lag1 : float
        Autocorrelation of innovations from one observation to the next.
    count : int, optional
        Innovations they come from; with it what may be chance is not held against the filter.
    mean : float
        Mean of normalised innovations.

    Examples
    --------
    >>> verdict(1.0, 0.0)
    'The filter is consistent: the assumed errors explain the innovations, and each observation is used up at once.'
    """
    if count is not None and count < FEWEST:
        return f"Too few observations to judge: {count}, where {FEWEST} are the least."
    if not (math.isfinite(normalised_std) and math.isfinite(lag1)):
        return "There is nothing to judge: the innovations do not vary."
    # What chance alone makes of so many innovations is no fault of the filter.
    chance = 0.0 if count is None else CHANCE / math.sqrt(count)
    low, high = LEVELS[0] - chance / math.sqrt(2.0), LEVELS[1] + chance / math.sqrt(2.0)
    if lag1 > GAIN_TOLERANCE + chance:
        text = _gain_too_small(normalised_std)
    elif lag1 < -GAIN_TOLERANCE - chance:
        text = _gain_too_large(normalised_std)
    elif normalised_std > high:
        text = (
            "The gain is right but the errors are assumed too small: ensemble spread and observation error alike, by"
            f" a factor of about {normalised_std:.1f}"
        )
    elif normalised_std < low:
        text = (
            "The gain is right but the errors are assumed too large: ensemble spread and observation error alike, by"
            f" a factor of about {1.0 / normalised_std:.1f}"
        )
    else:
        text = (
            "The filter is consistent: the assumed errors explain the innovations, and each observation is used up at"
            " once"
        )
    if abs(mean) > LARGEST_BIAS:
        side = "above" if mean > 0.0 else "below"
        text += (
            f"; observations lie {side} the forecast by {abs(mean):.1f} of its expected error, a bias to remove first"
        )
    return text + "."


def _gain_too_small(level: float) -> str:
    """Say what a positive autocorrelation means at a level."""
    start = "The gain is too small, so that the next innovation repeats this one: "
    if level < GAIN_LEVELS[0]:
        return start + "the observation error is assumed too large"
    if level > GAIN_LEVELS[1]:
        return start + "the ensemble spread is too small"
    return (
        start + "the observation error is assumed too large and the ensemble spread too small, or the observations'"
        " own errors are correlated in time"
    )


def _gain_too_large(level: float) -> str:
    """Say what a negative autocorrelation means at a level."""
    start = "The gain is too large, so that the next innovation takes this one back: "
    if level > GAIN_LEVELS[1]:
        return start + "the observation error is assumed too small"
    if level < GAIN_LEVELS[0]:
        return start + "the ensemble spread is too large"
    return start + "the ensemble spread is too large and the observation error assumed too small"
