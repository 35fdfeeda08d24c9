"""Formats in which a policy is written: JSON, YAML, the Policies of a SAM template, Terraform."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from asl_interpreter.jsontext import JSON
from emulator.permissions.rights import Right, document


def as_json(rights: Iterable[Right]) -> str:
    """A policy document."""
    return json.dumps(document(rights), indent=2)


def as_yaml(rights: Iterable[Right]) -> str:
    """A policy document in YAML."""
    return _yaml(document(rights))


def as_sam(rights: Iterable[Right]) -> str:
    """The property Policies of an AWS::Serverless::StateMachine."""
    return _yaml({"Policies": [document(rights)]})


def _yaml(value: JSON) -> str:
    import yaml  # type: ignore[import-untyped]

    text: str = yaml.safe_dump(value, sort_keys=False, width=120)
    return text.rstrip("\n")


def as_terraform(rights: Iterable[Right]) -> str:
    """A data source ``aws_iam_policy_document``."""
    blocks = []
    for right in rights:
        lines = [
            "  statement {",
            f"    actions   = {_list(sorted(right.actions))}",
            f"    resources = {_list(sorted(right.resources))}",
        ]
        for test, keys in json.loads(right.condition).items():
            for variable, value in keys.items():
                values = value if isinstance(value, list) else [value]
                lines += [
                    "",
                    "    condition {",
                    f"      test     = {_text(test)}",
                    f"      variable = {_text(variable)}",
                    f"      values   = {_list(values)}",
                    "    }",
                ]
        blocks.append("\n".join([*lines, "  }"]))
    return 'data "aws_iam_policy_document" "state_machine" {\n' + "\n\n".join(blocks) + "\n}"


def _list(values: Iterable[Any]) -> str:
    return f"[{', '.join(map(_text, values))}]"


def _text(value: Any) -> str:
    """A text of HCL, in which ``${`` and ``%{`` would begin a template."""
    return re.sub(r"([$%])\{", r"\1\1{", json.dumps(str(value)))


FORMATS: Final[Mapping[str, Callable[[Iterable[Right]], str]]] = {
    "json": as_json,
    "yaml": as_yaml,
    "sam": as_sam,
    "terraform": as_terraform,
}
