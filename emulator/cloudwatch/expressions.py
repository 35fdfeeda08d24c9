"""Metric math: arithmetic over metrics, period by period.

Built are numbers, ids, ``+ - * / ^``, comparisons, ``&& ||``, and a few functions. ``SEARCH``, ``SELECT`` and the rest
are refused by name.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any, Final

from emulator.faults import Fault

Points = dict[float, float]
"""When a period begins -> its value."""


def compute(expression: str, known: Mapping[str, Points], period: float, stretch: tuple[float, float]) -> Points:
    """The points of an expression over the points of ids.

    >>> compute("100 * a / (a + b)", {"a": {0.0: 1.0, 60.0: 2.0}, "b": {0.0: 3.0}}, 60, (0, 120))
    {0.0: 25.0}

    Raises:
        Fault: ValidationError, it is no expression; NotImplementedException, it is one that is not built.
    """
    text = expression.replace("^", "**").replace("&&", " and ").replace("||", " or ")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise Fault("ValidationError", f"Error in expression '{expression}': it cannot be parsed") from None
    start, end = stretch
    times = [start // period * period + index * period for index in range(math.ceil((end - start) / period) + 1)]
    value = _Evaluation(expression, known, [time for time in times if time < end]).of(tree)
    if isinstance(value, float | int):
        return dict.fromkeys((time for time in times if time < end), float(value))
    return {at: float(each) for at, each in sorted(value.items())}


_BINARY: Final[Mapping[type, Callable[[Any, Any], Any]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Mod: operator.mod,
}
_COMPARED: Final[Mapping[type, Callable[[Any, Any], Any]]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


class _Evaluation:
    def __init__(self, expression: str, known: Mapping[str, Points], times: list[float]) -> None:
        self._expression = expression
        self._known = known
        self._times = times

    def of(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant(value=int() | float() as number):
                return float(number)
            case ast.Name(id=name) if name in self._known:
                return self._known[name]
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return _each(lambda value: -value, self.of(operand))
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                return _both(_power, self.of(left), self.of(right))
            case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _BINARY:
                return _both(_BINARY[type(sign)], self.of(left), self.of(right))
            case ast.Compare(left=left, ops=[sign], comparators=[right]) if type(sign) in _COMPARED:
                compare = _COMPARED[type(sign)]
                return _both(lambda a, b: float(compare(a, b)), self.of(left), self.of(right))
            case ast.BoolOp(op=sign, values=[left, right]):
                together = min if isinstance(sign, ast.And) else max
                return _both(lambda a, b: float(together(bool(a), bool(b))), self.of(left), self.of(right))
            case ast.Call(func=ast.Name(id=name), args=arguments):
                return self._call(name, arguments)
        raise self._unbuilt("this")

    def _unbuilt(self, what: str) -> Fault:
        text = f"Dynastep has not built {what} in metric math: '{self._expression}'"
        return Fault("NotImplementedException", text, status=501)

    def _call(self, name: str, arguments: list[ast.expr]) -> Any:
        if name == "METRICS" and not arguments:
            return list(self._known.values())
        given = [self._listed(each) if isinstance(each, ast.List) else self.of(each) for each in arguments]
        match name, given:
            case "FILL", [dict() as points, float() as value]:
                return {time: points.get(time, value) for time in self._times}
            case "IF", [condition, yes, no]:
                return self._choose(condition, yes, no)
            case "ABS" | "CEIL" | "FLOOR", [value]:
                return _each(_ROUNDED[name], value)
            case "SUM" | "AVG" | "MIN" | "MAX", [list() as several]:
                return _across(_FUNCTIONS[name], several)
            case "SUM" | "AVG" | "MIN" | "MAX", [dict() as points]:
                return _FUNCTIONS[name](list(points.values())) if points else {}
        raise self._unbuilt(f"the function {name}")

    def _listed(self, node: ast.List) -> list[Any]:
        return [self.of(each) for each in node.elts]

    def _choose(self, condition: Any, yes: Any, no: Any) -> Points:
        found = {}
        for time in self._times:
            asked = condition if isinstance(condition, float) else condition.get(time)
            if asked is not None:
                chosen = yes if asked else no
                value = chosen if isinstance(chosen, float) else chosen.get(time)
                if value is not None:
                    found[time] = value
        return found


_ROUNDED: Final[Mapping[str, Callable[[float], float]]] = {"ABS": abs, "CEIL": math.ceil, "FLOOR": math.floor}


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


_FUNCTIONS: Final[Mapping[str, Callable[[list[float]], float]]] = {"SUM": sum, "AVG": _mean, "MIN": min, "MAX": max}


def _across(function: Callable[[list[float]], float], several: list[Points]) -> Points:
    """A function over the values that several series have at one time."""
    times = sorted({time for points in several for time in points})
    return {time: function([points[time] for points in several if time in points]) for time in times}


def _power(base: float, exponent: float) -> float:
    try:
        found = math.pow(base, exponent)
    except (OverflowError, ValueError):
        return math.nan
    return found


def _each(function: Callable[[float], float], value: Any) -> Any:
    return {at: function(each) for at, each in value.items()} if isinstance(value, dict) else function(value)


def _both(function: Callable[[float, float], float], left: Any, right: Any) -> Any:
    """A function of two series, or of a series and a number: where both have a value, and it can be computed."""
    if not isinstance(left, dict) and not isinstance(right, dict):
        return function(left, right)
    times = [
        time for time in (left if isinstance(left, dict) else right) if not isinstance(right, dict) or time in right
    ]
    found = {}
    for time in times:
        a = left[time] if isinstance(left, dict) else left
        b = right[time] if isinstance(right, dict) else right
        try:
            value = function(a, b)
        except ZeroDivisionError:
            continue
        if not math.isnan(value):
            found[time] = value
    return found
