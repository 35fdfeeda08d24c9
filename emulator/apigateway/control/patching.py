"""Patching: the operations of a patch, applied to one thing.

What can be patched of a kind of thing is a table: path -> rule. A path that ends in ``/*`` stands for every name there.
Nothing changes unless all operations of a patch hold.

Source: https://docs.aws.amazon.com/apigateway/latest/api/patch-operations.html; refusals as recorded.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from emulator.apigateway.control.held import Asked, Thing, bad
from emulator.faults import Fault


@dataclass(frozen=True, slots=True)
class Patch:
    """One operation of a patch."""

    op: str
    path: str
    value: str | None
    source: str | None = None

    @property
    def parts(self) -> list[str]:
        """The names that the path leads through; ``~1`` in one stands for a slash, ``~0`` for ``~``."""
        return [each.replace("~1", "/").replace("~0", "~") for each in self.path[1:].split("/")]

    @property
    def name(self) -> str:
        """The last of them."""
        return self.parts[-1]


Apply = Callable[[Thing, Patch], None]


@dataclass(frozen=True, slots=True)
class Rule:
    """What can be done at a path."""

    ops: Sequence[str]
    apply: Apply
    wrong_op: str = ""
    """What is said of another operation; empty: the usual words."""


@dataclass(frozen=True, slots=True)
class Patchable:
    """What can be patched of a kind of thing."""

    rules: Mapping[str, Rule]
    names_paths: bool = False
    """Whether a refusal names the paths there are."""
    wrong_op_is_path: bool = False
    """Whether an operation that a path does not take is refused as a path that is not there."""

    def update(self, asked: Asked, kind: str, name: str, absent: str) -> Thing:
        """Have one of an API's things patched as a request wants, and keep it; the parameters are those of ``part``."""
        api, thing = asked.part(kind, name, absent)
        changed = self.patched(thing, asked.params.get("patchOperations"))
        getattr(api, kind)[asked.params[name]] = changed
        return changed

    def patched(self, thing: Thing, operations: Sequence[Mapping[str, Any]] | None) -> Thing:
        """A thing as it is after a patch. Raises Fault: an operation cannot be."""
        changed = copy.deepcopy(thing)
        for patch in patches(operations):
            self._rule(patch).apply(changed, patch)
        return changed

    def _rule(self, patch: Patch) -> Rule:
        rule = self.rules.get(patch.path)
        if rule is None and "/" in patch.path[1:]:
            parent, _, name = patch.path.rpartition("/")
            rule = self.rules.get(f"{parent}/*") if name else None
        if self.names_paths:
            self._check_named(patch, rule)
        if rule is None:
            raise bad(f"Invalid patch path {patch.path or 'null'}")
        if patch.op not in rule.ops:
            if self.wrong_op_is_path:
                raise bad(f"Invalid patch path {patch.path}")
            raise bad(rule.wrong_op or f"Invalid patch operation specified. Must be one of: [{', '.join(rule.ops)}]")
        return rule

    def _check_named(self, patch: Patch, rule: Rule | None) -> None:
        where = f"Invalid patch path  '{patch.path}' specified for op '{patch.op}'. "
        if not any(patch.op in each.ops for each in self.rules.values()):
            raise bad(f"{where}Please choose supported operations")
        if rule is None or patch.op not in rule.ops:
            raise bad(f"{where}Must be one of: [{', '.join(self.rules)}]")


def patches(operations: Sequence[Mapping[str, Any]] | None) -> list[Patch]:
    """The operations of a patch."""
    return [
        Patch(str(each.get("op")), each.get("path") or "", each.get("value"), each.get("from"))
        for each in operations or ()
    ]


REPLACE: Final = ("replace",)
ALL: Final = ("add", "remove", "replace")


def text(member: str, ops: Sequence[str] = REPLACE, *, empty_is_none: bool = False) -> Rule:
    """A member that is a text; without a value there is none."""

    def apply(thing: Thing, patch: Patch) -> None:
        if patch.op == "remove" or patch.value is None or (empty_is_none and patch.value == ""):
            thing.pop(member, None)
        else:
            thing[member] = patch.value

    return Rule(ops, apply)


def boolean(member: str, ops: Sequence[str] = REPLACE) -> Rule:
    """A member that is true or not; whatever is no ``true`` means that it is not."""

    def apply(thing: Thing, patch: Patch) -> None:
        thing[member] = is_true(patch.value)

    return Rule(ops, apply)


def number(member: str, ops: Sequence[str] = REPLACE, kind: Callable[[str], float] = int) -> Rule:
    """A member that is a number."""

    def apply(thing: Thing, patch: Patch) -> None:
        if patch.op == "remove":
            thing.pop(member, None)
        else:
            thing[member] = as_number(patch, kind)

    return Rule(ops, apply)


def entry(
    member: str,
    absent: Callable[[], Fault] | None = None,
    *,
    value: Callable[[str | None], Any] = lambda given: given,
    check: Callable[[Patch], None] = lambda _: None,
    stays: bool = False,
) -> Rule:
    """The entries of a map, which is gone with the last one unless it ``stays``.

    ``absent`` refuses to replace or remove what is not there.
    """

    def apply(thing: Thing, patch: Patch) -> None:
        entries = dict(thing.get(member) or {})
        if patch.op != "add" and absent is not None and patch.name not in entries:
            raise absent()
        if patch.op == "remove":
            entries.pop(patch.name, None)
        else:
            check(patch)
            entries[patch.name] = value(patch.value)
        if entries or stays:
            thing[member] = entries
        else:
            thing.pop(member, None)

    return Rule(ALL, apply)


def element(member: str, *, named: bool = True) -> Rule:
    """The elements of a list: the path names one, or where it is not ``named`` the value does."""

    def apply(thing: Thing, patch: Patch) -> None:
        elements = list(thing.get(member) or ())
        given = patch.name if named else str(patch.value)
        if patch.op == "add":
            if given not in elements:
                elements.append(given)
        elif patch.op == "remove":
            elements = [each for each in elements if each != given]
        else:
            elements = [each for each in elements if each != given] + [str(patch.value)]
        if elements:
            thing[member] = elements
        else:
            thing.pop(member, None)

    return Rule(ALL if named else ("add", "remove"), apply)


def is_true(value: str | None) -> bool:
    """Whether a text says yes."""
    return str(value).lower() == "true"


def as_number(patch: Patch, kind: Callable[[str], float] = int) -> float:
    """The value of a patch as a number. Raises Fault: it is none."""
    try:
        return kind(str(patch.value))
    except ValueError:
        raise bad(f"Invalid patch value {patch.value} specified for {patch.path}") from None
