"""Which fields of a definition have had a part in its executions, as names: ``Map.ItemReader.Resource|JSONPath``.

A field counts where its state was entered; a field of a Retrier where the Retrier had named an error; one of a Catcher
where the Catcher was taken; one of a Choice rule where the rule was tried.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from asl_interpreter.coverage import Coverage

RULES = {"Choices": ("choice", "refused"), "Retry": ("retry", "exhausted"), "Catch": ("catch",)}
"""Field with rules -> the points that show that a rule had its part."""
NAMES = {"Choices": "Choice rule", "Retry": "Retrier", "Catch": "Catcher"}
AFTERWARDS = frozenset({"Assign", "Next", "Output"})
"""Fields of a Choice rule that have a part only where the rule holds."""
PARTS = {
    "Map": {
        "ItemReader": {"ReaderConfig": {}},
        "ItemBatcher": {},
        "ResultWriter": {"WriterConfig": {}},
    }
}
"""Type of state -> its fields that have fields of their own."""
WORDS = frozenset(
    {
        *("Mode", "ExecutionType", "JitterStrategy", "InputType", "Transformation", "ManifestType", "CSVDelimiter"),
        *("CSVHeaderLocation", "OutputType"),
    }
)
"""Fields of which each value is one of a few words."""


def of_machine(definition: Mapping[str, Any], language: str, did: Coverage, before: Mapping[str, int]) -> Iterator[str]:
    """The fields of a machine whose executions have counted what they did; ``before`` is what had been entered."""
    entered = {name for name, count in did.entered.items() if count > before.get(name, 0)}
    if entered:
        yield from (f"State machine.{field}|" for field in definition if field != "States")
    for name, state, spoken in states(definition, language):
        if name in entered:
            yield from of_state(name, state, spoken, did)


def states(inside: Mapping[str, Any], language: str) -> Iterator[tuple[str, Mapping[str, Any], str]]:
    """Every state of a definition, those inside of states too, each with its name and query language."""
    for name, state in inside["States"].items():
        yield name, state, state.get("QueryLanguage", language)
        for within in (*state.get("Branches", ()), state.get("ItemProcessor"), state.get("Iterator")):
            if within is not None:
                yield from states(within, language)


def of_state(name: str, state: Mapping[str, Any], language: str, did: Coverage) -> Iterator[str]:
    """The fields of a state that has run."""
    kind = state["Type"]
    points = {(point, number) for (of, point, number) in did.points if of == name}
    yield f"{kind}|{language}"
    for field in state:
        if field == "Type" or (field == "Default" and ("default", 0) not in points):
            continue
        if field in RULES:
            for number, rule in enumerate(state[field]):
                if any((how, number) in points for how in RULES[field]):
                    yield f"{kind}.{field}|{language}"
                    held = field != "Choices" or ("choice", number) in points
                    yield from _of_rule(NAMES[field], rule, language, held=held)
        else:
            yield f"{kind}.{field}|{language}"
    yield from _of_parts(kind, state, PARTS.get(kind, {}), language)
    config = state.get("ItemProcessor", state.get("Iterator", {})).get("ProcessorConfig", {})
    yield from _of_object(f"{kind}.ItemProcessor.ProcessorConfig", config, language)


def _of_parts(path: str, holder: Mapping[str, Any], parts: Mapping[str, Any], language: str) -> Iterator[str]:
    for part, inner in parts.items():
        value = holder.get(part)
        if isinstance(value, dict):
            yield from _of_object(f"{path}.{part}", value, language)
            yield from _of_parts(f"{path}.{part}", value, inner, language)


def _of_object(path: str, value: Mapping[str, Any], language: str) -> Iterator[str]:
    for field, content in value.items():
        yield f"{path}.{field}|{language}"
        if field in WORDS and isinstance(content, str):
            yield f"{path}.{field}={content}|{language}"


def _of_rule(name: str, rule: Mapping[str, Any], language: str, *, held: bool = True) -> Iterator[str]:
    shown = rule if held else {field: value for field, value in rule.items() if field not in AFTERWARDS}
    yield from _of_object(name, shown, language)
    inner: Sequence[Mapping[str, Any]] = [*rule.get("And", ()), *rule.get("Or", ())]
    for condition in (*inner, *([rule["Not"]] if "Not" in rule else ())):
        yield from _of_rule(name, condition, language)
