"""AWS's query protocol: a form becomes the parameters of an operation, an answer becomes XML, by the service's model.

Pure. Source: https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from emulator.faults import Fault

if TYPE_CHECKING:
    from botocore.model import OperationModel, ServiceModel, Shape

    from asl_interpreter.jsontext import JSON

MOST_ITEMS: Final = 10_000
"""The highest number that an item of a list may have: a form cannot ask for an endless list."""


def read(body: str, service: ServiceModel) -> tuple[str, dict[str, JSON]]:
    """The operation that a form asks for, and its parameters. Values stay texts, but for numbers and switches.

    Raises:
        Fault: there is no such operation, or a value is not what the model says.
    """
    form = dict(parse_qsl(body, keep_blank_values=True, encoding="utf-8", errors="replace"))
    name = form.get("Action", "")
    if name not in service.operation_names:
        raise Fault("InvalidAction", f"Could not find operation {name} for version {service.api_version}")
    shape = service.operation_model(name).input_shape
    return name, {} if shape is None else _structure(shape, "", _tree(form))


_Tree = dict[str, Any]


def _tree(form: Mapping[str, str]) -> _Tree:
    """``Tags.member.1.Key=a`` becomes ``{"Tags": {"member": {"1": {"Key": {"": "a"}}}}}``."""
    root: _Tree = {}
    for name, value in form.items():
        at = root
        for part in name.split("."):
            at = at.setdefault(part, {})
        at[""] = value
    return root


def _structure(shape: Shape, where: str, tree: _Tree) -> dict[str, JSON]:
    found: dict[str, JSON] = {}
    members: Mapping[str, Shape] = shape.members  # type: ignore[attr-defined]  # of a structure
    for name, member in members.items():
        wire = member.serialization.get("name", name)
        if wire in tree:
            found[name] = _value(member, f"{where}{wire}", tree[wire])
    return found


def _value(shape: Any, where: str, tree: _Tree) -> JSON:
    match shape.type_name:
        case "structure":
            return _structure(shape, f"{where}.", tree)
        case "list":
            flat = shape.serialization.get("flattened", False)
            name = shape.member.serialization.get("name", "member")
            items: _Tree = tree if flat else tree.get(name) or tree.get("member") or {}
            return [_value(shape.member, f"{where}.{name}", items[number]) for number in _numbers(items)]
        case "map":
            entries: _Tree = tree if shape.serialization.get("flattened") else tree.get("entry", {})
            found = [entries[number] for number in _numbers(entries)]
            return {pair["key"][""]: _value(shape.value, where, pair["value"]) for pair in found if "key" in pair}
        case _:
            return _scalar(shape, where, tree.get("", ""))


def _numbers(items: _Tree) -> list[str]:
    numbers = [number for number in items if number.isascii() and number.isdigit() and int(number) <= MOST_ITEMS]
    return sorted(numbers, key=int)


def _scalar(shape: Any, where: str, text: str) -> JSON:
    try:
        match shape.type_name:
            case "integer" | "long":
                return int(text)
            case "float" | "double":
                return float(text)
            case "boolean":
                return {"true": True, "false": False}[text.lower()]
            case _:
                return text
    except (ValueError, KeyError):
        message = f"1 validation error detected: Value '{text}' at '{where}' failed to satisfy constraint: "
        raise Fault("ValidationError", f"{message}Member must be a {shape.type_name}") from None


def write(operation: OperationModel, answer: Mapping[str, JSON], request_id: str) -> bytes:
    """The XML of an answer."""
    name, namespace = operation.name, operation.service_model.metadata.get("xmlNamespace", "")
    result = ""
    shape: Any = operation.output_shape
    if shape is not None:
        inner = "".join(_members(shape, answer))
        wrapper = shape.serialization.get("resultWrapper", f"{name}Result")
        result = f"<{wrapper}>{inner}</{wrapper}>"
    metadata = f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>"
    return f'<{name}Response xmlns="{namespace}">{result}{metadata}</{name}Response>'.encode()


def write_fault(fault: Fault, namespace: str, request_id: str) -> bytes:
    """The XML of a refusal."""
    kind = "Sender" if fault.status < 500 else "Receiver"
    code = "ValidationError" if fault.code == "ValidationException" else fault.code
    inner = f"<Type>{kind}</Type><Code>{code}</Code><Message>{_text(fault.message)}</Message>"
    body = f"<Error>{inner}</Error><RequestId>{request_id}</RequestId>"
    return f'<ErrorResponse xmlns="{namespace}">{body}</ErrorResponse>'.encode()


def _members(shape: Any, answer: Mapping[str, JSON]) -> Iterator[str]:
    for name, member in shape.members.items():
        if answer.get(name) is not None:
            yield _element(member.serialization.get("name", name), member, answer[name])


def _element(name: str, shape: Any, value: JSON) -> str:
    match shape.type_name:
        case "structure":
            inner = "".join(_members(shape, value))
        case "list":
            item = shape.member.serialization.get("name", "member")
            if shape.serialization.get("flattened"):
                return "".join(_element(name, shape.member, each) for each in value)
            inner = "".join(_element(item, shape.member, each) for each in value)
        case "map":
            inner = "".join(
                f"<entry>{_element('key', shape.key, key)}{_element('value', shape.value, each)}</entry>"
                for key, each in value.items()
            )
        case "timestamp":
            moment = datetime.fromtimestamp(value, timezone.utc)
            inner = f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"
        case "boolean":
            inner = "true" if value else "false"
        case "blob":
            inner = base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)
        case _:
            inner = _text(str(value))
    return f"<{name}>{inner}</{name}>" if inner else f"<{name}/>"


def _text(text: str) -> str:
    """A text as XML 1.0 can hold it."""
    kept = "".join(char for char in text if char >= " " or char in "\t\n\r")
    return escape(kept, {"\r": "&#13;"})
