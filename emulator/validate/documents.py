"""Documents: the text of a definition, JSON or YAML, becomes a value, with the place of each value in the text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from asl_interpreter.errors import InvalidDefinition, Problem
from asl_interpreter.jsontext import JSON
from asl_interpreter.quotas import AWS
from asl_interpreter.reading.parsing import read
from emulator.validate import positions
from emulator.validate.positions import Position

YAML_SUFFIXES: Final = frozenset({".yaml", ".yml"})


class CannotRead(Exception):
    """A file holds no JSON or YAML; the message says where and why."""


def read_definition(file: str, text: str) -> tuple[JSON, Mapping[str, Position]]:
    """The definition that a file holds as JSON, or as YAML if its name says so, however wrong it may be.

    With it comes where each of its values stands: location -> line and column.

    Raises:
        CannotRead: the text is neither.
    """
    try:
        if Path(file).suffix.lower() in YAML_SUFFIXES:
            return read_yaml(text)
        text = with_numbers(text)
        return read(text), positions.InJSON(text)
    except InvalidYAML as error:
        line, column = error.position
        message = f"{file}:{line}:{column}: {error.message}"
    except InvalidDefinition as error:
        (line, column), said = flaw(error.problems[0])
        message = f"{file}:{line}:{column}: {said}"
    except (RecursionError, ValueError) as error:
        message = f"{file}: {error}"
    raise CannotRead(message)


_JACKSONS_PLACE: Final = re.compile(r"line: (\d+), column: (\d+)\]$")


def flaw(problem: Problem) -> tuple[Position, str]:
    """Of a text that is no JSON: where it breaks, and Jackson's words."""
    place = _JACKSONS_PLACE.search(problem.location or "")
    line, column = (1, 1) if place is None else (int(place[1]), max(int(place[2]), 1))
    return (line, column), problem.message.partition("\n at [Source")[0]


class InvalidYAML(ValueError):
    """A text is not YAML, or not a document that JSON could hold."""

    def __init__(self, message: str, position: Position) -> None:
        super().__init__(message)
        self.message = message
        self.position = position


def read_yaml(text: str) -> tuple[JSON, dict[str, Position]]:
    """A YAML document as JSON, and where its values stand."""
    import yaml  # type: ignore[import-untyped]

    loader = yaml.SafeLoader(text)
    loader.yaml_implicit_resolvers = {
        first: [entry for entry in entries if _means_in_json(first, entry[0])]
        for first, entries in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    try:
        node = loader.get_single_node()
        if node is None:
            return None, {}
        _check_aliases(node)
        return loader.construct_document(node), positions.in_yaml(node)
    except yaml.MarkedYAMLError as error:
        mark: Any = error.problem_mark
        place = (1, 1) if mark is None else (mark.line + 1, mark.column + 1)
        raise InvalidYAML(error.problem or str(error), place) from None


MOST_VALUES: Final = AWS.definition_bytes
"""What a YAML document may hold: more have no room in a definition."""


def _check_aliases(document: Any) -> None:
    """See that a document is not without bound where it names parts of itself."""
    nodes, left = [document], MOST_VALUES
    while nodes:
        node = nodes.pop()
        left -= 1
        if left < 0:
            mark = node.start_mark
            message = f"aliases make more than {MOST_VALUES} values of it"
            raise InvalidYAML(message, (mark.line + 1, mark.column + 1))
        if node.id == "mapping":
            nodes += [part for pair in node.value for part in pair]
        elif node.id == "sequence":
            nodes += node.value


def _means_in_json(first: str, tag: str) -> bool:
    """Whether a plain word is more than a text: neither timestamps nor ``yes`` and ``on`` are, since YAML 1.2."""
    return not tag.endswith(":timestamp") and not (tag.endswith(":bool") and first not in "tTfF")


_TEXT_OR_PLACEHOLDER: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|(?P<bare>\$\{[^}\s"]+\})', re.DOTALL)


def with_numbers(text: str) -> str:
    """A value that is put in later, and not into a text, is taken for a number; places stay what they are."""
    if "${" not in text:
        return text
    return _TEXT_OR_PLACEHOLDER.sub(lambda found: "1".ljust(len(found[0])) if found["bare"] else found[0], text)


def places_in(text: str) -> dict[str, Position]:
    """Where the values of a text stand that somebody else could read; tags of YAML may be any."""
    import yaml

    if text.lstrip().startswith("{"):
        return positions.in_json(text)
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    return {} if node is None else positions.in_yaml(node)
