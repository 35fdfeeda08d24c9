"""Definitions as a test gives them: a value, text in JSON or YAML, or a file; and where in the file a state stands."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from asl_interpreter.jsontext import JSON, dumps, loads
from emulator.suggestions import unknown
from emulator.validate.documents import YAML_SUFFIXES, CannotRead, read_definition
from emulator.validate.positions import Position
from emulator.validate.projects import PLACEHOLDER, find, read_project, substitute

Definition: TypeAlias = "Mapping[str, JSON] | str | Path"
"""What a test gives: a value, its text, or its file; where a machine is run, the ARN of one, too."""
TEXT: Final = "the definition"
"""What messages call a definition that is in no file."""


@dataclass(frozen=True, slots=True)
class Source:
    """The file of a definition, its text, and where its values stand, if the file holds more than the definition."""

    file: Path
    text: str
    places: Mapping[str, Position] | None = None

    def place(self, state: str) -> str:
        """Where a state stands, by its place: ``order.asl.json:14`` for ``Each/Ship``; the file if it is not there."""
        places = self.places
        if places is None:
            try:
                _, places = read_definition(str(self.file), self.text)
            except CannotRead:
                return self.file.name
        ends = f"/States/{state.rpartition('/')[2]}" if state else None
        found = min((place for place in places if ends and place.endswith(ends)), key=len, default=None)
        return self.file.name if found is None else f"{self.file.name}:{places[found][0]}"


def definition_text(
    definition: Definition, substitutions: Mapping[str, JSON] | None = None
) -> tuple[str, Source | None]:
    """A definition as JSON text, which is the client's own where that is JSON; and its file, if it is in one.

    ``substitutions`` stand for ``${Name}`` in its text, as DefinitionSubstitutions of a template do.

    Raises:
        CannotRead: a file or a text in YAML cannot be read; the message says where.
        ValueError: a substitution is for nothing in the definition, or a value is no JSON.
        TypeError: a value is no JSON.
    """
    source = None
    if isinstance(definition, Path):
        text = definition.read_text(encoding="utf-8")
        source = Source(definition, text)
        text = _as_json(str(definition), text, yaml=definition.suffix.lower() in YAML_SUFFIXES)
    elif isinstance(definition, str):
        text = _as_json(f"{TEXT}.yaml", definition, yaml=_is_yaml(definition))
    else:
        text = json_text(definition)
    return _substituted(text, substitutions or {}), source


def machine_of_project(
    definition: object, name: str | None, account: str, region: str, substitutions: Mapping[str, JSON] | None = None
) -> tuple[str, Source, str] | None:
    """The definition of a state machine in a template or a plan, as JSON text; its file; STANDARD or EXPRESS.

    None if ``definition`` is no such file. ``name`` is the machine's logical name; ``substitutions`` go before those of
    the template.

    Raises:
        ValueError: there is no such machine in it, a substitution is for nothing, or the file holds a definition.
    """
    machines = None
    if isinstance(definition, Path):
        text = definition.read_text(encoding="utf-8")
        machines = read_project(definition, text, account, region)
    if machines is None:
        if name is not None:
            raise ValueError(f"{name!r} would be the logical name of a machine in a template: this is a definition.")
        return None
    found = find(machines, name)
    known = {key: value for key, value in found.substitutions.items() if f"${{{key}}}" in found.text}
    text = _substituted(found.text, {**known, **(substitutions or {})})
    return text, Source(found.file, text, found.places), found.kind


def json_text(value: JSON) -> str:
    """A value as JSON text; what the json module would not write is refused.

    Raises:
        TypeError, ValueError: it is no JSON.
    """
    return dumps(loads(json.dumps(value, allow_nan=False)))


_STARTS_YAML: Final = re.compile(r"^(StartAt|States|Comment|QueryLanguage)\s*:", re.MULTILINE)


def _is_yaml(text: str) -> bool:
    """Whether a text is a definition in YAML: it does not begin as JSON, and a line of it names a field."""
    return not text.lstrip().startswith("{") and _STARTS_YAML.search(text) is not None


def _as_json(file: str, text: str, *, yaml: bool) -> str:
    return dumps(read_definition(file, text)[0]) if yaml else text


def _substituted(text: str, substitutions: Mapping[str, JSON]) -> str:
    named = set(PLACEHOLDER.findall(text))
    for name in substitutions:
        if name not in named:
            raise ValueError(unknown("placeholder", name, named))
    texts = {name: value if isinstance(value, str) else json_text(value) for name, value in substitutions.items()}
    return substitute(text, texts)
