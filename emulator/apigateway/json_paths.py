"""JSONPath as API Gateway reads it: by Jayway's rules, as Step Functions does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from asl_interpreter.jsontext import JSON
from asl_interpreter.language.path_steps import InvalidPath
from asl_interpreter.language.paths import Frame, PathNotFound, compile_path


@dataclass(frozen=True, slots=True)
class _Document:
    input: JSON


def find(document: JSON, path: str) -> Any:
    """What a path finds in a document; None if nothing, or if it is no path."""
    try:
        return compile_path(path if path.startswith("$") else f"$.{path}").evaluate(cast("Frame", _Document(document)))
    except (InvalidPath, PathNotFound):
        return None
