"""ItemReader: one object, the objects that a prefix lists, or those that a manifest names.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from asl_interpreter.errors import ITEM_READER_FAILED
from asl_interpreter.jsontext import JSON, InvalidJSON, loads
from asl_interpreter.tasks import Item, ItemRequest
from emulator.datasets.buckets import Buckets, Permit
from emulator.datasets.formats import csv_rows, entries, failed

LIST: Final = "s3:listObjectsV2"


def read_items(request: ItemRequest, permit: Permit | None = None) -> Iterator[Item]:
    """The items that an ItemReader asks for, read as they are wanted.

    Raises:
        StateError: States.ItemReaderFailed.
    """
    if not isinstance(request.arguments, dict):
        raise failed("The arguments of the ItemReader must be an object.")
    buckets = Buckets(request.execution_arn, request.role_arn, ITEM_READER_FAILED, permit)
    params, config = request.arguments, request.config
    if not request.resource.endswith(LIST):
        if config.get("ManifestType") == "ATHENA_DATA":
            return _athena(buckets, params, config)
        if config.get("InputType") == "MANIFEST" or config.get("ManifestType") == "S3_INVENTORY":
            return _inventory(buckets, params)
        return _object(buckets, params, config)
    if config.get("Transformation") == "LOAD_AND_FLATTEN":
        return _objects(buckets, params, config)
    return _listed(buckets, params)


def _uri(bucket: JSON, key: JSON = None) -> str:
    return f"s3://{bucket}" if key is None else f"s3://{bucket}/{key}"


def _object(buckets: Buckets, params: dict[str, Any], config: Mapping[str, JSON]) -> Iterator[Item]:
    body = buckets.get(params)
    source = _uri(params["Bucket"], params["Key"])
    for value, key in entries(body, params["Key"], config):
        yield Item(value, source, key)


def _listed(buckets: Buckets, params: dict[str, Any]) -> Iterator[Item]:
    """What S3 says of each object."""
    source = _uri(params.get("Bucket"))
    for each in buckets.list(params):
        about = {
            "Etag": each["ETag"],
            "LastModified": int(each["LastModified"].timestamp()),
            "Key": each["Key"],
            "Size": each["Size"],
            "StorageClass": each["StorageClass"],
        }
        yield Item(about, source)


def _objects(buckets: Buckets, params: dict[str, Any], config: Mapping[str, JSON]) -> Iterator[Item]:
    """What is in each object. Those that stand for a folder hold nothing."""
    shared: dict[str, Any] = {name: params[name] for name in params.keys() & {"Bucket", "ExpectedBucketOwner"}}
    for each in buckets.list(params):
        if not (each["Key"].endswith("/") and each["Size"] == 0):
            yield from _object(buckets, {**shared, "Key": each["Key"]}, config)


def _athena(buckets: Buckets, params: dict[str, Any], config: Mapping[str, JSON]) -> Iterator[Item]:
    """What is in the objects that an UNLOAD query has written: its manifest names their URIs, one a line."""
    for row in csv_rows(buckets.get(params), ","):
        scheme, _, rest = row[0].strip().partition("://")
        bucket, _, key = rest.partition("/")
        if scheme.lower() != "s3" or not key:
            raise failed(f"The manifest names '{row[0]}', which is not the URI of an object.")
        yield from _object(buckets, {"Bucket": bucket, "Key": key}, config)


def _inventory(buckets: Buckets, params: dict[str, Any]) -> Iterator[Item]:
    """What an S3 inventory says of each object, in the files that its manifest names."""
    try:
        manifest = loads(buckets.get(params).read())
        headers = [header.strip() for header in manifest["fileSchema"].split(",")]
        bucket = manifest["destinationBucket"].rpartition(":")[2]
        files = [file["key"] for file in manifest["files"]]
    except (InvalidJSON, KeyError, TypeError, AttributeError):
        raise failed("The manifest is not that of an S3 inventory.") from None
    if manifest.get("fileFormat", "CSV") != "CSV":
        raise failed("The output format of an S3 inventory must be CSV.")
    for key in files:
        body = buckets.get({"Bucket": bucket, "Key": key})
        for value, _ in entries(body, key, {"InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": headers}):
            yield Item(value, _uri(bucket, key))
