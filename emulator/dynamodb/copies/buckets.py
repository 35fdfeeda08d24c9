"""Objects in S3 that tables are exported to and imported from. S3 is moto's, reached through its one door."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from asl_interpreter.jsontext import JSON
from emulator import moto_door
from emulator.dynamodb.rejections import unsupported


class BucketError(Exception):
    """S3 refused: ``code`` and message as a failed export, import or bulk operation shows them."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket, in the account and region of the caller."""

    name: str
    account: str
    region: str

    def put(self, key: str, body: bytes) -> None:
        """Write an object. Raises BucketError."""
        self._call("PutObject", Key=key, Body=body)

    def read(self, prefix: str, compression: str | None) -> Iterator[tuple[str, bytes]]:
        """The objects under a prefix, by key; folders, which are empty objects, left out. Raises BucketError."""
        if compression == "ZSTD":
            raise unsupported("InputCompressionType ZSTD")
        page: Mapping[str, JSON] = {}
        while not page or page.get("IsTruncated"):
            token = {"ContinuationToken": page["NextContinuationToken"]} if page else {}
            page = self._call("ListObjectsV2", Prefix=prefix, **token)
            for entry in page.get("Contents", ()):
                body = self._call("GetObject", Key=entry["Key"])["Body"].read()
                if not body and entry["Key"].endswith("/"):
                    continue
                yield entry["Key"], _inflated(entry["Key"], body) if compression == "GZIP" else body

    def _call(self, operation: str, **params: JSON) -> dict[str, JSON]:
        from botocore.exceptions import ParamValidationError

        try:
            return moto_door.call("s3", operation, {"Bucket": self.name, **params}, self.account, self.region)
        except moto_door.ServiceError as error:
            raise BucketError(f"S3{error.code}", error.message) from None
        except ParamValidationError:  # a name that no bucket can have
            raise BucketError("S3NoSuchBucket", "The specified bucket does not exist") from None


def _inflated(key: str, body: bytes) -> bytes:
    try:
        return gzip.decompress(body)
    except (OSError, EOFError, zlib.error):
        raise BucketError("InvalidCompression", f"The object {key} is not GZIP compressed.") from None
