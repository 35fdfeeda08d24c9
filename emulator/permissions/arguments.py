"""Arguments of a Task, as far as a definition tells them, and templates that are filled with them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from asl_interpreter.jsontext import JSON
from emulator.permissions.asking import UNKNOWN, Place
from emulator.permissions.needs import needs


class Arguments(dict[str, Any]):
    """The arguments of a Task; ``all_known`` tells whether it has no others."""

    all_known = True


def _is_computed(value: JSON) -> bool:
    return isinstance(value, str) and value.startswith("{%") and value.endswith("%}")


def _static(value: JSON) -> Any:
    """A value of Parameters or Arguments, with UNKNOWN for what is computed."""
    if isinstance(value, dict):
        return {
            name.removesuffix(".$"): UNKNOWN if name.endswith(".$") else _static(item) for name, item in value.items()
        }
    if isinstance(value, list):
        return [_static(item) for item in value]
    if not isinstance(value, str):
        return value
    return UNKNOWN if _is_computed(value) or SUBSTITUTION.fullmatch(value) else SUBSTITUTION.sub("*", value)


SUBSTITUTION: Final = re.compile(r"\$\{[\w:.-]+\}")
"""What a template puts in its place when it is deployed: ``${TableName}``."""


def of_definition(state: Mapping[str, JSON]) -> Arguments:
    """What a definition says of the arguments of a Task, a reader or a writer."""
    given = state.get("Arguments", state.get("Parameters"))
    static = _static(given)
    arguments = Arguments(static if isinstance(static, dict) else {})
    arguments.all_known = isinstance(given, dict)
    return arguments


def of_run(arguments: JSON) -> Arguments:
    """What a run has asked for."""
    return Arguments(arguments if isinstance(arguments, dict) else {})


def role_of(state: Mapping[str, JSON]) -> str | None:
    """The role that a Task takes on; ``*`` if it is computed."""
    credentials = state.get("Credentials")
    if credentials is None:
        return None
    static = _static(credentials)
    role = static.get("RoleArn") if isinstance(static, dict) else UNKNOWN
    return role if isinstance(role, str) else "*"


def text(value: Any) -> str:
    """A text; ``*`` for what is not known."""
    return value if isinstance(value, str) else "*"


_ARGUMENT: Final = re.compile(r"\{([A-Z][\w.]*)\}")


def names_any(templates: Iterable[str], arguments: Arguments) -> bool:
    """Whether one of the arguments that the templates name is given."""
    return any(name.partition(".")[0] in arguments for template in templates for name in _ARGUMENT.findall(template))


def find(path: str, arguments: Any) -> Any:
    """An argument by its path, such as ``Output.S3Uri``; None if there is none."""
    for name in path.split("."):
        arguments = arguments.get(name) if isinstance(arguments, dict) else None
    return arguments


def filled(template: str, arguments: Arguments, place: Place) -> str | None:
    """A template with the arguments; None if it has one that is not known. An argument that is an ARN is the whole."""
    values = {name: find(name, arguments) for name in _ARGUMENT.findall(template)}
    if not all(isinstance(value, str) for value in values.values()):
        return None
    if template == "{QueueUrl}":
        return needs("sqs", "SendMessage", arguments, place)[0].resource
    arn = next((value for value in values.values() if value.startswith("arn:")), None)
    if arn is not None:
        return str(arn)
    filled = _ARGUMENT.sub(lambda match: values[match[1]], template)
    return filled.replace("{p}", place.partition).replace("{r}", place.region).replace("{a}", place.account)
