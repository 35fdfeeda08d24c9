"""Shapes: what a service's model says of a request, compiled once to closures.

A request is checked as AWS checks it: first the JSON type of every member (the first wrong one is a
SerializationException), then every constraint (all broken ones together are a ValidationException). How a service
words this is its Dialect. The model is botocore's; its own validator checks types, required members and minima only.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from asl_interpreter.jsontext import JSON, dumps
from emulator.faults import Fault
from emulator.wire.constraints import Rule, length_rules, pattern_rule, value_rules

Place: TypeAlias = Literal["field", "value"]
"""Where a value stands: the member of a structure, or an element of a list or map."""

Path: TypeAlias = "tuple[Any, ...] | None"
"""The way to a value, linked from the inside out: (parent, label), (parent, index) or (parent, key, "member").

Text is made of it only when something is wrong.
"""

Checker: TypeAlias = "Callable[[JSON, Path, Findings], None]"

NOT_NULL = "Member must not be null"


class Mismatch(Exception):
    """A JSON value is not of the type that the model wants; the message is AWS's."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A constraint that a request breaks: the words, and the value at a path that breaks it."""

    words: str
    path: Path
    shape: Shape
    value: JSON

    @property
    def place(self) -> str:
        """Where the value is, in the model's names: ``Tags.1.member.Key``."""
        return _text(self.path)

    @property
    def member(self) -> str:
        """The member of the input that the path begins with."""
        path = self.path
        while path is not None and path[0] is not None:
            path = path[0]
        return str(path and path[1])


@dataclass(slots=True)
class Findings:
    """What one walk over a request finds.

    ``untidy`` says that the request holds nulls, unknown members or decimals, which AWS takes for absent members or
    whole numbers.
    """

    violations: list[Violation] = field(default_factory=list)
    untidy: bool = False


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a service words what is wrong, and where the service is stricter than its model.

    ``mismatch`` says that a value has the wrong JSON type. ``enums`` gives the order in which AWS prints the values of
    an enumeration where it is not the model's. ``rules`` replaces the constraints of a shape in an operation, or
    returns None. ``bare`` maps an operation and a constraint that it breaks at a path to the message AWS sends for it
    alone. ``order`` gives members of an operation that are named before the others, which follow in the model's order;
    ``later`` those whose constraints are judged once all others hold. ``pattern`` makes a rule of a regular expression,
    or None if it cannot. ``as_json`` names operations that repeat a value as JSON rather than as Java prints it.

    ``names_input`` says that a member of the body is named within its input, such as ``createRestApiInput.name``, and
    before those of the path; ``lists_whole`` that what is wrong with an element is said of its list; ``nulls_in_maps``
    that a value of a map may be null.

    ``absent`` says that a structure is repeated with its absent members, as null; it gives, by the name of a structure,
    the members that the service has beyond its model.

    ``terse`` says of an operation and a broken constraint, with how many others are broken beside it, that the answer
    names this one alone, does not repeat the value and spells members as the model does.
    """

    mismatch: Callable[[Shape, Place, JSON], str]
    rules: Callable[[str, Shape], Sequence[Rule] | None] = lambda _operation, _shape: None
    enums: Mapping[str, Sequence[str]] = field(default_factory=dict)
    bare: Mapping[tuple[str, str, str], str] = field(default_factory=dict)
    order: Mapping[str, Sequence[str]] = field(default_factory=dict)
    later: Mapping[str, Sequence[str]] = field(default_factory=dict)
    pattern: Callable[[str], Rule | None] = pattern_rule
    as_json: frozenset[str] = frozenset()
    names_input: bool = False
    lists_whole: bool = False
    nulls_in_maps: bool = False
    absent: Mapping[str, Sequence[str]] | None = None
    terse: Callable[[str, Violation, int], bool] = lambda _operation, _violation, _others: False


def compile_input(operation: OperationModel, dialect: Dialect) -> Callable[[JSON], dict[str, JSON]]:
    """Compile the input of an operation to a function that checks a request and returns it, tidied.

    The function raises Fault: a SerializationException or a ValidationException in AWS's words.
    """
    shape = operation.input_shape
    if shape is None:
        return lambda _params: {}
    check = compile_findings(operation, dialect)

    def checked(params: JSON) -> dict[str, JSON]:
        try:
            findings = check(params)
        except Mismatch as mismatch:
            raise Fault("SerializationException", str(mismatch)) from None
        except RecursionError:
            raise Fault("SerializationException", "") from None
        if findings.violations:
            raise Fault("ValidationException", message_of(operation, dialect, findings.violations))
        tidied: dict[str, JSON] = _tidy(shape, params) if findings.untidy else params
        return tidied

    return checked


def compile_findings(operation: OperationModel, dialect: Dialect) -> Callable[[JSON], Findings]:
    """Compile the input of an operation to a function that says what a request breaks.

    The function raises Mismatch at the first value of a wrong type, and RecursionError for what is too deep.
    """
    shape = operation.input_shape
    if shape is None:
        return lambda _params: Findings()
    check = _Compiler(operation.name, dialect).checker(shape, "field")

    def found(params: JSON) -> Findings:
        findings = Findings()
        check(params, None, findings)
        return findings

    return found


def message_of(operation: OperationModel, dialect: Dialect, violations: Sequence[Violation]) -> str:
    """AWS's message about what a request breaks."""
    name = operation.name
    known = [] if operation.input_shape is None else list(operation.input_shape.members)
    members = list(dict.fromkeys((*dialect.order.get(name, ()), *known)))
    inside = _inside(operation) if dialect.names_input else frozenset()
    members.sort(key=lambda member: bool(inside) and member not in inside)
    violations = sorted(violations, key=lambda violation: members.index(violation.member))
    later = dialect.later.get(name, ())
    if any(violation.member not in later for violation in violations):
        violations = [each for each in violations if each.member not in later or each.words == NOT_NULL]
    missing = any(violation.words == NOT_NULL for violation in violations)
    others = 0 if missing else len(violations) - 1
    in_order = sorted(violations, key=lambda violation: known.index(violation.member))
    first = next((violation for violation in in_order if dialect.terse(name, violation, others)), None)
    if first is not None:
        bare = dialect.bare.get((name, _text(first.path), first.words))
        entry = f"Value at '{_text(first.path)}' failed to satisfy constraint: {first.words}"
        return bare or f"1 validation error detected: {entry}"
    for violation in violations:
        bare = dialect.bare.get((name, _text(violation.path, _lower_first), violation.words))
        if bare is not None:
            return bare
    within = f"{_lower_first(name)}Input."
    entries = "; ".join(
        f"Value{_echo(violation, dialect.absent, as_json=name in dialect.as_json)} at "
        f"'{within if violation.member in inside else ''}{_text(violation.path, _lower_first)}' "
        f"failed to satisfy constraint: {violation.words}"
        for violation in violations
    )
    count = len(violations)
    return f"{count} validation error{'' if count == 1 else 's'} detected: {entries}"


def _inside(operation: OperationModel) -> frozenset[str]:
    """The members of an operation's input that are in the body."""
    shape = operation.input_shape
    members = {} if shape is None else shape.members
    return frozenset(name for name, member in members.items() if "location" not in member.serialization)


def _text(path: Path, spelled: Callable[[str], str] = str) -> str:
    """The path in AWS's form: ``tags.1.member.key``, ``requestItems.orders.member.1.member.putRequest.item``.

    ``spelled`` turns the model's name of a member into the one to show.
    """
    parts: list[str] = []
    while path is not None:
        label = path[1]
        if isinstance(label, int):
            parts.append(f"{label + 1}.member")
        elif len(path) > 2:
            parts.append(f"{label}.member")
        else:
            parts.append(spelled(label))
        path = path[0]
    return ".".join(reversed(parts))


_Absent: TypeAlias = "Mapping[str, Sequence[str]] | None"


def _echo(violation: Violation, absent: _Absent, *, as_json: bool) -> str:
    """The value as the message repeats it; AWS does not repeat what the model marks as sensitive."""
    if violation.value is None:
        return " null"
    if violation.shape.metadata.get("sensitive"):
        return ""
    if isinstance(violation.value, bytes):
        size = len(violation.value)
        return f" 'java.nio.HeapByteBuffer[pos=0 lim={size} cap={size}]'"
    if as_json and not isinstance(violation.value, str):
        return f" '{dumps(violation.value)}'"
    return f" '{_java_text(violation.shape, violation.value, absent)}'"


def _java_text(shape: Shape, value: JSON, absent: _Absent) -> str:
    """A value as Java prints it: ``[KeySchemaElement(attributeName=id, keyType=HASH)]``, ``{orders=[...]}``."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(shape, ListShape):
        return f"[{', '.join(_java_text(shape.member, element, absent) for element in value)}]"
    if isinstance(shape, MapShape):
        return f"{{{', '.join(f'{key}={_java_text(shape.value, member, absent)}' for key, member in value.items())}}}"
    if isinstance(shape, StructureShape):
        members = [
            f"{_lower_first(name)}={_java_text(member, value.get(name), absent)}"
            for name, member in shape.members.items()
            if absent is not None or value.get(name) is not None
        ]
        members += [f"{name}=null" for name in (absent or {}).get(shape.name, ())]
        return f"{shape.name}({', '.join(members)})"
    return str(value)


def _tidy(shape: Shape, value: JSON) -> JSON:
    """The request without its null and unknown members, and with whole numbers where the model wants them.

    Observed on AWS: a null or unknown member is as good as absent, and a decimal given for an integer is cut off.
    """
    if isinstance(shape, StructureShape):
        known = shape.members
        return {
            name: _tidy(known[name], member) for name, member in value.items() if member is not None and name in known
        }
    if isinstance(shape, ListShape):
        return [_tidy(shape.member, element) for element in value]
    if isinstance(shape, MapShape):
        return {key: _tidy(shape.value, member) for key, member in value.items()}
    if shape.type_name in ("integer", "long"):
        return int(value)
    return value


def _lower_first(name: str) -> str:
    return name[0].lower() + name[1:]


class _Compiler:
    """Compiles the shapes below the input of one operation, each once: a recursive shape meets itself."""

    def __init__(self, operation: str, dialect: Dialect) -> None:
        self._operation = operation
        self._dialect = dialect
        self._compiled: dict[tuple[str, Place, bool], Checker | None] = {}

    def checker(self, shape: Shape, place: Place, *, ruled: bool = True) -> Checker:
        """A checker of types and constraints; not ``ruled``: the shape's own constraints are checked elsewhere."""
        key = (shape.name, place, ruled)
        if key not in self._compiled:
            self._compiled[key] = None
            self._compiled[key] = self._compile(shape, place, ruled=ruled)
        compiled = self._compiled[key]
        if compiled is not None:
            return compiled

        def itself(value: JSON, path: Path, findings: Findings) -> None:
            self._compiled[key](value, path, findings)  # type: ignore[misc]  # compiled by the time it is called

        return itself

    def rules(self, shape: Shape) -> Sequence[Rule]:
        """The constraints of a shape, in the order in which AWS prints those of a map's keys."""
        replaced = self._dialect.rules(self._operation, shape)
        if replaced is not None:
            return replaced
        limits = shape.metadata
        if shape.type_name in ("integer", "long", "float", "double"):
            return value_rules(limits.get("min"), limits.get("max"))
        rules = length_rules(limits.get("min"), limits.get("max"))
        if "pattern" in limits and (rule := self._dialect.pattern(limits["pattern"])) is not None:
            rules.append(rule)
        if "enum" in limits:
            printed = self._dialect.enums.get(shape.name, limits["enum"])
            values = frozenset(limits["enum"])
            rules.append(
                Rule(lambda value: value not in values, f"Member must satisfy enum value set: [{', '.join(printed)}]")
            )
        return rules

    def _compile(self, shape: Shape, place: Place, *, ruled: bool) -> Checker:
        rules = tuple(self.rules(shape)) if ruled else ()
        if isinstance(shape, StructureShape):
            return self._structure(shape, place)
        if isinstance(shape, ListShape):
            return _with_rules(self._list(shape, place), shape, rules)
        if isinstance(shape, MapShape):
            return _with_rules(self._map(shape, place), shape, rules)
        return self._scalar(shape, place, rules)

    def _structure(self, shape: StructureShape, place: Place) -> Checker:
        members = {name: self.checker(member, "field") for name, member in shape.members.items()}
        required = [(name, shape.members[name]) for name in shape.required_members]
        mismatch = self._dialect.mismatch

        def check(value: JSON, path: Path, findings: Findings) -> None:
            if type(value) is not dict:
                raise Mismatch(mismatch(shape, place, value))
            for name, member in value.items():
                known = members.get(name)
                if known is None or member is None:
                    findings.untidy = True
                else:
                    known(member, (path, name), findings)
            for name, member_shape in required:
                if value.get(name) is None:
                    findings.violations.append(Violation(NOT_NULL, (path, name), member_shape, None))

        return check

    def _list(self, shape: ListShape, place: Place) -> Checker:
        whole = self._dialect.lists_whole and not isinstance(shape.member, StructureShape | ListShape | MapShape)
        element_checker = self.checker(shape.member, "value", ruled=not whole)
        of_elements = tuple(self.rules(shape.member)) if whole else ()
        words = f"Member must satisfy constraint: [{', '.join(rule.words for rule in of_elements)}]"
        mismatch = self._dialect.mismatch

        def check(value: JSON, path: Path, findings: Findings) -> None:
            if type(value) is not list:
                raise Mismatch(mismatch(shape, place, value))
            if any(rule.broken(each) for rule in of_elements for each in value if each is not None):
                findings.violations.append(Violation(words, path, shape, value))
            for index, element in enumerate(value):
                if element is None:
                    findings.violations.append(Violation(NOT_NULL, path, shape, value))
                else:
                    element_checker(element, (path, index), findings)

        return check

    def _map(self, shape: MapShape, place: Place) -> Checker:
        value_checker = self.checker(shape.value, "value", ruled=False)
        key_rules, rules_of_values = tuple(self.rules(shape.key)), tuple(self.rules(shape.value))
        keys_words = f"Map keys must satisfy constraint: [{', '.join(rule.words for rule in key_rules)}]"
        value_words = f"Map value must satisfy constraint: [{', '.join(rule.words for rule in rules_of_values)}]"
        null_words = set() if self._dialect.nulls_in_maps else {f"Map value must satisfy constraint: [{NOT_NULL}]"}
        mismatch = self._dialect.mismatch

        def check(value: JSON, path: Path, findings: Findings) -> None:
            if type(value) is not dict:
                raise Mismatch(mismatch(shape, place, value))
            broken = set()
            for key, member in value.items():
                for rule in key_rules:
                    if rule.broken(key):
                        broken.add(keys_words)
                if member is None:
                    broken |= null_words
                    continue
                value_checker(member, (path, key, "member"), findings)
                for rule in rules_of_values:
                    if rule.broken(member):
                        broken.add(value_words)
            for words in sorted(broken):
                findings.violations.append(Violation(words, path, shape, value))

        return check

    def _scalar(self, shape: Shape, place: Place, rules: Sequence[Rule]) -> Checker:
        mismatch = self._dialect.mismatch
        accepted = _JSON_TYPES[shape.type_name]
        decimals_are_cut = shape.type_name in ("integer", "long")
        is_blob = shape.type_name == "blob"

        def check(value: JSON, path: Path, findings: Findings) -> None:
            if type(value) not in accepted:
                raise Mismatch(mismatch(shape, place, value))
            if decimals_are_cut and type(value) is float:
                findings.untidy = True
                value = int(value)
            if is_blob:
                _check_base64(value)
                value = b64decode(value) if rules else value  # its bytes are what is counted
            for rule in rules:
                if rule.broken(value):
                    findings.violations.append(Violation(rule.words, path, shape, value))

        if rules or decimals_are_cut or is_blob:
            return check

        def check_type(value: JSON, path: Path, findings: Findings) -> None:  # noqa: ARG001 - one signature for all
            if type(value) not in accepted:
                raise Mismatch(mismatch(shape, place, value))

        return check_type


_JSON_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "blob": (str,),
    "boolean": (bool,),
    "integer": (int, float),
    "long": (int, float),
    "float": (int, float),
    "double": (int, float),
    "timestamp": (int, float),
}


def _with_rules(check: Checker, shape: Shape, rules: Sequence[Rule]) -> Checker:
    if not rules:
        return check

    def check_all(value: JSON, path: Path, findings: Findings) -> None:
        check(value, path, findings)
        for rule in rules:
            if rule.broken(value):
                findings.violations.append(Violation(rule.words, path, shape, value))

    return check_all


_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?")


def _check_base64(text: str) -> None:
    """Refuse what is not base64 in its one true form. The words, misspelling included, are DynamoDB's."""
    if len(text) % 4:
        raise Mismatch(f"Base64 encoded length is expected a multiple of 4 bytes but found: {len(text)}")
    if _BASE64.fullmatch(text) is None:
        raise Mismatch("Invalid last non-pad Base64 character dectected")
