"""ResultWriter: the results of a Map Run as files in a bucket, and the manifest that names them.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from tempfile import SpooledTemporaryFile
from typing import Final

from asl_interpreter.errors import RESULT_WRITER_FAILED, StateError
from asl_interpreter.jsontext import JSON, dumps
from asl_interpreter.tasks import ResultRequest
from emulator.datasets.buckets import Buckets, Permit

IN_MEMORY: Final = 1024 * 1024
"""Bytes of a file that are kept in memory while it is written."""


def write_results(request: ResultRequest, permit: Permit | None = None) -> tuple[JSON, Sequence[JSON]]:
    """Write a file for each status that any execution has, and the manifest; where that is, and the files of successes.

    Each redrive writes into a folder of its own; its manifest names the files of earlier successes too.

    Raises:
        StateError: States.ResultWriterFailed.
    """
    arguments = request.arguments
    if not isinstance(arguments, dict) or not isinstance(arguments.get("Bucket"), str):
        raise StateError(RESULT_WRITER_FAILED, "The arguments of the ResultWriter must name a Bucket.")
    prefix = arguments.get("Prefix", "")
    if not isinstance(prefix, str):
        raise StateError(RESULT_WRITER_FAILED, "The Prefix of the ResultWriter must be a string.")
    buckets = Buckets(request.map_run_arn, request.role_arn, RESULT_WRITER_FAILED, permit)
    bucket, prefix = arguments["Bucket"], prefix.rstrip("/")
    folder = f"{prefix}/" if prefix else ""
    folder += request.map_run_arn.rpartition(":")[2]
    if request.redrives:
        folder += f"/Redrive-{request.redrives}"
    ending = "jsonl" if request.output_type == "JSONL" else "json"
    files: dict[str, list[JSON]] = {}
    for status, results in request.results.items():
        key = f"{folder}/{status}_0.{ending}"
        with SpooledTemporaryFile(IN_MEMORY) as file:
            for part in (_json_lines if ending == "jsonl" else _json_array)(results):
                file.write(part)
            size = file.tell()
            files[status] = [{"Key": key, "Size": size}] if size else []
            if size:
                file.seek(0)
                buckets.put(bucket, key, file)
    files["SUCCEEDED"] = [*request.exported, *files["SUCCEEDED"]]
    manifest = {"DestinationBucket": bucket, "MapRunArn": request.map_run_arn, "ResultFiles": files}
    details = {"Bucket": bucket, "Key": f"{folder}/manifest.json"}
    buckets.put(bucket, details["Key"], BytesIO(dumps(manifest).encode()))
    return details, files["SUCCEEDED"]


def _json_array(results: Iterable[JSON]) -> Iterator[bytes]:
    """The parts of a JSON array; none if it would be empty."""
    opening = b"["
    for result in results:
        yield opening + dumps(result).encode()
        opening = b","
    if opening == b",":
        yield b"]"


def _json_lines(results: Iterable[JSON]) -> Iterator[bytes]:
    for result in results:
        yield dumps(result).encode() + b"\n"
