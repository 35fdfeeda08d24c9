"""What a file holds as items: CSV, JSON, JSON Lines, Parquet; compressed by GZIP or Zstandard.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html; texts as observed on AWS,
where they were.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO, Final

from asl_interpreter.errors import ITEM_READER_FAILED, NOT_BUILT, StateError
from asl_interpreter.jackson import explain
from asl_interpreter.jsontext import JSON, InvalidJSON, loads
from asl_interpreter.language.java import hash_map

Entry = tuple[JSON, "str | None"]
"""The value of an item, and its name if it is the member of an object."""

DELIMITERS: Final = {"COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "SPACE": " ", "TAB": "\t"}
LONGEST_ITEM: Final = 8 * 1024 * 1024
"""Bytes of one item: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""
LONGEST_HEADERS: Final = 10 * 1024
_EXTRA: Final = "install dynastep[datasets]"


def entries(stream: BinaryIO, name: str, config: Mapping[str, JSON]) -> Iterator[Entry]:
    """The items of a file; ``name`` is its key, whose ending says how it is compressed.

    Raises:
        StateError: States.ItemReaderFailed, the file is not what ``config`` says.
    """
    kind = config.get("InputType", "JSON")
    try:
        yield from _READERS[kind](_decompressed(stream, name), config)
    except (UnicodeDecodeError, EOFError, OSError, csv.Error) as error:
        raise failed(f"The object {name} cannot be read as {kind}: {error}") from None


def failed(cause: str) -> StateError:
    """The failure of an ItemReader."""
    return StateError(ITEM_READER_FAILED, cause)


def _decompressed(stream: BinaryIO, name: str) -> BinaryIO:
    if name.endswith(".gz"):
        return gzip.GzipFile(fileobj=stream)  # type: ignore[return-value]  # a stream of bytes all the same
    if name.endswith((".zst", ".zstd")):
        reader: BinaryIO = _pyarrow("objects compressed by Zstandard").CompressedInputStream(stream, "zstd")
        return reader
    return stream


def csv_rows(stream: BinaryIO, delimiter: str) -> Iterator[list[str]]:
    """The rows of a text delimited file. A backslash takes the special meaning from what follows it."""
    csv.field_size_limit(LONGEST_ITEM)
    text = io.TextIOWrapper(stream, "utf-8-sig", newline="")
    yield from filter(None, csv.reader(text, delimiter=delimiter, escapechar="\\"))


def rows_as_items(rows: Iterator[list[str]], headers: Sequence[str]) -> Iterator[Entry]:
    """Rows as objects. A row that is too short is filled with empty texts, of one that is too long the rest is dropped.

    A header without a name is the member ``""``, as recorded from AWS; members come in the order of a Java HashMap.
    """
    if len(set(headers)) < len(headers):
        raise failed("CSV headers cannot contain duplicates.")
    if len(",".join(headers).encode()) > LONGEST_HEADERS:
        raise failed(f"CSV headers cannot be longer than {LONGEST_HEADERS} bytes.")
    places = {header: index for index, header in enumerate(headers)}
    order = [(header, places[header]) for header in hash_map(headers)]
    for row in rows:
        yield {header: row[index] if index < len(row) else "" for header, index in order}, None


def _csv(stream: BinaryIO, config: Mapping[str, JSON]) -> Iterator[Entry]:
    rows = csv_rows(stream, DELIMITERS[config.get("CSVDelimiter", "COMMA")])
    if config.get("CSVHeaderLocation") == "GIVEN":
        headers: Sequence[str] | None = config["CSVHeaders"]
    else:
        headers = next(rows, None)
    if headers is not None:
        yield from rows_as_items(rows, headers)


def _json(stream: BinaryIO, config: Mapping[str, JSON]) -> Iterator[Entry]:
    document = _at_pointer(_value(stream.read(), "The JSON file"), config.get("ItemsPointer", ""))
    if isinstance(document, list):
        for value in document:
            yield value, None
    elif isinstance(document, dict):
        for name, value in document.items():
            yield value, name
    else:
        raise failed("Attempting to map over non-iterable node.")


def _at_pointer(document: JSON, pointer: str) -> JSON:
    """What a JSON Pointer (RFC 6901) names in a document."""
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(document, dict) and name in document:
            document = document[name]
        elif isinstance(document, list) and name.isdecimal() and int(name) < len(document):
            document = document[int(name)]
        else:
            raise failed(f"The ItemsPointer '{pointer}' names nothing in the file.")
    return document


def _json_lines(stream: BinaryIO, _config: Mapping[str, JSON]) -> Iterator[Entry]:
    for number, line in enumerate(io.BufferedReader(stream), 1):  # type: ignore[type-var]  # reads bytes, is not raw
        if line.strip():
            yield _value(line, f"Line {number} of the JSON Lines file"), None


def _value(text: bytes, what: str) -> JSON:
    try:
        return loads(text)
    except InvalidJSON as error:
        flaw = explain(text.decode("utf-8", "replace"))
        raise failed(f"{what} cannot be read: {error if flaw is None else flaw.message}") from None


def _parquet(stream: BinaryIO, _config: Mapping[str, JSON]) -> Iterator[Entry]:
    pa = _pyarrow("Parquet files")
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(pa.BufferReader(stream.read()))
        for batch in file.iter_batches(batch_size=_ROWS_AT_ONCE):
            for row in batch.to_pylist():
                yield _plain(row), None
    except pa.ArrowException as error:
        raise failed(f"The Parquet file cannot be read: {error}") from None


_ROWS_AT_ONCE: Final = 1000


def _plain(value: Any) -> JSON:
    """A value of Parquet as JSON: what JSON does not have becomes text."""
    if isinstance(value, dict):
        return {name: _plain(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_plain(member) for member in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _pyarrow(what: str) -> Any:
    try:
        import pyarrow as pa
    except ImportError:
        raise StateError(NOT_BUILT, f"Dynastep reads {what} with the library pyarrow: {_EXTRA}.") from None
    return pa


_READERS: Final[Mapping[str, Callable[[BinaryIO, Mapping[str, JSON]], Iterator[Entry]]]] = {
    "CSV": _csv,
    "JSON": _json,
    "JSONL": _json_lines,
    "PARQUET": _parquet,
}
