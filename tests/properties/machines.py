"""Random machines: valid JSONPath definitions of all eight states, and scripts for their tasks.

They are chains: every transition leads forward, so each machine ends. Paths are drawn from what the input has and from
what it has not, so some machines fail, as they may.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from hypothesis import strategies as st
from properties.scripted import JOB, LAMBDA, TASK, Answer

T = TypeVar("T")
Draw = Callable[[st.SearchStrategy[T]], T]
JSON = Any

INPUT = {
    "n": 2,
    "text": "a*b",
    "yes": True,
    "none": None,
    "when": "2026-01-01T00:00:03Z",
    "items": [3, 1, 2],
    "deep": {"n": 1, "list": [{"x": 1}, {"x": 2}]},
}
MAX_DEPTH = 2

paths = st.sampled_from(["$.n", "$.text", "$.items", "$.items[1]", "$.deep", "$.deep.list[*].x", "$$.State.Name"])
dubious_paths = st.one_of(paths, st.sampled_from(["$.missing", "$.deep.none.x", "$", "$..x", "$.items[9]"]))
places = st.sampled_from(["$", "$.result", "$.deep.result", "$.items[0]", "$.n.under.a.number"]) | st.none()
catch_places = st.sampled_from(["$.error", "$.error", "$.deep.error", None])
rare = st.integers(0, 9).map(lambda number: number == 0)
calls = st.sampled_from(
    ["States.Format('{}', $.n)", "States.UUID()", "States.MathRandom(1, 9)", "States.ArrayLength($.n)"]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "2026-01-01T00:00:00Z"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=4,
)
errors = st.sampled_from(["Busy", "Broken", "States.Timeout", "States.TaskFailed", "States.DataLimitExceeded"])
error_equals = st.sampled_from(
    [["Busy"], ["Busy", "Broken"], ["States.TaskFailed"], ["States.Timeout"], ["States.DataLimitExceeded"]]
)


@dataclass(frozen=True)
class Case:
    """A machine and how its tasks answer."""

    definition: dict[str, JSON]
    scripts: dict[str, list[Answer]]
    seconds: float = 0
    """How long it takes, where that is known."""


@st.composite
def cases(draw: Draw[Any]) -> Case:
    """Any machine."""
    scripts: dict[str, list[Answer]] = {}
    machine = _Builder(draw, scripts).machine(0)
    if draw(rare):
        machine["TimeoutSeconds"] = draw(st.integers(1, 9))
    return Case(machine, scripts)


@st.composite
def sequences(draw: Draw[Any]) -> Case:
    """A machine of one line of control that succeeds, and the sum of the times that its definition implies."""
    steps = draw(st.lists(st.one_of(_waits, _tasks()), max_size=6))
    states: dict[str, JSON] = {}
    scripts: dict[str, list[Answer]] = {}
    for number, (state, script, _) in enumerate(steps):
        states[f"S{number}"] = {**state, "Next": f"S{number + 1}"}
        if script:
            states[f"S{number}"]["Resource"] += str(number)
            scripts[f"T{number}"] = script
    states[f"S{len(steps)}"] = {"Type": "Succeed"}
    return Case({"StartAt": "S0", "States": states}, scripts, sum(seconds for _, _, seconds in steps))


Step = tuple[dict[str, JSON], list[Answer], float]
"""A state, how its task answers, and the seconds it takes."""

_waits: st.SearchStrategy[Step] = st.sampled_from(
    [
        ({"Type": "Pass"}, [], 0),
        ({"Type": "Wait", "Seconds": 0}, [], 0),
        ({"Type": "Wait", "Seconds": 7}, [], 7),
        ({"Type": "Wait", "SecondsPath": "$.n"}, [], INPUT["n"]),
        ({"Type": "Wait", "Timestamp": "2025-12-31T00:00:00Z"}, [], 0),
    ]
)


@st.composite
def _tasks(draw: Draw[Any]) -> Step:
    """A task that fails as often as it is retried, and then succeeds."""
    interval, rate = draw(st.sampled_from([1, 2, 5])), draw(st.sampled_from([1, 2, 1.5]))
    most, timeout = draw(st.sampled_from([1, 4, 1000])), draw(st.sampled_from([3, 8]))
    script, seconds = [], 0.0
    for retries in range(draw(st.integers(0, 4))):
        after = draw(st.sampled_from([0, 2, 4, 99, None]))
        script.append(Answer(error="Busy", after=after))
        seconds += timeout if after is None else min(after, timeout)
        seconds += min(interval * rate**retries, most)
    last = draw(st.sampled_from([0, 1, 2.5]))
    retry = {"IntervalSeconds": interval, "BackoffRate": rate, "MaxDelaySeconds": most, "MaxAttempts": 4}
    state = {
        "Type": "Task",
        "Resource": draw(st.sampled_from([TASK, JOB])) + "T",
        "TimeoutSeconds": timeout,
        "ResultPath": None,
        "Retry": [{"ErrorEquals": ["Busy", "States.Timeout"], **retry}],
    }
    return state, [*script, Answer(after=last)], seconds + last


class _Builder:
    """Builds one machine, its names all different."""

    def __init__(self, draw: Draw[Any], scripts: dict[str, list[Answer]]) -> None:
        self._draw = draw
        self._scripts = scripts
        self._numbers: Iterator[int] = itertools.count()

    def machine(self, depth: int) -> dict[str, JSON]:
        draw = self._draw
        kinds = [draw(st.sampled_from(self._kinds(depth))) for _ in range(draw(st.integers(0 if depth else 1, 3)))]
        kinds.append(draw(st.sampled_from(["Succeed", "Pass", "Task", "Fail"])))
        names = [f"{kind}{next(self._numbers)}" for kind in kinds]
        states = {
            name: self._state(kind, name, names[index + 1 :], depth)
            for index, (kind, name) in enumerate(zip(kinds, names, strict=True))
        }
        return {"StartAt": names[0], "States": states}

    def _kinds(self, depth: int) -> list[str]:
        simple = ["Pass", "Wait", "Task", "Choice"]
        return simple if depth == MAX_DEPTH else [*simple, "Parallel", "Map"]

    def _state(self, kind: str, name: str, later: list[str], depth: int) -> dict[str, JSON]:
        build: dict[str, Callable[[], dict[str, JSON]]] = {
            "Pass": self._pass,
            "Wait": self._wait,
            "Task": lambda: self._task(name, later),
            "Choice": lambda: self._choice(later),
            "Parallel": lambda: self._parallel(later, depth),
            "Map": lambda: self._map(later, depth),
            "Succeed": self._succeed,
            "Fail": self._fail,
        }
        state = {"Type": kind, **build[kind]()}
        if kind not in ("Choice", "Succeed", "Fail"):
            state |= {"Next": later[0]} if later else {"End": True}
        return state

    def _some(self, **fields: st.SearchStrategy[JSON]) -> dict[str, JSON]:
        """Each field, or not."""
        return {name: self._draw(strategy) for name, strategy in fields.items() if self._draw(rare)}

    def _template(self) -> st.SearchStrategy[JSON]:
        return st.fixed_dictionaries({"a.$": dubious_paths | calls, "b": values}) | values

    def _pass(self) -> dict[str, JSON]:
        return self._some(
            ResultPath=places,
            InputPath=dubious_paths | st.none(),
            Parameters=self._template(),
            OutputPath=dubious_paths | st.none(),
        ) | self._draw(st.sampled_from([{}, {"Result": 1, "ResultPath": "$.result"}, {"Result": {"n": 3}}]))

    def _succeed(self) -> dict[str, JSON]:
        return self._some(InputPath=paths, OutputPath=dubious_paths)

    def _fail(self) -> dict[str, JSON]:
        error = self._draw(
            st.sampled_from([{}, {"Error": "Busy"}, {"ErrorPath": "$.text"}, {"ErrorPath": "$$.State.Name"}])
        )
        cause = self._draw(st.sampled_from([{}, {"Cause": "why"}, {"CausePath": "States.Format('{}', $.n)"}]))
        return {**error, **cause}

    def _wait(self) -> dict[str, JSON]:
        seconds = st.integers(0, 3).map(lambda number: ("Seconds", number))
        others = [
            ("SecondsPath", "$.n"),
            ("SecondsPath", "$.items"),
            ("Timestamp", "2026-01-01T00:00:02.5Z"),
            ("Timestamp", "2025-12-31T00:00:00Z"),
            ("TimestampPath", "$.when"),
        ]
        unit, value = self._draw(st.one_of(seconds, seconds, seconds, st.sampled_from(others)))
        return {unit: value, **self._some(InputPath=st.just("$.deep"), OutputPath=dubious_paths)}

    def _task(self, name: str, later: list[str]) -> dict[str, JSON]:
        prefix = self._draw(st.sampled_from([TASK, TASK, JOB, LAMBDA]))
        state = {"Resource": prefix + name, **self._work(later)}
        has_timeout = self._draw(st.booleans())
        if has_timeout:
            state |= self._draw(st.sampled_from([{"TimeoutSeconds": 2}, {"TimeoutSecondsPath": "$.n"}]))
        after = st.sampled_from([0, 0, 1, 2, 3, 2.5, *([None] if "TimeoutSeconds" in state else [])])
        answers = st.builds(Answer, values, st.none() | errors, st.none() | st.just("why"), after)
        if prefix == LAMBDA:
            answers = st.builds(Answer, values, st.none() | errors, st.just("why"), st.sampled_from([0, 1]))
        self._scripts[name] = self._draw(st.lists(answers, min_size=1, max_size=3))
        return state

    def _work(self, later: list[str]) -> dict[str, JSON]:
        """What Task, Parallel and Map have in common."""
        draw = self._draw
        fields = {"ResultPath": "$.result"} | self._some(
            InputPath=st.just("$.deep"),
            ResultSelector=st.fixed_dictionaries({"r.$": st.just("$")}),
            ResultPath=places,
            OutputPath=dubious_paths,
        )
        if draw(st.booleans()):
            rules = [self._retrier(names) for names in draw(st.lists(error_equals, max_size=2))]
            fields["Retry"] = [*rules, *([self._retrier(["States.ALL"])] if draw(st.booleans()) else [])]
        if later and draw(st.booleans()):
            names = [*draw(st.lists(error_equals, max_size=1)), *([["States.ALL"]] if draw(st.booleans()) else [])]
            fields["Catch"] = [
                {"ErrorEquals": equals, "Next": draw(st.sampled_from(later)), "ResultPath": draw(catch_places)}
                for equals in names
            ]
        return fields

    def _retrier(self, names: list[str]) -> dict[str, JSON]:
        return {
            "ErrorEquals": names,
            "MaxAttempts": self._draw(st.integers(0, 2)),
            **self._some(
                IntervalSeconds=st.integers(0, 3),
                BackoffRate=st.sampled_from([1, 1.5, 3]),
                MaxDelaySeconds=st.integers(1, 3),
                JitterStrategy=st.sampled_from(["NONE", "FULL"]),
            ),
        }

    def _choice(self, later: list[str]) -> dict[str, JSON]:
        targets = st.sampled_from(later)
        rules = [{**self._draw(conditions), "Next": self._draw(targets)} for _ in range(self._draw(st.integers(1, 2)))]
        if not self._draw(rare):
            return {"Choices": rules, "Default": later[0]}
        return {"Choices": [*rules, {**self._draw(conditions), "Next": later[0]}]}

    def _parallel(self, later: list[str], depth: int) -> dict[str, JSON]:
        branches = [self.machine(depth + 1) for _ in range(self._draw(st.integers(1, 3)))]
        return {"Branches": branches, **self._work(later), **self._some(Parameters=self._template())}

    def _map(self, later: list[str], depth: int) -> dict[str, JSON]:
        draw = self._draw
        work = self._work(later)
        work.pop("InputPath", None)
        processor, selector = draw(st.sampled_from([("ItemProcessor", "ItemSelector"), ("Iterator", "Parameters")]))
        state = {processor: self.machine(depth + 1), "ItemsPath": draw(st.sampled_from(["$.items", "$.deep.list"]))}
        if draw(rare):
            state[processor]["ProcessorConfig"] = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
            state |= self._some(
                ToleratedFailureCount=st.integers(0, 2),
                ToleratedFailurePercentage=st.sampled_from([0, 50, 100]),
                ItemBatcher=st.integers(1, 2).map(lambda most: {"MaxItemsPerBatch": most}),
                ResultWriter=st.sampled_from(["NONE", "FLATTEN"]).map(
                    lambda how: {"WriterConfig": {"Transformation": how}}
                ),
            )
        if not draw(rare):
            keep = {f"{name}.$": f"$.{name}" for name in ("n", "text", "items", "deep", "when")}
            state[selector] = {**keep, "item.$": "$$.Map.Item.Value", "index.$": "$$.Map.Item.Index"}
        at_once = draw(
            st.sampled_from([{}, {"MaxConcurrency": 1}, {"MaxConcurrency": 2}, {"MaxConcurrencyPath": "$.n"}])
        )
        return {**state, **work, **at_once}


def _comparison(prefix: str, names: tuple[str, ...], constant: st.SearchStrategy[JSON]) -> st.SearchStrategy[JSON]:
    name = st.sampled_from(names).map(prefix.__add__)
    with_constant = st.builds(lambda op, path, value: {"Variable": path, op: value}, name, paths, constant)
    with_path = st.builds(lambda op, path, other: {"Variable": path, f"{op}Path": other}, name, paths, dubious_paths)
    return with_constant | with_path


_ORDER = ("Equals", "LessThan", "GreaterThan", "LessThanEquals", "GreaterThanEquals")
_types = st.sampled_from(["IsPresent", "IsNull", "IsNumeric", "IsString", "IsBoolean", "IsTimestamp"])
comparisons = st.one_of(
    _comparison("String", _ORDER, st.sampled_from(["", "a*b", "b"])),
    _comparison("Numeric", _ORDER, st.integers(0, 3)),
    _comparison("Boolean", ("Equals",), st.booleans()),
    _comparison("Timestamp", _ORDER, st.just("2026-01-01T00:00:00Z")),
    st.builds(
        lambda path, wanted: {"Variable": path, "StringMatches": wanted}, paths, st.sampled_from(["a*", r"a\*b"])
    ),
    st.builds(lambda op, path, wanted: {"Variable": path, op: wanted}, _types, dubious_paths, st.booleans()),
)
conditions = st.recursive(
    comparisons,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=2).map(lambda rules: {"And": rules}),
        st.lists(inner, min_size=1, max_size=2).map(lambda rules: {"Or": rules}),
        inner.map(lambda rule: {"Not": rule}),
    ),
    max_leaves=3,
)
