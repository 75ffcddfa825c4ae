"""Numbers that carry their derivatives through a kernel: one source gives the model's value and its Jacobian.

A dual number is a value and its derivatives by some seeds. Arithmetic on it follows the chain rule, so the equations
of `models.l4c.physics`, called with duals, return their exact derivatives beside their values (forward mode). Which
seeds a number depends on is part of its type: f(VPD) carries one derivative, its product with f(Tmin) two, and
nothing is ever multiplied by a known zero. The parts are plain scalars, so a loop over lanes still becomes vectors.

Where a ramp is cut off the derivative is 0, also at the very edge. Without compilation the same names work on plain
Python objects, slowly. (This file is part of every compiled kernel that imports it.)
"""

import operator

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, models, overload, register_model

from models.l4c.exponential import at_least, at_most, exp

__all__ = ["Dual", "seed", "tangent", "value"]

INLINED = {"forceinline": True, "error_model": "numpy"}


class Dual:
    """A value and its derivatives by seed; the compiled kernels know it as `DualType`."""

    def __init__(self, x, tangents):
        self.x, self.tangents = x, tangents

    def _with(self, x, slope, other=None, other_slope=0.0):
        out = {s: slope * t for s, t in self.tangents.items()}
        for s, t in (other.tangents if isinstance(other, Dual) else {}).items():
            out[s] = out.get(s, 0.0) + other_slope * t
        return Dual(x, out)

    def __neg__(self):
        return self._with(-self.x, -1.0)

    def __add__(self, other):
        return self._with(self.x + value(other), 1.0, other, 1.0)

    def __sub__(self, other):
        return self._with(self.x - value(other), 1.0, other, -1.0)

    def __mul__(self, other):
        return self._with(self.x * value(other), value(other), other, self.x)

    def __truediv__(self, other):
        ratio = self.x / value(other)
        return self._with(ratio, 1.0 / value(other), other, -ratio / value(other))

    def __radd__(self, other):
        return self + other

    def __rsub__(self, other):
        return -self + other

    def __rmul__(self, other):
        return self * other

    def __rtruediv__(self, other):
        return self._with(other / self.x, -other / (self.x * self.x))

    def __array_ufunc__(self, ufunc, method, *inputs):
        """Answer numpy's maximum, minimum and exp, and arithmetic that starts with a number of numpy's."""
        if ufunc in (np.maximum, np.minimum):
            mine = next(x for x in inputs if isinstance(x, Dual))
            result = ufunc(*(value(x) for x in inputs))
            limit = next(x for x in inputs if not isinstance(x, Dual))
            inside = mine.x > limit if ufunc is np.maximum else mine.x < limit
            return mine._with(result, 1.0 * inside)
        if ufunc is np.exp:
            result = np.exp(self.x)
            return self._with(result, result)
        swapped = {np.add: self.__radd__, np.subtract: self.__rsub__, np.multiply: self.__rmul__}
        swapped[np.true_divide] = self.__rtruediv__
        return swapped[ufunc](inputs[0]) if ufunc in swapped and inputs[1] is self else NotImplemented


def value(x):
    """Return the number without its derivatives."""
    return x.x if isinstance(x, Dual) else x


def seed(x, place):
    """Return ``x`` as a dual whose derivative by seed ``place`` (a literal) is 1."""
    return Dual(x, {place: 1.0})


def tangent(x, place):
    """Return the derivative of ``x`` by seed ``place`` (a literal), 0 if it does not depend on it."""
    return x.tangents.get(place, 0.0) if isinstance(x, Dual) else 0.0


class DualType(types.Type):
    """Compiled type of a dual: its float type and the seeds it depends on."""

    def __init__(self, kind: types.Float, seeds: tuple[int, ...]):
        self.kind, self.seeds = kind, seeds
        super().__init__(name=f"Dual({kind}, {seeds})")


@register_model(DualType)
class _DualModel(models.StructModel):
    def __init__(self, manager, dual):
        super().__init__(manager, dual, [("value", dual.kind), *((f"by{s}", dual.kind) for s in dual.seeds)])


class _Parts:
    """Value and derivatives of an argument as the compiler holds them."""

    def __init__(self, context, builder, kind, of, held):
        self.tangents = {}
        if isinstance(of, DualType):
            self.value = builder.extract_value(held, 0)
            self.tangents = {s: builder.extract_value(held, i + 1) for i, s in enumerate(of.seeds)}
        else:
            self.value = context.cast(builder, held, of, kind)


def _build(builder, struct, dual, x, terms):
    """Assemble a dual of value ``x`` and the sum of (slope, parts) of ``terms``; slope None stands for 1."""
    out = builder.insert_value(cgutils.get_null_value(struct), x, 0)
    for place, s in enumerate(dual.seeds):
        total = None
        for slope, parts in terms:
            if s in parts.tangents:
                term = parts.tangents[s] if slope is None else builder.fmul(slope, parts.tangents[s])
                total = term if total is None else builder.fadd(total, term)
        out = builder.insert_value(out, total, place + 1)
    return out


def _join(args):
    duals = [a for a in args if isinstance(a, DualType)]
    return DualType(duals[0].kind, tuple(sorted({s for d in duals for s in d.seeds}))) if duals else None


def _operation(function, rule):
    """Teach the compiler an operation of two numbers of which one at least is a dual."""

    class Rule(AbstractTemplate):
        def generic(self, args, kws):
            joined = _join(args) if len(args) == 2 and not kws else None
            kind_of = (DualType, types.Float, types.Integer)
            if joined is None or not all(isinstance(a, kind_of) for a in args):
                return None
            return signature(joined, *args)

    infer_global(function)(Rule)

    def lower(context, builder, sig, args):
        dual = sig.return_type
        a, b = (_Parts(context, builder, dual.kind, of, held) for of, held in zip(sig.args, args, strict=True))
        x, by_a, by_b = rule(builder, a.value, b.value)
        return _build(builder, context.get_value_type(dual), dual, x, ((by_a, a), (by_b, b)))

    for pair in ((DualType, DualType), (DualType, types.Number), (types.Number, DualType)):
        lower_builtin(function, *pair)(lower)


def _divide(builder, a, b):
    inverse = builder.fdiv(ir.Constant(b.type, 1.0), b)
    ratio = builder.fdiv(a, b)
    return ratio, inverse, builder.fneg(builder.fmul(ratio, inverse))


_operation(operator.add, lambda builder, a, b: (builder.fadd(a, b), None, None))
_operation(operator.sub, lambda builder, a, b: (builder.fsub(a, b), None, ir.Constant(b.type, -1.0)))
_operation(operator.mul, lambda builder, a, b: (builder.fmul(a, b), b, a))
_operation(operator.truediv, _divide)


@intrinsic
def _scaled(typing, x, slope, dual):
    """Dual of value ``x`` whose derivatives are those of ``dual`` times ``slope``."""

    def build(context, builder, sig, args):
        kind = dual.kind
        parts = _Parts(context, builder, kind, dual, args[2])
        x_, slope_ = (context.cast(builder, held, of, kind) for held, of in zip(args[:2], sig.args[:2], strict=True))
        return _build(builder, context.get_value_type(dual), dual, x_, ((slope_, parts),))

    return dual(x, slope, dual), build


@intrinsic
def _value(typing, dual):
    return dual.kind(dual), lambda context, builder, sig, args: builder.extract_value(args[0], 0)


@intrinsic(prefer_literal=True)
def _seed(typing, x, place):
    dual = DualType(x, (place.literal_value,))

    def build(context, builder, sig, args):
        out = builder.insert_value(cgutils.get_null_value(context.get_value_type(dual)), args[0], 0)
        return builder.insert_value(out, ir.Constant(args[0].type, 1.0), 1)

    return dual(x, place), build


@intrinsic(prefer_literal=True)
def _tangent(typing, dual, place):
    s = place.literal_value

    def build(context, builder, sig, args):
        if s in dual.seeds:
            return builder.extract_value(args[0], dual.seeds.index(s) + 1)
        return ir.Constant(context.get_value_type(dual.kind), 0.0)

    return dual.kind(dual, place), build


@overload(value, jit_options=INLINED)
def _value_of(x):
    return (lambda x: _value(x)) if isinstance(x, DualType) else (lambda x: x)


@overload(seed, prefer_literal=True, jit_options=INLINED)
def _seed_of(x, place):
    if isinstance(place, types.IntegerLiteral) and isinstance(x, types.Float):
        which = place.literal_value
        return lambda x, place: _seed(x, which)
    return None


@overload(tangent, prefer_literal=True, jit_options=INLINED)
def _tangent_of(x, place):
    if isinstance(place, types.IntegerLiteral) and isinstance(x, DualType):
        which = place.literal_value
        return lambda x, place: _tangent(x, which)
    return None


@overload(operator.neg, jit_options=INLINED)
def _negative(x):
    return (lambda x: _scaled(-_value(x), -1.0, x)) if isinstance(x, DualType) else None


@overload(at_least, jit_options=INLINED)
def _at_least_dual(x, low):
    if isinstance(x, DualType):
        return lambda x, low: _scaled(at_least(_value(x), low), 1.0 if _value(x) > low else 0.0, x)
    return None


@overload(at_most, jit_options=INLINED)
def _at_most_dual(x, high):
    if isinstance(x, DualType):
        return lambda x, high: _scaled(at_most(_value(x), high), 1.0 if _value(x) < high else 0.0, x)
    return None


@overload(exp, jit_options=INLINED)
def _exp_dual(x):
    if isinstance(x, DualType):

        def chained(x):
            y = exp(_value(x))
            return _scaled(y, y, x)

        return chained
    return None
