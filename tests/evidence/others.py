"""Which operations the services behind the door to moto answer, as far as moto's own tables tell.

PYTHONPATH=tests python -m evidence.others docs/fidelity-moto.json
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

from moto.core.responses import method_names_from_class

from emulator.integrations import sdk
from emulator.integrations.calls import _HOLLOW
from emulator.integrations.optimized import ACTIONS
from emulator.moto_door import routes
from emulator.moto_door.not_built import NOT_BUILT
from emulator.moto_door.requests import model_of
from emulator.wire.operations import service_model

SERVICES = (
    *("cloudwatch", "cognito-idp", "events", "iam", "kinesis", "kms", "lambda", "logs", "pipes", "s3", "scheduler"),
    *("secretsmanager", "sns", "sqs", "ssm", "sts"),
)
"""Those that an application of workflows uses, as docs/services.md has them, and where rights and keys come from."""


NOT_MOTOS = frozenset({"dynamodb", "dynamodbstreams", "stepfunctions"})
"""Services of which moto's own code answers nothing here."""


def tables() -> dict[str, Any]:
    """Everything that moto's tables say here."""
    return {
        "moto": metadata.version("moto"),
        "botocore": metadata.version("botocore"),
        "answered": answered(),
        "integrated": integrated(),
        "offered": offered(),
    }


def answered() -> dict[str, list[str]]:
    """Of each service, the operations for which moto has a method. Of S3 these are not all: its paths have several."""
    return {
        service: [name for name in service_model(service).operation_names if _has_method(service, name)]
        for service in SERVICES
    }


def integrated() -> list[str]:
    """The operations of optimized integrations for which moto has a method."""
    models = [action.model() for action in ACTIONS.values()]
    called = {(model.service_model.service_name, model.name) for model in models if model is not None}
    return sorted(f"{service}:{name}" for service, name in called if _has_method(service, name))


def offered() -> dict[str, dict[str, Any]]:
    """Of each service that moto has, by the name in an ``aws-sdk`` ARN: how many actions Step Functions offers and
    for how many of these moto has a method."""
    return dict(sorted(_offered()))


def _offered() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, service in sdk._services().items():
        if service in NOT_MOTOS:
            continue
        model = service_model(service)
        environ = {"PATH_INFO": "/", "REQUEST_METHOD": "POST", "HTTP_X_AMZ_TARGET": "x"}
        if routes.modules(routes.host_of(environ, model.signing_name, "us-east-1")):
            names = [each for each in model.operation_names if sdk.offers(model.operation_model(each))]
            refused = {*NOT_BUILT.get(service, ()), *(name for of, name in _HOLLOW if of == service)}
            here = [each for each in names if each not in refused and _has_method(service, each)]
            if here:
                yield name, {"service": service, "offered": len(names), "answered": len(here)}


def _has_method(service: str, name: str) -> bool:
    if service in NOT_MOTOS:
        return False
    model = service_model(service)
    http = model.operation_model(name).http
    path = re.sub(r"\{[^}]+\}", "name1", http.get("requestUri", "/").partition("?")[0])
    environ = {"PATH_INFO": path, "REQUEST_METHOD": http["method"], "HTTP_X_MOTO_ACCOUNT_ID": "111111111111"}
    handler = routes.find(routes.host_of(environ, model.signing_name, "us-east-1"), path)
    answering = None if handler is None else model_of(handler)
    if handler is None or answering is None or answering.service_name != service:
        return False
    owner = handler.__self__  # type: ignore[attr-defined]  # there is one where there is a model
    kind = owner if isinstance(owner, type) else type(owner)
    return name.lower() in {method.replace("_", "") for method in method_names_from_class(kind)}


if __name__ == "__main__":
    from .files import written

    Path(sys.argv[1]).write_text(written(tables()), encoding="utf-8")
