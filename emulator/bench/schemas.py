"""Strategies of hypothesis for JSON: values like some examples, and values that fit a JSON Schema.

Of JSON Schema (draft 2020-12) the keywords in ``_CHECKED`` and ``_NOTES`` are known; any other is an error, so that no
value is made against a rule that was overlooked. Source: https://json-schema.org/draft/2020-12/json-schema-validation
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from asl_interpreter.jsontext import JSON, dumps
from emulator.suggestions import unknown

LARGEST: Final = 2**53 - 1
"""Whole numbers beyond it lose digits in JavaScript, and so in many services."""


class UnknownSchema(ValueError):
    """A schema says what no values can be made for. The message says what."""


def values_like(examples: Sequence[JSON]) -> SearchStrategy[Any]:
    """Values of the types of the examples: members that all examples have are there, others may be.

    Raises:
        ValueError: there is no example.
    """
    if not examples:
        raise ValueError("At least one example is needed, inputs({'id': 1}), or a schema, inputs(schema={...}).")
    kinds: dict[type, list[Any]] = {}
    for example in examples:
        kinds.setdefault(type(example), []).append(example)
    return st.one_of([_like(kind, values) for kind, values in kinds.items()])


def _like(kind: type, values: list[Any]) -> SearchStrategy[Any]:
    if kind is dict:
        names = dict.fromkeys(name for value in values for name in value)
        members = {name: values_like([value[name] for value in values if name in value]) for name in names}
        everywhere = {name for name in names if all(name in value for value in values)}
        return st.fixed_dictionaries(
            {name: member for name, member in members.items() if name in everywhere},
            optional={name: member for name, member in members.items() if name not in everywhere},
        )
    if kind is list:
        elements = [element for value in values for element in value]
        return st.lists(values_like(elements)) if elements else st.just([])
    if kind in _ANY:
        return st.sampled_from(values) | _ANY[kind]()
    return st.booleans() if kind is bool else st.none()


_ANY: Final[Mapping[type, Callable[[], SearchStrategy[Any]]]] = {
    str: st.text,
    int: lambda: st.integers(-LARGEST, LARGEST),
    float: lambda: st.floats(allow_nan=False, allow_infinity=False),
}

_NOTES: Final = frozenset(
    {
        *("$schema", "$id", "$comment", "$defs", "definitions", "title", "description", "default", "examples"),
        *("deprecated", "readOnly", "writeOnly"),
    }
)
"""Keywords that allow every value."""
_OF_TYPE: Final = {
    "object": ("properties", "required", "additionalProperties"),
    "array": ("items", "minItems", "maxItems", "uniqueItems"),
    "string": ("minLength", "maxLength", "pattern", "format"),
    "integer": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
    "boolean": (),
    "null": (),
}
_CHECKED: Final = frozenset(
    {"type", "enum", "const", "anyOf", "oneOf", "$ref", *(name for names in _OF_TYPE.values() for name in names)}
)
_FORMATS: Final[Mapping[str, Callable[[], SearchStrategy[str]]]] = {
    "date": lambda: st.dates().map(lambda day: day.isoformat()),
    "date-time": lambda: st.datetimes().map(lambda moment: f"{moment.isoformat()}Z"),
    "email": st.emails,
    "uuid": lambda: st.uuids().map(str),
}


def values_of(schema: JSON) -> SearchStrategy[Any]:
    """Values that fit a JSON Schema.

    Raises:
        UnknownSchema: the schema has a keyword that is not known here, or is none.
        ImportError: the package jsonschema is not installed.
    """
    from jsonschema.exceptions import SchemaError
    from jsonschema.validators import Draft202012Validator

    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise UnknownSchema(f"This is no JSON Schema: {error.message}") from None
    return _Reader(schema).read(schema).filter(Draft202012Validator(schema).is_valid)


class _Reader:
    def __init__(self, root: JSON) -> None:
        self._root = root
        self._open: dict[str, SearchStrategy[Any]] = {}

    def read(self, schema: JSON) -> SearchStrategy[Any]:
        if isinstance(schema, bool):
            return values_like([None, True, 0, "", []]) if schema else st.nothing()
        for keyword in schema:
            if keyword not in _CHECKED and keyword not in _NOTES:
                raise UnknownSchema(unknown("keyword of JSON Schema known here", keyword, _CHECKED | _NOTES))
        if "$ref" in schema:
            return self._referred(schema["$ref"])
        if "const" in schema:
            return st.just(schema["const"])
        if "enum" in schema:
            return st.sampled_from(schema["enum"])
        for keyword in ("anyOf", "oneOf"):
            if keyword in schema:
                return st.one_of([self.read(each) for each in schema[keyword]])
        implied = [kind for kind, names in _OF_TYPE.items() if any(name in schema for name in names)]
        kinds = schema.get("type") or implied
        kinds = [kinds] if isinstance(kinds, str) else kinds or ["object", "string", "integer", "boolean", "null"]
        return st.one_of([self._of_type(kind, schema) for kind in kinds])

    def _referred(self, reference: str) -> SearchStrategy[Any]:
        if reference not in self._open:
            found = self._root
            if not reference.startswith("#"):
                raise UnknownSchema(f"A reference to another document is not followed: {reference}")
            for part in filter(None, reference[1:].split("/")):
                name = part.replace("~1", "/").replace("~0", "~")
                if not isinstance(found, dict) or name not in found:
                    raise UnknownSchema(f"There is nothing at {reference}")
                found = found[name]
            self._open[reference] = st.deferred(lambda: self.read(found))
        return self._open[reference]

    def _of_type(self, kind: str, schema: Mapping[str, Any]) -> SearchStrategy[Any]:
        match kind:
            case "object":
                return self._object(schema)
            case "array":
                items, most = self.read(schema.get("items", True)), schema.get("maxItems")
                by: Any = dumps if schema.get("uniqueItems") else None
                return st.lists(items, min_size=schema.get("minItems", 0), max_size=most, unique_by=by)
            case "string":
                return _string(schema)
            case "integer":
                return _integer(schema)
            case "number":
                least, most = schema.get("minimum"), schema.get("maximum")
                return st.floats(least, most, allow_nan=False, allow_infinity=False) | _integer(schema)
            case "boolean":
                return st.booleans()
            case _:
                return st.none()

    def _object(self, schema: Mapping[str, Any]) -> SearchStrategy[Any]:
        members = {name: self.read(member) for name, member in schema.get("properties", {}).items()}
        others = schema.get("additionalProperties", True)
        for name in schema.get("required", ()):
            members.setdefault(name, self.read(others))
        wanted = frozenset(schema.get("required", ()))
        known = st.fixed_dictionaries(
            {name: member for name, member in members.items() if name in wanted},
            optional={name: member for name, member in members.items() if name not in wanted},
        )
        if isinstance(others, bool):  # what no schema describes is left out
            return known
        more = st.dictionaries(st.text(min_size=1).filter(lambda name: name not in members), self.read(others))
        return st.builds(lambda own, further: {**further, **own}, known, more)


def _string(schema: Mapping[str, Any]) -> SearchStrategy[str]:
    least, most = schema.get("minLength", 0), schema.get("maxLength")
    if "format" in schema and schema["format"] in _FORMATS:
        return _FORMATS[schema["format"]]()
    if "pattern" in schema:
        return st.from_regex(schema["pattern"])
    return st.text(min_size=least, max_size=most)


def _integer(schema: Mapping[str, Any]) -> SearchStrategy[int]:
    least = schema.get("minimum", schema.get("exclusiveMinimum", -LARGEST))
    most = schema.get("maximum", schema.get("exclusiveMaximum", LARGEST))
    step = schema.get("multipleOf", 1)
    if isinstance(step, float):
        raise UnknownSchema(f"multipleOf is known of whole numbers, not of {step}")
    return st.integers(-int(-least // step), int(most // step)).map(lambda number: number * step)
