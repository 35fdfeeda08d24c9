"""Files of what was found: JSON with a line for each name, so that a change shows which names it is about."""

from __future__ import annotations

import json
from typing import Any


def written(kept: dict[str, Any]) -> str:
    """The JSON, with a line for each name."""
    parts = []
    for name, value in kept.items():
        if isinstance(value, dict) and value:
            lines = ",\n".join(f"  {json.dumps(key)}: {json.dumps(inner)}" for key, inner in value.items())
            parts.append(f" {json.dumps(name)}: {{\n{lines}\n }}")
        elif isinstance(value, list) and value:
            lines = ",\n".join(f"  {json.dumps(inner)}" for inner in value)
            parts.append(f" {json.dumps(name)}: [\n{lines}\n ]")
        else:
            parts.append(f" {json.dumps(name)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(parts) + "\n}\n"
