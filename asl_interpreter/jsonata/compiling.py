"""From the syntax tree of an expression to closures that evaluate it.

Every node becomes a function of the context and the scope. What the tree alone decides is decided here: which names the
expression binds itself (all others are looked up at once), which paths are plain members of objects, and how deep each
node is nested, so that the depth is only checked where a function's body or a branch begins.
Source: the reference implementation, https://github.com/jsonata-js/jsonata, version 2.0.6.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from .errors import STACK_OVERFLOW, EvaluationError
from .functions import FUNCTIONS, copy, lookup
from .numbers import ARITHMETIC, calculate, negate
from .operators import OPERATORS
from .parsing import Symbol, parameters
from .paths import Selector, Step, descend, follow, grouped, selector, wildcard
from .runtime import BY_ITSELF, Evaluator, Lambda, Limits, Native, Partial, Run, Scope, TailCall, boolean, call, finish
from .signatures import validator
from .strings import Pattern
from .values import (
    UNDEFINED,
    Array,
    Constructed,
    Function,
    KeptSequence,
    Record,
    Sequence,
    Undefined,
    Value,
    Wrapped,
    items,
    normal,
)

DEEPEST: Final = Limits().depth
"""How deep a node may be nested. What is nested deeper is no error before it is evaluated, as on AWS."""


def compile_tree(tree: Symbol, bound: frozenset[str]) -> Evaluator:
    """Compile an expression. ``bound`` holds every name that it binds somewhere."""
    return _Compiler(bound).part(tree)


class _Compiler:
    def __init__(self, bound: frozenset[str]) -> None:
        self.bound = bound
        self.level = 0
        """How deep the node being compiled is nested in the function body, or the expression, that it belongs to."""
        self.reach = 0
        """The deepest level of what is evaluated whenever the part being compiled is."""
        self.size = 0
        """How many nodes that is."""

    def part(self, node: Symbol) -> Evaluator:
        """Compile what is evaluated more or less often than what is around it: its depth and its work count there."""
        outer = self.reach, self.size
        self.reach = self.size = 0
        evaluate = self.node(node)
        reach, steps = self.reach, self.size >> 4
        self.reach, self.size = outer

        def checked(context: Value, scope: Scope) -> Value:
            run = scope.run
            if run.depth + reach > run.limits.depth:
                run.descend(reach)
            if steps:
                run.spend(steps)
            return evaluate(context, scope)

        return checked

    def body(self, node: Symbol) -> Evaluator:
        """Compile what is evaluated at the depth of a call: the body of a function."""
        outer, self.level = self.level, 0
        evaluate = self.part(node)
        self.level = outer
        return evaluate

    def node(self, node: Symbol) -> Evaluator:
        self.level += 1
        self.size += 1
        self.reach = max(self.reach, self.level)
        if self.level > DEEPEST:
            self.level -= 1
            return _too_deep
        compile_node: Callable[[Symbol], Evaluator] = getattr(self, f"_{node.type}")
        evaluate = compile_node(node)
        if (node.predicate or node.group) and node.type in ("block", "condition"):
            evaluate = _finished(evaluate)
        for predicate in node.predicate or ():
            evaluate = _selected(evaluate, self.selector(predicate.expr))
        if node.group and node.type != "path":
            evaluate = _grouped(evaluate, self.pairs(node.group))
        self.level -= 1
        if node.predicate or node.type in _SEQUENCES:
            return _normal(evaluate, keep=bool(node.keep_array))
        return evaluate

    def selector(self, predicate: Symbol) -> Selector:
        if predicate.type == "number":
            return selector(math.floor(predicate.value))
        return selector(self.part(predicate))

    def pairs(self, node: Symbol) -> list[tuple[Evaluator, Evaluator]]:
        return [(self.part(key), self.part(value)) for key, value in node.lhs_object]

    # ------------------------------------------------------------------------------------------ literals and names

    def _string(self, node: Symbol) -> Evaluator:
        value = node.value
        return lambda _context, _scope: value

    _number = _value = _string

    def _regex(self, node: Symbol) -> Evaluator:
        pattern = Pattern(node.value)
        return lambda _context, _scope: pattern

    def _name(self, node: Symbol) -> Evaluator:
        key = node.value
        return lambda context, scope: lookup(scope.run, context, key)

    def _variable(self, node: Symbol) -> Evaluator:
        name = node.value
        if name == "":
            return lambda context, _scope: context[0] if type(context) is Wrapped else context
        if name in self.bound or name == "$":
            function = FUNCTIONS.get(name, UNDEFINED)

            def local(_context: Value, scope: Scope) -> Value:
                value = scope.lookup(name)
                return function if value is UNDEFINED else value

            return local
        default = FUNCTIONS.get(name, UNDEFINED)
        return lambda _context, scope: scope.run.variables.get(name, default)

    def _parent(self, node: Symbol) -> Evaluator:
        label = node.slot.label
        return lambda _context, scope: scope.lookup(label)

    def _wildcard(self, _node: Symbol) -> Evaluator:
        return wildcard

    def _descendant(self, _node: Symbol) -> Evaluator:
        def evaluate(context: Value, scope: Scope) -> Value:
            found = Sequence()
            if context is not UNDEFINED:
                descend(scope.run, context, found)
            return found

        return evaluate

    # ------------------------------------------------------------------------------------------------- operators

    def _binary(self, node: Symbol) -> Evaluator:
        sign = node.value
        left = self.node(node.lhs)
        if sign in ("and", "or"):
            right = self.part(node.rhs)
            if sign == "and":
                return lambda context, scope: (
                    boolean(scope.run, left(context, scope)) and boolean(scope.run, right(context, scope))
                )
            return lambda context, scope: (
                boolean(scope.run, left(context, scope)) or boolean(scope.run, right(context, scope))
            )
        right = self.node(node.rhs)
        if operation := ARITHMETIC.get(sign):
            return lambda context, scope: calculate(operation, sign, left(context, scope), right(context, scope))
        operator = OPERATORS[sign]
        return lambda context, scope: operator(scope.run, left(context, scope), right(context, scope))

    def _unary(self, node: Symbol) -> Evaluator:
        if node.value == "[":
            return self.array(node)
        if node.value == "{":
            return self.record(node)
        operand = self.node(node.expression)
        return lambda context, scope: negate(operand(context, scope))

    def array(self, node: Symbol) -> Evaluator:
        """``[...]``: what is written as an array is an item, any other array gives its items."""
        parts = [(self.node(part), part.type == "unary" and part.value == "[") for part in node.expressions]
        kind = Constructed if node.consarray else Array

        def evaluate(context: Value, scope: Scope) -> Value:
            built = kind()
            for part, is_item in parts:
                value = part(context, scope)
                if value is UNDEFINED:
                    continue
                if is_item or not isinstance(value, list):
                    built.append(value)
                else:
                    scope.run.hold(len(built) + len(value), len(value))
                    built += value
            return built

        return evaluate

    def record(self, node: Symbol) -> Evaluator:
        """``{...}``: an object, or of an array as context an object of groups."""
        pairs = [(self.node(key), self.node(value)) for key, value in node.lhs_object]
        literals = [key.value for key, _ in node.lhs_object if key.type == "string" and not key.predicate]
        if len(set(literals)) < len(pairs):
            return lambda context, scope: grouped(pairs, context, scope)
        members = [(key, value) for key, (_, value) in zip(literals, pairs, strict=True)]

        def evaluate(context: Value, scope: Scope) -> Value:
            if isinstance(context, list):
                return grouped(pairs, context, scope)
            built = Record()
            for key, member in members:
                value = member(context, scope)
                if value is not UNDEFINED:
                    built[key] = value
            return built

        return evaluate

    def _condition(self, node: Symbol) -> Evaluator:
        condition, then = self.node(node.condition), self.part(node.then)
        otherwise = self.part(node._else) if node._else is not None else _nothing  # noqa: SLF001 - the library's name
        place = node.position

        def evaluate(context: Value, scope: Scope) -> Value:
            held = boolean(scope.run, condition(context, scope))
            if scope.run.chose is not None:
                scope.run.chose(place, held)
            return (then if held else otherwise)(context, scope)

        return evaluate

    def _block(self, node: Symbol) -> Evaluator:
        parts = [self.node(part) for part in node.expressions]

        def evaluate(context: Value, scope: Scope) -> Value:
            inner = Scope({}, scope, scope.run)
            value: Value = UNDEFINED
            for part in parts:
                value = part(context, inner)
            return value

        return evaluate

    def _bind(self, node: Symbol) -> Evaluator:
        name, value_of = node.lhs.value, self.node(node.rhs)

        def evaluate(context: Value, scope: Scope) -> Value:
            value = scope.names[name] = value_of(context, scope)
            return value

        return evaluate

    # -------------------------------------------------------------------------------------------------- functions

    def _function(self, node: Symbol) -> Evaluator:
        return self.call(node, None)

    def call(self, node: Symbol, first: Evaluator | None) -> Evaluator:
        """A call; ``first`` is what stands to the left of ``~>``."""
        name, suggestion = _called(node.procedure), self.suggestion(node.procedure)
        call_at = _named(name, self.level)
        function = self.node(node.procedure)
        arguments = [self.node(argument) for argument in node.arguments]
        if first is not None:
            arguments.insert(0, first)

        def evaluate(context: Value, scope: Scope) -> Value:
            called = function(context, scope)
            if called is UNDEFINED and suggestion is not None and suggestion(context, scope) is not UNDEFINED:
                raise EvaluationError("T1005", token=name)
            given = [argument(context, scope) for argument in arguments]
            return call_at(scope.run, called, given, context)

        return evaluate

    def suggestion(self, procedure: Symbol) -> Evaluator | None:
        """For a function named without its ``$``: the variable that was perhaps meant."""
        if procedure.type != "path" or procedure.steps[0].type != "name":
            return None
        return self._variable(procedure.steps[0])

    def _partial(self, node: Symbol) -> Evaluator:
        function = self.node(node.procedure)
        given = [None if argument.type == "operator" else self.node(argument) for argument in node.arguments]
        open_at = [place for place, argument in enumerate(given) if argument is None]
        name, suggestion = _called(node.procedure), self.suggestion(node.procedure)

        def evaluate(context: Value, scope: Scope) -> Value:
            values = [argument(context, scope) if argument else UNDEFINED for argument in given]
            called = function(context, scope)
            if called is UNDEFINED and suggestion is not None and suggestion(context, scope) is not UNDEFINED:
                raise EvaluationError("T1007", token=name)
            if not isinstance(called, Function):
                raise EvaluationError("T1008", token=name)
            return Partial(lambda run, complete: call(run, called, complete), values, open_at)

        return evaluate

    def _lambda(self, node: Symbol) -> Evaluator:
        if node.thunk:
            return self.tail_call(node.body)
        names = [argument.value for argument in node.arguments]
        validate = validator(parameters(node.signature)) if node.signature else None
        body = self.body(node.body)
        return lambda context, scope: Lambda(names, body, validate, context, scope)

    def tail_call(self, node: Symbol) -> Evaluator:
        function = self.body(node.procedure)
        arguments = [self.body(argument) for argument in node.arguments]
        return lambda context, scope: TailCall(function, arguments, context, scope)

    def _apply(self, node: Symbol) -> Evaluator:
        call_at, value_of = _named(UNDEFINED, self.level), self.node(node.lhs)
        if node.rhs.type == "function":
            # its predicates and groups are not looked at, as in the reference implementation
            return self.call(node.rhs, value_of)
        function = self.node(node.rhs)

        def evaluate(context: Value, scope: Scope) -> Value:
            value, called = value_of(context, scope), function(context, scope)
            if not isinstance(called, Function):
                raise EvaluationError("T2006", value=called)
            if isinstance(value, Function):
                return Partial(lambda run, given: call(run, called, [call(run, value, given)]), [UNDEFINED], [0])
            return call_at(scope.run, called, [value], UNDEFINED)

        return evaluate

    def _transform(self, node: Symbol) -> Evaluator:
        pattern, update = self.body(node.pattern), self.body(node.update)
        delete = self.body(node.delete) if node.delete is not None else _nothing

        def evaluate(_context: Value, scope: Scope) -> Value:
            def transformed(run: Run, value: Value) -> Value:
                if value is UNDEFINED:
                    return UNDEFINED
                result = copy(run, value)
                for match in items(pattern(result, scope)):
                    _change(match, update(match, scope), delete(match, scope))
                return result

            return Native(transformed, _OF_OBJECTS)

        return evaluate

    # ------------------------------------------------------------------------------------------------------ paths

    def _path(self, node: Symbol) -> Evaluator:
        absolute = node.steps[0].type == "variable"
        steps = [self.step(step) for step in node.steps]
        pairs = self.pairs(node.group) if node.group else None
        keep = bool(node.keep_singleton_array or node.keep_array)
        general = follow(steps, pairs, absolute=absolute, keep=keep, keep_tuples=bool(node.tuple))
        names = [step.name for step in steps if step.name is not None and step.is_plain]
        if keep or pairs is not None or len(names) + absolute < len(steps) or (absolute and not steps[0].is_plain):
            return general
        return _members(steps[0].evaluate if absolute else None, names, general)

    def step(self, node: Symbol) -> Step:
        is_sort = node.type == "sort"
        terms = [(self.part(term.expression), bool(term.descending)) for term in node.terms] if is_sort else None
        stages = [stage.value if stage.type == "index" else self.selector(stage.expr) for stage in node.stages or ()]
        return Step(
            evaluate=_nothing if is_sort else self.node(node) if node.type in _SMALL else self.part(node),
            name=node.value if node.type == "name" else None,
            terms=terms,
            stages=stages,
            is_constructed=bool(node.consarray),
            binds=bool(node.tuple),
            focus=node.focus,
            index=node.index,
            ancestor=node.ancestor.label if node.ancestor else None,
            is_plain=not (is_sort or stages or node.tuple or node.predicate or node.group or node.keep_array),
        )


# ------------------------------------------------------------------------------------------- what the closures call


def _nothing(_context: Value, _scope: Scope) -> Value:
    return UNDEFINED


def _too_deep(_context: Value, _scope: Scope) -> Value:
    raise EvaluationError(None, STACK_OVERFLOW)


def _normal(evaluate: Evaluator, *, keep: bool) -> Evaluator:
    """What a sequence stands for outside of a path, an array even of a single item where the expression says ``[]``."""
    if not keep:
        return lambda context, scope: normal(evaluate(context, scope))

    def kept(context: Value, scope: Scope) -> Value:
        value = evaluate(context, scope)
        return normal(KeptSequence(value)) if isinstance(value, Sequence) else value

    return kept


def _finished(evaluate: Evaluator) -> Evaluator:
    """The value at once: the library takes the call in the tail of a block for the end of the function even here."""
    return lambda context, scope: finish(scope.run, evaluate(context, scope), context)


def _selected(evaluate: Evaluator, select: Selector) -> Evaluator:
    return lambda context, scope: select(evaluate(context, scope), scope)


def _grouped(evaluate: Evaluator, pairs: list[tuple[Evaluator, Evaluator]]) -> Evaluator:
    return lambda context, scope: grouped(pairs, evaluate(context, scope), scope)


def _members(first: Evaluator | None, names: list[str], general: Evaluator) -> Evaluator:
    """A path of names alone. While it meets objects there is one value; at an array ``general`` starts it again."""

    def evaluate(context: Value, scope: Scope) -> Value:
        value = context if first is None else first(context, scope)
        for name in names:
            if isinstance(value, dict):
                value = value.get(name, UNDEFINED)
            elif isinstance(value, list):
                return general(context, scope)
            else:
                return UNDEFINED
        return general(context, scope) if isinstance(value, Array) else value

    return evaluate


def _called(procedure: Symbol) -> Value:
    """What a function is called by in an error."""
    name = procedure.steps[0].value if procedure.type == "path" else procedure.value
    return name if isinstance(name, str) else UNDEFINED


def _named(name: Value, level: int) -> Callable[[Run, Value, list[Value], Value], Value]:
    """How a node calls: it is nested so deep below the body that is running, and errors name what it calls."""

    def call_at(run: Run, function: Value, arguments: list[Value], context: Value) -> Value:
        depth = run.depth
        run.depth = depth + level
        if type(function) is Lambda:
            run.spend(BY_ITSELF)
        try:
            result = call(run, function, arguments, context)
        except EvaluationError as error:
            error.values.setdefault("token", name)
            raise
        run.depth = depth
        return result

    return call_at


def _change(match: Value, update: Value, delete: Value) -> None:
    """Change one of the copied values that a transformation is about."""
    if not isinstance(update, (dict, Undefined)):
        raise EvaluationError("T2011", value=update)
    if not all(isinstance(name, str) for name in items(delete)):
        raise EvaluationError("T2012", value=delete)
    if isinstance(match, dict):
        match.update(update if isinstance(update, dict) else {})
        for name in items(delete):
            match.pop(name, None)


_SEQUENCES = frozenset({"name", "wildcard", "descendant", "binary", "function", "apply"})
_SMALL = frozenset({"name", "variable", "wildcard", "descendant", "parent", "string"})
_OF_OBJECTS = validator("<(oa):o>")
