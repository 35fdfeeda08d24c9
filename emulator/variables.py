"""Variables of the environment: ours, held to be known ones, and those that other emulators have.

A variable that means the same here is understood; one that would change what the other emulator does, and changes
nothing here, is said to be ignored. Sources: https://docs.localstack.cloud/references/configuration and
https://docs.aws.amazon.com/step-functions/latest/dg/sfn-local-config-options.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Final

from emulator.settings import InvalidSetting, Settings, variable_of
from emulator.suggestions import nearest

PREFIX: Final = "DYNASTEP_"
KNOWN: Final = frozenset(
    {
        *(variable_of(setting.name) for setting in fields(Settings)),
        "DYNASTEP_CHECK_THREADS",  # of the test suite: asserts the law of threads
        "DYNASTEP_URL",  # of commands: where the server is
    }
)


def check(environ: Mapping[str, str]) -> None:
    """Refuse a variable that looks like one of ours and is none.

    Raises:
        InvalidSetting: names the variable, and the one that may be meant.
    """
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in KNOWN:
            near = nearest(name.removeprefix(PREFIX), (known.removeprefix(PREFIX) for known in KNOWN))
            meant = f" Is {PREFIX}{near} meant?" if near is not None else f" There are {', '.join(sorted(KNOWN))}."
            raise InvalidSetting(f"There is no variable {name}.{meant}")


def unprefixed(environ: Mapping[str, str]) -> dict[str, str]:
    """The same variables, and those of LocalStack also by their names without the prefix that its containers take.

    >>> unprefixed({"LOCALSTACK_PERSISTENCE": "1"})["PERSISTENCE"]
    '1'
    """
    bare = {
        name.removeprefix(_OF_LOCALSTACK): value
        for name, value in environ.items()
        if name.startswith(_OF_LOCALSTACK) and name not in _IGNORED
    }
    return {**bare, **environ}


def understood(environ: Mapping[str, str]) -> dict[str, str]:
    """Variables of ours that say what variables of other emulators say; ours win where both are set.

    >>> understood({"GATEWAY_LISTEN": "0.0.0.0:4567"})
    {'DYNASTEP_HOST': '0.0.0.0', 'DYNASTEP_PORT': '4567'}
    >>> understood({"ENFORCE_IAM": "1", "IAM_SOFT_MODE": "1"})
    {'DYNASTEP_IAM': 'warn'}
    """
    found: dict[str, str] = {}
    listen = environ.get("GATEWAY_LISTEN", "").partition(",")[0]
    if match := re.fullmatch(r"(\[[^\]]+\]|[^:]*)(?::(\d+))?", listen):
        if match[1]:
            found["DYNASTEP_HOST"] = match[1].strip("[]")
        if match[2]:
            found["DYNASTEP_PORT"] = match[2]
    if environ.get("EDGE_PORT") and "DYNASTEP_PORT" not in found:
        found["DYNASTEP_PORT"] = environ["EDGE_PORT"]
    if _is_on(environ, "IAM_SOFT_MODE"):
        found["DYNASTEP_IAM"] = "warn"
    elif _is_on(environ, "ENFORCE_IAM"):
        found["DYNASTEP_IAM"] = "enforce"
    if _is_on(environ, "DYNAMODB_DELAY_TRANSIENT_STATUSES"):
        found["DYNASTEP_DYNAMODB_DELAYS"] = "lifelike"
    return {name: value for name, value in found.items() if not environ.get(name)}


def _is_on(environ: Mapping[str, str], name: str) -> bool:
    return environ.get(name, "") in ("1", "true", "True")


def is_verbose(environ: Mapping[str, str]) -> bool:
    """Whether a variable of LocalStack's asks for a log of every request."""
    return _is_on(environ, "DEBUG") or environ.get("LS_LOG", "") in ("debug", "trace", "trace-internal")


_OF_LOCALSTACK: Final = "LOCALSTACK_"
_NOTHING_IS_KEPT: Final = (
    "--data-dir FOLDER, or DYNASTEP_DATA_DIR, keeps the state; without a folder it ends with the server"
)
_OURS: Final = "functions run as processes of this machine, without Docker"
_ANSWERED: Final = "this server answers the service itself"
_ORIGINS: Final = "--allowed-hosts, or DYNASTEP_ALLOWED_HOSTS, says which web pages are answered"
_ONE_EDITION: Final = "there is one edition"
_NO_ERRORS: Final = "no errors are made up; 'dynastep faults add' makes calls fail"
_ADDRESS: Final = "URLs name the address that a request came to"
_ELSEWHERE: Final = "--function-url NAME=URL says where a function runs that this server does not run"
_IGNORED: Final[Mapping[str, str]] = {
    "ACTIVATE_PRO": _ONE_EDITION,
    "BATCH_ENDPOINT": _ANSWERED,
    "DATA_DIR": _NOTHING_IS_KEPT,
    "DISABLE_CORS_CHECKS": _ORIGINS,
    "DISABLE_CUSTOM_CORS_S3": _ORIGINS,
    "DISABLE_EVENTS": "nothing is ever sent to anybody",
    "DNS_ADDRESS": "no names are resolved here",
    "DYNAMODB_ENDPOINT": "DynamoDB is answered here; --dynamodb-endpoint names another engine",
    "DYNAMODB_ERROR_PROBABILITY": _NO_ERRORS,
    "DYNAMODB_HEAP_SIZE": "no Java runs here",
    "DYNAMODB_IN_MEMORY": "tables are in memory unless --data-dir names a folder",
    "DYNAMODB_READ_ERROR_PROBABILITY": _NO_ERRORS,
    "DYNAMODB_REMOVE_EXPIRED_ITEMS": "expired items are always removed, by the clock of the server",
    "DYNAMODB_SHARE_DB": "each account and region has tables of its own",
    "DYNAMODB_WRITE_ERROR_PROBABILITY": _NO_ERRORS,
    "EAGER_SERVICE_LOADING": "a service is loaded with its first request",
    "ECS_ENDPOINT": _ANSWERED,
    "EXTRA_CORS_ALLOWED_ORIGINS": _ORIGINS,
    "GLUE_ENDPOINT": _ANSWERED,
    "HOSTNAME_EXTERNAL": _ADDRESS,
    "KINESIS_ERROR_PROBABILITY": _NO_ERRORS,
    "LAMBDA_ENDPOINT": _ELSEWHERE,
    "LOCALSTACK_API_KEY": _ONE_EDITION,
    "LOCALSTACK_AUTH_TOKEN": _ONE_EDITION,
    "LOCALSTACK_HOST": _ADDRESS,
    "PERSISTENCE": _NOTHING_IS_KEPT,
    "PROVIDER_OVERRIDE_CLOUDFORMATION": "there is one engine",
    "SAGE_MAKER_ENDPOINT": _ANSWERED,
    "SERVICES": "every service is there, and is loaded with its first request",
    "SNAPSHOT_LOAD_STRATEGY": _NOTHING_IS_KEPT,
    "SNAPSHOT_SAVE_STRATEGY": _NOTHING_IS_KEPT,
    "SNS_ENDPOINT": _ANSWERED,
    "SQS_ENDPOINT": _ANSWERED,
    "SQS_ENDPOINT_STRATEGY": "URLs of queues name the address that a request came to",
    "STEP_FUNCTIONS_ENDPOINT": _ANSWERED,
    "STEPFUNCTIONS_LAMBDA_ENDPOINT": _ELSEWHERE,
    "STRICT_SERVICE_LOADING": "every service is there",
    "USE_SSL": "the server speaks HTTP only",
    "WAIT_TIME_SCALE": "--clock virtual makes waiting take no time",
}
"""Variable -> why it changes nothing here, or what does."""

_LAMBDA: Final = re.compile(r"LAMBDA_(?!TASK_ROOT$|RUNTIME_DIR$)[A-Z_]+")
"""LocalStack's variables of functions; not those that AWS gives a function."""


def ignored(environ: Mapping[str, str]) -> Iterator[str]:
    """A sentence for each variable of another emulator that changes nothing here."""
    for name in sorted(environ):
        why = _IGNORED.get(name) or (_OURS if _LAMBDA.fullmatch(name) else None)
        if why is not None and environ[name]:
            yield f"The variable {name} is ignored: {why}"
