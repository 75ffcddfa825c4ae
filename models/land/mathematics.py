"""The vector mathematics of `models.mathematics`, under the name by which the land surface model calls it."""

from models.mathematics import arctangent, clip, exp, larger, log, power, smaller, tanh, where

__all__ = ["arctangent", "clip", "exp", "larger", "log", "power", "smaller", "tanh", "where"]
