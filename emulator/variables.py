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


def understood(environ: Mapping[str, str]) -> dict[str, str]:
    """Variables of ours that say what variables of other emulators say; ours win where both are set.

    >>> understood({"GATEWAY_LISTEN": "0.0.0.0:4567"})
    {'DYNASTEP_HOST': '0.0.0.0', 'DYNASTEP_PORT': '4567'}
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
    return {name: value for name, value in found.items() if not environ.get(name)}


def is_verbose(environ: Mapping[str, str]) -> bool:
    """Whether a variable of LocalStack's asks for a log of every request."""
    return environ.get("DEBUG", "") in ("1", "true") or environ.get("LS_LOG", "") in (
        "debug",
        "trace",
        "trace-internal",
    )


_NOTHING_IS_KEPT: Final = "everything is forgotten when the server ends, unless --data-dir names a folder that keeps it"
_OURS: Final = "functions run as processes of this machine, without Docker"
_IGNORED: Final[Mapping[str, str]] = {
    "ACTIVATE_PRO": "there is one edition",
    "DATA_DIR": _NOTHING_IS_KEPT,
    "DISABLE_CORS_CHECKS": "which pages are answered is told by --allowed-hosts",
    "DISABLE_CUSTOM_CORS_S3": "which pages are answered is told by --allowed-hosts",
    "DISABLE_EVENTS": "nothing is ever sent to anybody",
    "DNS_ADDRESS": "no names are resolved here",
    "DYNAMODB_ENDPOINT": "DynamoDB is answered here; --dynamodb-endpoint names another engine",
    "DYNAMODB_ERROR_PROBABILITY": "no errors are made up; --dynamodb-throttling on refuses what exceeds the capacity",
    "DYNAMODB_HEAP_SIZE": "no Java runs here",
    "DYNAMODB_IN_MEMORY": "tables are always in memory",
    "DYNAMODB_SHARE_DB": "an account and a region have tables of their own",
    "EAGER_SERVICE_LOADING": "a service is loaded with its first request",
    "EXTRA_CORS_ALLOWED_ORIGINS": "which pages are answered is told by --allowed-hosts",
    "HOSTNAME_EXTERNAL": "URLs name the address that a request came to",
    "LAMBDA_ENDPOINT": "--function-url NAME=URL says where a function runs that is not run here",
    "LOCALSTACK_API_KEY": "there is one edition",
    "LOCALSTACK_AUTH_TOKEN": "there is one edition",
    "LOCALSTACK_HOST": "URLs name the address that a request came to",
    "PERSISTENCE": _NOTHING_IS_KEPT,
    "PROVIDER_OVERRIDE_CLOUDFORMATION": "there is one engine",
    "SERVICES": "every service is there, and is loaded with its first request",
    "SNAPSHOT_SAVE_STRATEGY": _NOTHING_IS_KEPT,
    "SQS_ENDPOINT_STRATEGY": "URLs of queues name the address that a request came to",
    "STEPFUNCTIONS_LAMBDA_ENDPOINT": "--function-url NAME=URL says where a function runs that is not run here",
    "STRICT_SERVICE_LOADING": "every service is there",
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
