"""Calls to S3, for readers and writers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import IO, Any, Final, TypeAlias

from asl_interpreter.errors import StateError
from emulator import moto_door
from emulator.arns import Arn

PART: Final = 8 * 1024 * 1024
"""Bytes of a part of a large object."""


Permit: TypeAlias = Callable[[str, str | None, str, dict[str, Any]], str | None]
"""Says why whoever has an ARN and a role may not call an operation of S3; None if it may."""


class Buckets:
    """S3 as an account in a region sees it; what it refuses is raised as the error of the state."""

    def __init__(self, owner_arn: str, role_arn: str | None, error: str, permit: Permit | None) -> None:
        self._owner_arn = owner_arn
        self._owner = Arn.parse(owner_arn)
        self._role = role_arn
        self._error = error
        self._permit = permit

    def get(self, params: dict[str, Any]) -> Any:
        """The body of an object: a stream of bytes.

        Raises:
            StateError: S3 has no such object, or the bucket is of another account than ExpectedBucketOwner.
        """
        return self._call("GetObject", params)["Body"]

    def put(self, bucket: str, key: str, content: IO[bytes]) -> None:
        """Write an object, in parts if it is large."""
        place = {"Bucket": bucket, "Key": key}
        part = content.read(PART)
        if len(part) < PART:
            self._call("PutObject", {**place, "Body": part})
            return
        upload = {**place, "UploadId": self._call("CreateMultipartUpload", place)["UploadId"]}
        parts: list[dict[str, Any]] = []
        while part:
            number = len(parts) + 1
            written = self._call("UploadPart", {**upload, "PartNumber": number, "Body": part})
            parts.append({"PartNumber": number, "ETag": written["ETag"]})
            part = content.read(PART)
        self._call("CompleteMultipartUpload", {**upload, "MultipartUpload": {"Parts": parts}})

    def list(self, params: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """What ListObjectsV2 says of each object, page after page."""
        page = params
        while True:
            answer = self._call("ListObjectsV2", page)
            yield from answer.get("Contents", ())
            if not answer.get("IsTruncated"):
                return
            page = {**params, "ContinuationToken": answer["NextContinuationToken"]}

    def _call(self, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        from botocore.exceptions import ParamValidationError

        if params.get("ExpectedBucketOwner", self._owner.account) != self._owner.account:
            raise self.refused("Access Denied (Service: S3, Status Code: 403)")
        said = None if self._permit is None else self._permit(self._owner_arn, self._role, operation, params)
        if said is not None:
            raise self.refused(f"{said} (Service: S3, Status Code: 403)")
        try:
            return moto_door.call("s3", operation, params, self._owner.account, self._owner.region)
        except moto_door.ServiceError as error:
            about = f"Service: S3, Status Code: {error.status}, Request ID: {error.request_id}"
            raise self.refused(f"{error.message} ({about})") from None
        except ParamValidationError as error:
            raise self.refused(str(error)) from None

    def refused(self, cause: str) -> StateError:
        """The error of the state, for this cause."""
        return StateError(self._error, cause)
