"""From an expression's text to the library's syntax tree, and the corrections that its parser needs.

The dialect is JSONata 2.0.6, which Step Functions implements: ``?:`` and ``??`` (2.1) are two operators, each an error.
Source: https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html ("Supported JSONata version").
"""

from __future__ import annotations

import re
from typing import Any, NoReturn, TypeAlias

from .errors import InvalidExpression, catalogue, message
from .jsonata_python import jexception, parser, signature, tokenizer
from .patterns import compile_pattern

_PARAMETER = re.compile(r"(\[[a-z]+\]|f)\+?\?{0,2}")
"""What the library makes of a parameter that is written well."""

Symbol: TypeAlias = Any
"""A node of the library's tree: ``type`` says which of its many attributes mean something."""


def parse(text: str) -> Symbol:
    """The tree of an expression.

    Raises:
        InvalidExpression: the text is no expression.
    """
    try:
        return _Parser().parse(text)
    except jexception.JException as error:
        _refuse(error)
    except RuntimeError as error:
        if isinstance(error, RecursionError):
            raise InvalidExpression("S0201", "The expression is nested too deeply", len(text)) from None
        # the library raises the texts of these two without their codes
        code = "S0402" if str(error) == catalogue()["S0402"] else "S0401"
        raise InvalidExpression(code, str(error), len(text)) from None
    except (IndexError, TypeError, re.error, FutureWarning):
        # what the library's reader of function signatures does with one that never ends or holds an expression
        raise InvalidExpression("S0402", catalogue()["S0402"], len(text)) from None


def parse_signature(text: str) -> list[Any]:
    """The parameters of a function signature such as ``<s-n?:s>``: each with regex, type, context and subtype."""
    return parameters(signature.Signature(text, ""))


def parameters(parsed: Symbol) -> list[Any]:
    """The parameters of a signature in the tree of a lambda.

    Raises:
        InvalidExpression: S0402 for a group of anything but types.
    """
    found = list(parsed._params)  # noqa: SLF001 - the library has no other way to them
    if not all(_PARAMETER.fullmatch(parameter.regex) for parameter in found):
        raise InvalidExpression("S0402", catalogue()["S0402"], 0)
    return found


def _refuse(error: Symbol) -> NoReturn:
    code = error.error
    if code == "S0301" and error.current is not None:
        code = "S0103"  # the library's code for a bad escape in a string (suite: literals/case015)
    names = re.findall(r"\{\{(\w+)\}\}", catalogue()[code])
    found = dict(
        zip(names, (error.current, error.expected, error.extra), strict=False)
    )  # a message uses a part of them
    raise InvalidExpression(code, message(code, found), error.location) from None


class _Tokenizer(tokenizer.Tokenizer):  # type: ignore[misc]
    """The library's tokenizer with its errors where the text ends early or holds an unknown operator."""

    def __init__(self, text: str) -> None:
        super().__init__(text, lambda pattern, flags: compile_pattern(pattern, flags.case_insensitive, flags.multiline))
        self.path = text + "\0\0"  # it looks up to two characters ahead (suite: comments/case002)

    def create(self, type: str, value: Symbol) -> Symbol:  # noqa: A002 - the library's name
        if type == "operator":
            if value in ("?:", "??"):
                self.position -= 1
                value = "?"
            elif value in ("!", "~"):
                raise jexception.JException("S0204", self.position, value)  # suite: errors/case010
        elif type == "string":
            value = _joined(value)
        return super().create(type, value)

    def scan_regex(self) -> Symbol:
        self.depth = 0  # brackets left open in one regular expression are no business of the next
        return super().scan_regex()


class _Parser(parser.Parser):  # type: ignore[misc]
    def parse(self, text: str) -> Symbol:
        self.source = text
        self.lexer = _Tokenizer(text)
        self.processed: Symbol = None
        self.advance()
        tree = self.expression(0)
        if self.node.id != "(end)":
            raise jexception.JException("S0201", self.node.position, self.node.value)
        tree = self.process_ast(tree)
        if tree.type == "parent" or tree.seeking_parent is not None:
            raise jexception.JException("S0217", tree.position, tree.type)
        return tree

    def process_ast(self, expr: Symbol) -> Symbol:
        """The library's step from the tree as it is written to the one that is evaluated.

        The left side of an operator comes first, from the innermost outwards: AWS takes chains of 600 terms, and the
        library would go as deep.
        """
        if expr is not None and expr is self.processed:
            return expr
        chain = []
        while expr is not None and expr.type == "binary":
            chain.append(expr)
            expr = expr.lhs
        tree = super().process_ast(expr)
        for operator in reversed(chain):
            operator.lhs = self.processed = tree
            tree = super().process_ast(operator)
        return tree


def _joined(text: str) -> str:
    r"""The text with pairs of ``\u`` escapes for one character joined (suite: function-length/case004)."""
    if any("\ud800" <= character <= "\udfff" for character in text):
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    return text
