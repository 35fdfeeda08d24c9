"""What an expression reads: free variables, fields of ``$states``, and names that it would read from a context.

A Step Functions expression has no context, and AWS refuses a definition whose expression reads one.
Observed on AWS (ValidateStateMachineDefinition, us-east-1, August 2026), for ``phone``, ``-phone``, ``[1..phone]``,
``(phone).other``, ``$f(phone)``, ``{phone: 1}`` and ``function($x){ phone }``: "Reference to 'phone' at the top level
is not supported."; not for names in later steps, predicates, order-by terms and groups, which have a context.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from .functions import FUNCTIONS
from .parsing import Symbol


@dataclass(frozen=True, slots=True)
class References:
    """What an expression reads and binds, each name once and in the order of the text."""

    variables: dict[str, None] = field(default_factory=dict)
    """Free variables, functions of the language left out."""
    states: dict[str, None] = field(default_factory=dict)
    """The names after ``$states.``."""
    context: dict[str, None] = field(default_factory=dict)
    """Names read from a context at the top level; ``$`` is the context itself, ``$$`` the input as a whole."""
    conditionals: list[int] = field(default_factory=list)
    """Where each conditional ``a ? b : c`` has its question mark."""
    bound: dict[str, None] = field(default_factory=dict)
    """Every name that the expression binds somewhere."""


def references(tree: Symbol) -> References:
    """Read the tree of an expression."""
    found = References()
    _read(tree, frozenset(), found, top=True)
    return found


def _read(node: Symbol, scope: frozenset[str], found: References, *, top: bool) -> frozenset[str]:
    """Read a node in a scope of bound names and return the scope after it. ``top`` says that it has no context."""
    kind = node.type
    if kind == "condition":
        found.conditionals.append(node.position)
    if kind == "name" and top:
        found.context[node.value] = None
    elif kind == "variable":
        _read_variable(node.value, scope, found, top=top)
    elif kind == "path":
        return _read_path(node, scope, found, top=top)
    elif kind == "lambda" and not node.thunk:
        names = [parameter.value for parameter in node.arguments]
        found.bound.update(dict.fromkeys(names))
        _read(node.body, scope | set(names), found, top=top)
    elif kind == "bind":
        name = node.lhs.value
        found.bound[name] = None
        # a function may call itself by the name that it is bound to
        _read(node.rhs, scope | {name} if node.rhs.type == "lambda" else scope, found, top=top)
        scope = scope | {name}
    else:
        inner = scope
        for child in _operands(node) if kind in _OPERATORS else _children(node):
            inner = _read(child, inner, found, top=top and kind != "transform")
        if kind != "block":
            scope = inner
    for predicate in node.predicate or ():
        _read(predicate.expr, scope, found, top=False)
    _read_group(node, scope, found)
    return scope


def _read_variable(name: str, scope: frozenset[str], found: References, *, top: bool) -> None:
    if name in ("", "$"):
        if top or name == "$":
            found.context["$" + name] = None
    elif name not in scope and name not in FUNCTIONS:
        found.variables[name] = None


def _read_path(node: Symbol, scope: frozenset[str], found: References, *, top: bool) -> frozenset[str]:
    first, *rest = node.steps
    if (
        first.type == "variable"
        and first.value == "states"
        and "states" not in scope
        and rest
        and rest[0].type == "name"
    ):
        found.states[rest[0].value] = None
    inner = scope
    for step in node.steps:
        if step.type == "sort":
            for term in step.terms:
                _read(term.expression, inner, found, top=False)
        else:
            inner = _read(step, inner, found, top=top and step is first)
        names = {name for name in (step.focus, step.index) if name}
        for stage in step.stages or ():
            if stage.type == "index":
                names.add(stage.value)
            else:
                _read(stage.expr, inner | names, found, top=False)
        found.bound.update(dict.fromkeys(sorted(names)))
        inner |= names
    _read_group(node, inner, found)
    return scope


def _read_group(node: Symbol, scope: frozenset[str], found: References) -> None:
    if node.group:
        for pair in node.group.lhs_object:
            for part in pair:
                _read(part, scope, found, top=False)


_OPERATORS: Final = ("binary", "apply")


def _operands(node: Symbol) -> list[Symbol]:
    """The operands of a chain such as ``a + b - c``, in the order of the text; it may be longer than Python is deep."""
    operands = []
    while node.type in _OPERATORS and not node.predicate and not node.group:
        operands.append(node.rhs)
        node = node.lhs
    return [node, *reversed(operands)]


def _children(node: Symbol) -> Iterator[Symbol]:
    """The nodes that make up any other node, in the order of the text."""
    if node.type == "unary" and node.value == "{":
        for pair in node.lhs_object:
            yield from pair
    otherwise = node._else  # noqa: SLF001 - the library's name
    parts = (node.lhs, node.condition, node.then, otherwise, node.procedure, node.pattern, node.update, node.delete)
    yield from (part for part in parts if part is not None)
    if node.type == "lambda":  # a call in the tail of a function
        yield node.body
    elif node.type in ("function", "partial"):
        yield from (argument for argument in node.arguments if argument.type != "operator")
    for part in (node.rhs, node.expression, *(node.expressions or ())):
        if part is not None:
            yield part
