"""Requests: which operation a request to a service of moto's is for, and its members by the service's model.

A request comes in one of AWS's protocols: a form (query, ec2), JSON, or a path with headers and a body (rest-json,
rest-xml). Whatever it is, its members are read into what the JSON protocol would have sent: structures and maps are
dicts, blobs base64 text, members have the model's names. So one check serves all protocols.

Sources: https://smithy.io/2.0/aws/protocols/ (one page a protocol) and botocore's serializers.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from functools import cache
from typing import Any, Final, NamedTuple, TypeAlias
from urllib.parse import parse_qs, parse_qsl, unquote
from xml.etree import ElementTree as ET

from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StructureShape
from botocore.utils import parse_timestamp

from asl_interpreter.jsontext import JSON, InvalidJSON, loads
from emulator.moto_door.routes import Handler, rest_operation
from emulator.wire.operations import service_model
from emulator.wire.protocol import Environ

FORM: Final = "application/x-www-form-urlencoded"


class Unreadable(Exception):
    """The body is not what the protocol wants: no JSON, no XML, or a list where an object should be."""


class Operation(NamedTuple):
    """An operation of a service, by botocore's names, with its model."""

    service: str
    name: str
    model: OperationModel

    @property
    def protocol(self) -> str:
        """The protocol of the service's model, such as ``rest-json``."""
        return str(self.model.service_model.metadata.get("protocol"))

    @property
    def has_body(self) -> bool:
        """Whether anything of its requests is in their body: of others AWS does not read it."""
        if not self.protocol.startswith("rest") or self.service == "s3":  # moto takes one of S3's for another at times
            return True
        shape = self.model.input_shape
        members = {} if shape is None else shape.members
        return any("location" not in member.serialization for member in members.values())


def operation_of(handler: Handler, environ: Environ, body: bytes) -> Operation | None:
    """The operation that a request to a handler of moto's is for; None if that cannot be told."""
    model = model_of(handler)
    if model is None:
        return None
    service = model.service_name
    name = name_of(environ, body)
    if not name and str(model.metadata.get("protocol")).startswith("rest"):
        name = _routed(service, environ)
    return Operation(service, name, model.operation_model(name)) if name in model.operation_names else None


def model_of(handler: Handler) -> ServiceModel | None:
    """Botocore's model of the service of a handler of moto's; None if moto does not say whose it is."""
    owner = getattr(handler, "__self__", None)
    service = getattr(owner() if isinstance(owner, type) else owner, "boto3_service_name", None)
    return service_model(service) if service else None


_ACTION: Final = re.compile(rb"(?:^|&)Action=(\w+)")


def name_of(environ: Environ, body: bytes) -> str:
    """The operation that a request names, in a header or as a form's Action; empty if it names none."""
    target = str(environ.get("HTTP_X_AMZ_TARGET", ""))
    if target:
        return target.rpartition(".")[2]
    text = body if _is_form(environ) else b""
    action = _ACTION.search(text) or _ACTION.search(str(environ.get("QUERY_STRING", "")).encode())
    return action[1].decode() if action is not None else ""


def _is_form(environ: Environ) -> bool:
    return str(environ.get("CONTENT_TYPE", "")).startswith(FORM)


def _path(environ: Environ) -> str:
    return str(environ.get("RAW_URI", environ["PATH_INFO"])).partition("?")[0]


def _routed(service: str, environ: Environ) -> str:
    found = rest_operation(service, environ["REQUEST_METHOD"], _path(environ), environ.get("QUERY_STRING", ""))
    return found or ""


def members_of(operation: Operation, environ: Environ, body: bytes) -> JSON:
    """The members that a request has; None if it is in a protocol that is not read here.

    A member that is any JSON, or a stream of events, is ``{}``: there is nothing to check of it.

    Raises:
        Unreadable: the body is not of the protocol.
    """
    shape = operation.model.input_shape
    if shape is None:
        return {}
    metadata = operation.model.service_model.metadata
    protocol = metadata.get("protocol")
    if "HTTP_X_AMZ_TARGET" in environ:
        return _of_json(shape, _json(body))
    if protocol in ("query", "ec2") or (_is_form(environ) and "query" in metadata.get("protocols", ())):
        text = f"{environ.get('QUERY_STRING', '')}&{body.decode('utf-8', 'replace') if _is_form(environ) else ''}"
        return _Form(ec2=protocol == "ec2").structure(shape, _tree(text))
    return _of_rest(operation, shape, environ, body) if protocol in ("rest-json", "rest-xml") else None


def _json(body: bytes) -> JSON:
    try:
        content = loads(body) if body else {}
    except InvalidJSON:
        raise Unreadable("") from None
    if isinstance(content, list):
        raise Unreadable("Start of list found where not expected")
    if not isinstance(content, dict):
        raise Unreadable("Unexpected token received from parser")
    return content


def _of_json(shape: Shape, value: JSON) -> JSON:
    """A value of JSON with the model's names; what is of another type than the model says stays as it is."""
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        if shape.is_document_type:
            return {}
        found = {}
        for name, key, member in _keys(shape):
            given = value.get(key)
            if given is not None:
                found[name] = given if member is None else _of_json(member, given)
        return found
    if isinstance(shape, StructureShape) and shape.is_document_type:
        return {}
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [_of_json(shape.member, element) for element in value]
    if isinstance(shape, MapShape) and isinstance(value, dict):
        return {key: _of_json(shape.value, element) for key, element in value.items()}
    return _time(value) if shape.type_name == "timestamp" and isinstance(value, str) else value


_Key: TypeAlias = "tuple[str, str, Shape | None]"


def _keys(shape: StructureShape) -> tuple[_Key, ...]:
    """Of each member of a structure: its name, its name in JSON, and its shape unless a value of it stays as it is."""
    made: tuple[_Key, ...] | None = getattr(shape, "_dynastep_keys", None)
    if made is None:
        made = tuple(
            (name, str(member.serialization.get("name", name)), None if _is_plain(member) else member)
            for name, member in shape.members.items()
        )
        shape._dynastep_keys = made  # type: ignore[attr-defined]  # noqa: SLF001 - kept as long as the model is
    return made


def _is_plain(shape: Shape) -> bool:
    return not isinstance(shape, StructureShape | ListShape | MapShape) and shape.type_name != "timestamp"


# Forms

_Tree: TypeAlias = "dict[str, Any]"
"""A form as its dots have it: small letters -> a tree, and "" -> the value of what ends there."""


def _tree(text: str) -> _Tree:
    root: _Tree = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        node = root
        for part in name.lower().split(".")[:_DEEPEST]:
            node = node.setdefault(part, {})
        node.setdefault("", value)  # of a name that comes twice, the first counts
    return root


_DEEPEST: Final = 64


class _Form:
    """The members of a form, in the names of the query protocol or of EC2's."""

    def __init__(self, *, ec2: bool) -> None:
        self._ec2 = ec2

    def structure(self, shape: StructureShape, tree: _Tree) -> JSON:
        found = {}
        for name, member in shape.members.items():
            node = self._node(name, member, tree)
            if node is not None:
                found[name] = self._value(member, node)
        return found

    def _node(self, name: str, member: Shape, tree: _Tree) -> _Tree | None:
        serialization = member.serialization
        key = str((self._ec2 and serialization.get("queryName")) or serialization.get("name", name))
        if isinstance(member, ListShape) and not self._ec2 and serialization.get("flattened"):
            key = str(member.member.serialization.get("name", key))
        found: _Tree | None = tree.get(key.lower())
        return found

    def _value(self, shape: Shape, node: _Tree) -> JSON:
        if isinstance(shape, StructureShape):
            return self.structure(shape, node)
        if isinstance(shape, ListShape):
            inner = node
            if not self._ec2 and not shape.serialization.get("flattened"):
                inner = node.get(str(shape.member.serialization.get("name", "member")).lower(), {})
            return [self._value(shape.member, inner[number]) for number in _numbers(inner)]
        if isinstance(shape, MapShape):
            inner = node if shape.serialization.get("flattened") else node.get("entry", {})
            of_key = str(shape.key.serialization.get("name", "key")).lower()
            of_value = str(shape.value.serialization.get("name", "value")).lower()
            entries = [inner[number] for number in _numbers(inner)]
            return {
                str(entry.get(of_key, {}).get("", "")): self._value(shape.value, entry.get(of_value, {}))
                for entry in entries
            }
        return scalar(shape, str(node.get("", "")))


def _numbers(tree: _Tree) -> list[str]:
    return sorted((key for key in tree if key.isdecimal() and key.isascii()), key=int)


def scalar(shape: Shape, text: str) -> JSON:
    """A scalar that the protocol has as text; text that is none of its type stays text, which the check refuses."""
    try:
        match shape.type_name:
            case "integer" | "long":
                return int(text) if len(text) < _LONGEST_NUMBER else text
            case "float" | "double":
                return float(text)
            case "boolean":
                return {"true": True, "false": False}.get(text.lower(), text)
            case "timestamp":
                return _time(text)
    except ValueError:
        pass
    return text


_LONGEST_NUMBER: Final = 32


def _time(text: str) -> JSON:
    """A time, which may be written in several ways, as 0, for there is nothing more to check of one; else its text."""
    try:
        parse_timestamp(text)
    except (ValueError, OverflowError):
        return text
    return 0


# Paths, headers and bodies


def _of_rest(operation: Operation, shape: StructureShape, environ: Environ, body: bytes) -> JSON:
    payload = shape.serialization.get("payload")
    is_xml = operation.model.service_model.metadata["protocol"] == "rest-xml"
    found: dict[str, JSON] = dict(_beside(operation, shape, environ))
    if payload is None:
        inside = {name: member for name, member in shape.members.items() if "location" not in member.serialization}
        if inside and body:
            content = _of_xml(shape, _xml(body)) if is_xml else _of_json(shape, _json(body))
            found.update((name, value) for name, value in content.items() if name in inside)
    elif body:
        member = shape.members[payload]
        found[payload] = _payload(member, body, is_xml=is_xml)
    return found


def _payload(shape: Shape, body: bytes, *, is_xml: bool) -> JSON:
    if isinstance(shape, StructureShape) and not shape.serialization.get("eventstream"):
        return _of_xml(shape, _xml(body)) if is_xml else _of_json(shape, _json(body))
    if shape.type_name == "string":
        return body.decode("utf-8", "replace")
    return base64.b64encode(body).decode() if shape.type_name == "blob" else {}


def _beside(operation: Operation, shape: StructureShape, environ: Environ) -> Iterator[tuple[str, JSON]]:
    """The members that are in the path, in the query or in headers."""
    query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    match = _labels(operation.model.http["requestUri"].partition("?")[0]).fullmatch(_path(environ))
    labels = {} if match is None else match.groupdict()
    for name, member in shape.members.items():
        serialization = member.serialization
        key = str(serialization.get("name", name))
        match serialization.get("location"):
            case "uri":
                yield name, scalar(member, unquote(labels.get(_group(key), "")))
            case "querystring" if key in query:
                if isinstance(member, ListShape):
                    yield name, [scalar(member.member, value) for value in query[key]]
                elif not isinstance(member, MapShape):
                    yield name, scalar(member, query[key][0])
            case "header":
                variable = key.upper().replace("-", "_")
                given = environ.get(f"HTTP_{variable}", environ.get(variable))
                if given is not None and not isinstance(member, ListShape):
                    yield name, scalar(member, str(given))
            case "headers":
                yield name, {}


@cache
def _labels(template: str) -> re.Pattern[str]:
    """A path of the model as an expression with a group for each of its labels."""
    parts = re.split(r"(\{[^}]+\})", template.rstrip("/"))
    last = len(parts) - 2 if parts[-1] == "" else -1
    made = "".join(
        (f"(?P<{_group(part[1:-1].rstrip('+'))}>{'.+' if part.endswith('+}') or number == last else '[^/]+'})")
        if part.startswith("{")
        else re.escape(part)
        for number, part in enumerate(parts)
    )
    return re.compile(f"{made}/?")


def _group(label: str) -> str:
    return "label_" + re.sub(r"\W", "_", label)


def _xml(body: bytes) -> ET.Element:
    try:
        return ET.fromstring(body)  # noqa: S314 - expat itself bounds what entities make of a text
    except ET.ParseError:
        raise Unreadable("") from None


def _of_xml(shape: Shape, element: ET.Element) -> Any:
    if isinstance(shape, StructureShape):
        found: dict[str, Any] = {}
        for name, member in shape.members.items():
            key = str(member.serialization.get("name", name))
            if isinstance(member, ListShape) and member.serialization.get("flattened"):
                key = str(member.member.serialization.get("name", key))
                if inner := _children(element, key):
                    found[name] = [_of_xml(member.member, child) for child in inner]
            elif member.serialization.get("xmlAttribute"):
                given = {_local(at): value for at, value in element.attrib.items()}.get(key.rpartition(":")[2])
                if given is not None:
                    found[name] = given
            elif inner := _children(element, key):
                found[name] = _of_xml(member, inner[0])
        return found
    if isinstance(shape, ListShape):
        return [_of_xml(shape.member, child) for child in element]
    if isinstance(shape, MapShape):
        return {}
    return scalar(shape, element.text or "")


def _children(element: ET.Element, name: str) -> list[ET.Element]:
    return [child for child in element if _local(child.tag) == name]


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
