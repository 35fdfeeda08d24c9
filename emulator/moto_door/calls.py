"""Calls: an operation of a service of moto's, called as an SDK calls it, without a socket."""

from __future__ import annotations

from contextvars import ContextVar
from functools import lru_cache
from typing import Any

from emulator.moto_door.dispatch import answer
from emulator.wire.credentials import DEFAULT_ACCOUNT, Credential
from emulator.wire.protocol import Environ, Response


class ServiceError(Exception):
    """A service refused a call; the parts that Step Functions shows of it."""

    def __init__(
        self,
        code: str,
        message: str,
        status: int,
        request_id: str,
        extended_request_id: str = "",
        shown_code: str = "",
    ) -> None:
        super().__init__(code, message)
        self.code = code
        self.shown_code = shown_code or code
        """The code in the query protocol, which the first SDK shows of a service that once spoke it."""
        self.message = message
        self.status = status
        self.request_id = request_id
        self.extended_request_id = extended_request_id


def call(service: str, operation: str, params: dict[str, Any], account: str, region: str) -> dict[str, Any]:
    """Call an operation of another service as an SDK does: botocore checks the parameters and reads the answer.

    ``service`` and ``operation`` are botocore's names ("sqs", "SendMessage"); values are Python's, not the wire's.

    Raises:
        ServiceError: the service refused.
        botocore.exceptions.ParamValidationError: the parameters do not fit the operation.
        botocore.exceptions.UnknownServiceError, OperationNotFoundError: AWS has no such service or operation.
    """
    from botocore.exceptions import ClientError

    client = _client(service, region)
    before = _account.set(account)
    try:
        answered: dict[str, Any] = client._make_api_call(operation, params)  # noqa: SLF001 - by AWS's name, as given
    except ClientError as error:
        said, metadata = error.response["Error"], error.response["ResponseMetadata"]
        raise ServiceError(
            str(said.get("QueryErrorCode", said["Code"])),
            said["Message"],
            metadata["HTTPStatusCode"],
            metadata.get("RequestId", ""),
            metadata.get("HostId", ""),
            str(said["Code"]),
        ) from error
    finally:
        _account.reset(before)
    return answered


_account: ContextVar[str] = ContextVar("whose call a client makes")


@lru_cache(maxsize=64)
def _client(service: str, region: str) -> Any:
    """A client for all accounts: each test has one of its own, and making a client takes longer than most calls."""
    from botocore.config import Config

    from emulator.wire.in_process import connect

    def respond(environ: Environ, body: bytes) -> Response:
        account = _account.get()
        return answer(environ, body, Credential(account, region, service), account)

    # As the SDK for Java does: a checksum of what is written, none of what is read.
    return connect(
        respond, service, region, DEFAULT_ACCOUNT, config=Config(response_checksum_validation="when_required")
    )
