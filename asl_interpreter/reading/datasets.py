"""The rules of ItemReader, ItemBatcher and ResultWriter: which fields each has, alone and beside the others.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html, -itembatcher.html and
-resultwriter.html. That AWS refuses these is documented; the words are those of AWS for other fields.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from ..errors import Problem
from ..jsontext import JSON
from ..quotas import AWS
from . import fields
from .fields import SCHEMA, Check, Field, Language, Rules

MAX_POINTER: Final = 2000

_POINTER: Final = re.compile(r"(/([^~/]|~[01])*)*")
_S3: Final = r"arn:aws[a-z-]*:states:[a-z0-9-]*:\d*:s3:"


def _resource(*actions: str) -> Check:
    known = re.compile(_S3 + f"(?:{'|'.join(actions)})")

    def check(value: JSON) -> str | None:
        if not isinstance(value, str) or known.fullmatch(value):
            return fields.text(value)
        return (
            f"The resource provided {value} is not recognized. The value is not a valid resource ARN, "
            "or the resource is not available in this region."
        )

    return check


def _pointer(value: JSON) -> str | None:
    if not isinstance(value, str) or len(value) >= MAX_POINTER or not _POINTER.fullmatch(value):
        return fields.text(value) or "Value is not a valid JSON Pointer"
    return None


_ARGUMENTS: Final = {
    "Parameters": Field(fields.nested, "JSONPath", template=True),
    "Arguments": Field(fields.nested, "JSONata", query="whole"),
}


def _limit(name: str, minimum: int, maximum: int | None = None) -> dict[str, Field]:
    """A whole number, or a path to one."""
    return {
        name: Field(fields.whole(minimum, maximum), query="whole"),
        f"{name}Path": Field(fields.variable_path, "JSONPath"),
    }


READER: Final = Rules(
    {**_ARGUMENTS, "Resource": Field(_resource("getObject", "listObjectsV2")), "ReaderConfig": Field(fields.nested)},
    required=("Resource",),
)
READER_CONFIG: Final = Rules(
    {
        **_limit("MaxItems", 0),
        "InputType": Field(fields.one_of("CSV", "JSON", "JSONL", "PARQUET", "MANIFEST")),
        "Transformation": Field(fields.one_of("NONE", "LOAD_AND_FLATTEN")),
        "ManifestType": Field(fields.one_of("ATHENA_DATA", "S3_INVENTORY")),
        "CSVDelimiter": Field(fields.one_of("COMMA", "PIPE", "SEMICOLON", "SPACE", "TAB")),
        "CSVHeaderLocation": Field(fields.one_of("FIRST_ROW", "GIVEN")),
        "CSVHeaders": Field(fields.some_names),
        "ItemsPointer": Field(_pointer),
    },
    exclusive=(("MaxItems", "MaxItemsPath"),),
)
BATCHER: Final = Rules(
    {
        **_limit("MaxItemsPerBatch", 1),
        **_limit("MaxInputBytesPerBatch", 1, AWS.payload_bytes),
        "BatchInput": Field(fields.anything, query="whole", template=True),
    },
    exclusive=(("MaxItemsPerBatch", "MaxItemsPerBatchPath"), ("MaxInputBytesPerBatch", "MaxInputBytesPerBatchPath")),
)
WRITER: Final = Rules(
    {**_ARGUMENTS, "Resource": Field(_resource("putObject")), "WriterConfig": Field(fields.nested)},
)
WRITER_CONFIG: Final = Rules(
    {
        "Transformation": Field(fields.one_of("NONE", "COMPACT", "FLATTEN")),
        "OutputType": Field(fields.one_of("JSON", "JSONL")),
    }
)


def check_distribution(state: Mapping[str, JSON], where: str, language: Language) -> Iterator[Problem]:
    """What is wrong with the data sets of a distributed Map."""
    for field, rules, part, part_rules in (
        ("ItemReader", READER, "ReaderConfig", READER_CONFIG),
        ("ItemBatcher", BATCHER, None, None),
        ("ResultWriter", WRITER, "WriterConfig", WRITER_CONFIG),
    ):
        value, location = state.get(field), f"{where}/{field}"
        if not isinstance(value, dict):
            continue
        problems = list(fields.check(value, rules, location, language))
        if part_rules is not None and isinstance(value.get(part), dict):
            problems += fields.check(value[part], part_rules, f"{location}/{part}", language)
        yield from problems
        if {problem.location for problem in problems}.isdisjoint(f"{location}/{name}" for name in _DECISIVE):
            yield from _CROSS[field](value, location, "Parameters" if language == "JSONPath" else "Arguments")


_DECISIVE: Final = (
    *("Resource", "ReaderConfig", "ReaderConfig/InputType", "ReaderConfig/ManifestType", "ReaderConfig/Transformation"),
    "ReaderConfig/CSVHeaderLocation",
)
"""What says which other fields there may be."""


def _check_reader(reader: Mapping[str, JSON], where: str, _arguments: str) -> Iterator[Problem]:
    """Which fields of ReaderConfig go with which; without a Resource nobody knows."""
    if "Resource" not in reader:
        return
    config: Mapping[str, JSON] = reader.get("ReaderConfig", {})
    location = f"{where}/ReaderConfig"
    listing = reader["Resource"].endswith("listObjectsV2")
    flattening = config.get("Transformation") == "LOAD_AND_FLATTEN"
    manifest = config.get("ManifestType")
    kind = config.get("InputType")
    reads_rows = kind == "CSV" and (flattening or not listing)
    if kind is None and (flattening or not (listing or manifest == "S3_INVENTORY")):
        yield _required("InputType", location)
    if reads_rows and "CSVHeaderLocation" not in config:
        yield _required("CSVHeaderLocation", location)
    if config.get("CSVHeaderLocation") == "GIVEN" and "CSVHeaders" not in config:
        yield _required("CSVHeaders", location)
    unsupported = {
        "InputType": manifest == "S3_INVENTORY" or (listing and kind == "MANIFEST"),
        "Transformation": not listing,
        "ManifestType": listing or (manifest == "ATHENA_DATA" and kind not in _ATHENA),
        "ItemsPointer": kind != "JSON",
        "CSVHeaders": config.get("CSVHeaderLocation") != "GIVEN",
        **dict.fromkeys(("CSVDelimiter", "CSVHeaderLocation"), kind not in ("CSV", "MANIFEST") and manifest is None),
    }
    yield from (_unsupported(name, location) for name in config if unsupported.get(name))


_ATHENA: Final = ("CSV", "JSONL", "PARQUET")
"""What the objects may be that a manifest of Athena names."""


def _check_batcher(batcher: Mapping[str, JSON], where: str, _arguments: str) -> Iterator[Problem]:
    """A batch has some limit."""
    limits = [name for name in BATCHER.fields if name != "BatchInput"]
    if not any(name in batcher for name in limits):
        text = f"This object should have at least one of the following fields: [{', '.join(limits)}]"
        yield Problem(SCHEMA, text, where)


def _check_writer(writer: Mapping[str, JSON], where: str, arguments: str) -> Iterator[Problem]:
    """Results are formatted, or exported, or both."""
    if "Resource" not in writer and "WriterConfig" not in writer:
        text = "This object should have at least one of the following fields: [Resource, WriterConfig]"
        yield Problem(SCHEMA, text, where)
    for name, other in (("Resource", arguments), (arguments, "Resource")):
        if name in writer and other not in writer:
            yield _required(other, where)


_CROSS: Final = {"ItemReader": _check_reader, "ItemBatcher": _check_batcher, "ResultWriter": _check_writer}


def _required(field: str, location: str) -> Problem:
    return Problem(SCHEMA, f"These fields are required: [{field}]", location)


def _unsupported(field: str, location: str) -> Problem:
    return Problem(SCHEMA, f"Field '{field}' is not supported", location)
