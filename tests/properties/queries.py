"""Random machines in JSONata: all eight states, with variables, expressions that hold and expressions that fail.

They are chains: every transition leads forward, so each machine ends.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import strategies as st
from properties.scripted import JOB, TASK

JSON = Any
Draw = Callable[[st.SearchStrategy[Any]], Any]

INPUT = {
    "n": 2,
    "text": "a,b",
    "items": [3, 1, 2],
    "when": "2026-01-01T00:00:03Z",
    "deep": {"list": [{"x": 1}, {"x": 2}]},
}
MAX_DEPTH = 2

_sound = st.sampled_from(
    [
        *(
            "1",
            "'a'",
            "[1, 2]",
            "{'n': 3}",
            "null",
            "$states.input",
            "$states.context.State.Name",
            "$random()",
            "$uuid()",
        ),
        *(
            "$exists($v0)",
            "$string($states.input)",
            "$count($states.input.items)",
            "[1..3].($ * 2)",
            "$type($states.input.n)",
        ),
        *("$states.context.Execution.Input.items", "($f := function($n){ $n < 1 ? 0 : $f($n - 1) }; $f(5))"),
        *("$merge([{'n': 1}, {'m': 2}])", "$match('a-b', /(a)-(b)/).groups", "$states.input ~> |$|{'k': 1}|"),
    ]
)
_dubious = st.sampled_from(
    [
        *(
            "$states.input.missing",
            "$states.input.n + 'a'",
            "$error('wrong')",
            "$sum('a')",
            "function($x){ $x }",
            "$v0",
            "$v1",
        ),
        *("$states.input.text.x", "$assert(false, 'no')", "$unheard()", "$number('x')", "$v0[0].x", "1 / 0"),
    ]
)
expressions = st.one_of(_sound, _sound, _sound, _dubious).map(lambda text: f"{{% {text} %}}")
values = st.recursive(
    st.one_of(expressions, st.integers(-1, 3), st.sampled_from(["", "a"]), st.none(), st.booleans()),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=3,
)
_rare = st.integers(0, 5).map(lambda number: number == 0)
_often = st.booleans()
ERRORS = ["States.QueryEvaluationError", "Busy", "States.ALL"]


@st.composite
def machines(draw: Draw) -> JSON:
    """A machine."""
    return {"QueryLanguage": "JSONata", **_Builder(draw).machine(0)}


class _Builder:
    """Builds one machine, its names all different. Variables of nested machines have names of their own."""

    def __init__(self, draw: Draw) -> None:
        self._draw = draw
        self._numbers: Iterator[int] = itertools.count()

    def machine(self, depth: int) -> JSON:
        draw = self._draw
        simple = ["Pass", "Task", "Wait", "Choice"]
        kinds = simple if depth == MAX_DEPTH else [*simple, "Map", "Parallel"]
        chosen = [draw(st.sampled_from(kinds)) for _ in range(draw(st.integers(0, 3)))]
        chosen.append(draw(st.sampled_from(["Succeed", "Pass", "Task", "Fail"])))
        names = [f"{kind}{next(self._numbers)}" for kind in chosen]
        states = {
            name: self._state(kind, names[place + 1 :], depth)
            for place, (kind, name) in enumerate(zip(chosen, names, strict=True))
        }
        return {"StartAt": names[0], "States": states}

    def _state(self, kind: str, later: list[str], depth: int) -> JSON:
        draw = self._draw
        state: JSON = {"Type": kind}
        if kind != "Fail" and draw(_often):
            state["Output"] = draw(values)
        if kind not in ("Succeed", "Fail"):
            state |= self._assign(depth)
        if kind not in ("Choice", "Succeed", "Fail"):
            state |= {"Next": later[0]} if later else {"End": True}
        if kind in ("Task", "Map", "Parallel"):
            state |= self._handlers(later, depth)
        return state | getattr(self, f"_{kind.lower()}")(later, depth)

    def _assign(self, depth: int) -> JSON:
        if not self._draw(_often):
            return {}
        names = st.sampled_from([f"v{2 * depth}", f"v{2 * depth + 1}"])
        return {"Assign": self._draw(st.dictionaries(names, values, max_size=2))}

    def _handlers(self, later: list[str], depth: int) -> JSON:
        draw = self._draw
        found: JSON = {}
        if draw(_rare):
            found["Retry"] = [{"ErrorEquals": [draw(st.sampled_from(ERRORS))], "MaxAttempts": 2}]
        if later and draw(_often):
            catcher = {"ErrorEquals": [draw(st.sampled_from(ERRORS))], "Next": draw(st.sampled_from(later))}
            found["Catch"] = [catcher | self._assign(depth) | ({"Output": draw(values)} if draw(_rare) else {})]
        return found

    def _pass(self, _later: list[str], _depth: int) -> JSON:
        return {}

    _succeed = _pass

    def _fail(self, _later: list[str], _depth: int) -> JSON:
        return self._draw(st.sampled_from([{}, {"Error": "Busy"}, {"Error": "{% 'Bu' & 'sy' %}", "Cause": "{% 1 %}"}]))

    def _wait(self, _later: list[str], _depth: int) -> JSON:
        seconds = st.sampled_from([0, 2, "{% $states.input.n %}", "{% 1 %}", "{% 1.5 %}", "{% -1 %}"])
        times = st.sampled_from(["2026-01-01T00:00:02Z", "{% $states.context.Execution.Input.when %}", "{% 'soon' %}"])
        return self._draw(seconds.map(lambda value: {"Seconds": value}) | times.map(lambda value: {"Timestamp": value}))

    def _task(self, _later: list[str], _depth: int) -> JSON:
        draw = self._draw
        state = {"Resource": draw(st.sampled_from([TASK, JOB])) + "t"}
        if draw(_often):
            state["Arguments"] = draw(values)
        if draw(_rare):
            state["TimeoutSeconds"] = draw(st.sampled_from([5, "{% 5 %}", "{% 'x' %}", "{% -1 %}"]))
        return state

    def _choice(self, later: list[str], depth: int) -> JSON:
        draw = self._draw
        rules = []
        for _ in range(draw(st.integers(1, 2))):
            condition = draw(st.sampled_from([True, False, "{% $exists($v0) %}", "{% $random() > 0.5 %}", "{% 1 %}"]))
            rule = {"Condition": condition, "Next": draw(st.sampled_from(later)), **self._assign(depth)}
            rules.append(rule | ({"Output": draw(values)} if draw(_rare) else {}))
        return {
            "Choices": [*rules, {"Condition": False, "Next": later[0]}],
            **({"Default": later[0]} if draw(_often) else {}),
        }

    def _map(self, _later: list[str], depth: int) -> JSON:
        draw = self._draw
        items = st.sampled_from(
            [[1, 2], "{% [1..3] %}", "{% $states.input.items %}", "{% 'none' %}", ["{% 1 %}", "{% $no %}"]]
        )
        state = {"ItemProcessor": self.machine(depth + 1), "Items": draw(items)}
        if draw(_often):
            state["ItemSelector"] = draw(values | st.just({"i": "{% $states.context.Map.Item.Index %}"}))
        if draw(_rare):
            state["MaxConcurrency"] = draw(st.sampled_from([1, "{% 2 %}", "{% 'x' %}"]))
        return state

    def _parallel(self, _later: list[str], depth: int) -> JSON:
        branches = [self.machine(depth + 1) for _ in range(self._draw(st.integers(1, 2)))]
        return {"Branches": branches, **({"Arguments": self._draw(values)} if self._draw(_rare) else {})}
