"""Functions: moto's registry of Lambda functions. moto itself would run them in Docker; here ours are told of them."""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from emulator import arns

_VERSION_OF_ALL: Final = "$LATEST"


@dataclass(frozen=True, slots=True)
class RegisteredFunction:
    """One version of a function that CreateFunction has made, as moto keeps it."""

    name: str
    version: str
    handler: str
    runtime: str
    """Empty for a container image."""
    timeout: float
    memory: int
    variables: Mapping[str, str]
    code_digest: str
    layers: tuple[str, ...]
    """ARNs of their versions."""
    reserved_concurrency: int | None = field(compare=False)
    dead_letter_target: str = field(compare=False)
    """The ARN of a queue or topic, or nothing."""
    retries: Mapping[str, Any] = field(compare=False)
    """Its EventInvokeConfig."""
    durable: Mapping[str, Any] = field(compare=False)
    """Its DurableConfig; empty if its executions are none."""
    code: bytes = field(compare=False, repr=False)
    layer_code: tuple[bytes, ...] = field(compare=False, repr=False)


def find_function(
    account: str, region: str, name: str, qualifier: str, choice: random.Random
) -> RegisteredFunction | None:
    """The version of a function that a qualifier means (the latest if it is empty); None if there is none.

    An alias with two versions picks one by their weights.
    """
    if "moto.awslambda.models" not in sys.modules:
        return None
    from moto.awslambda.exceptions import UnknownFunctionException
    from moto.awslambda.models import lambda_backends

    backend: Any = lambda_backends[account][region]
    aliases = backend._lambdas._aliases.get(arns.function(account, region, name), {})  # noqa: SLF001 - moto resolves an alias without its weights
    version = _routed(aliases[qualifier], choice) if qualifier in aliases else qualifier
    try:
        found = backend.get_function(name, version or None)
    except UnknownFunctionException:
        return None
    if found is None:
        return None
    latest = backend.get_function(name)
    layers = [backend.layers_versions_by_arn(layer["Arn"]) for layer in found.layers]
    return RegisteredFunction(
        name=name,
        version=str(found.version) if version not in ("", _VERSION_OF_ALL) else _VERSION_OF_ALL,
        handler=found.handler or "",
        runtime=found.run_time or "",
        timeout=float(found.timeout),
        memory=int(found.memory_size),
        variables=dict(found.environment_vars),
        code_digest=found.code_sha_256,
        layers=tuple(layer["Arn"] for layer in found.layers),
        reserved_concurrency=None if latest.reserved_concurrency is None else int(latest.reserved_concurrency),
        dead_letter_target=getattr(found, "dead_letter_config", {}).get("TargetArn", ""),
        retries=latest.event_invoke_config[-1].config if latest.event_invoke_config else {},
        durable=getattr(found, "durable_config", {}),
        code=getattr(found, "code_bytes", b""),
        layer_code=tuple(layer.code_bytes for layer in layers if layer is not None),
    )


def _routed(alias: Any, choice: random.Random) -> str:
    weights = (alias.routing_config or {}).get("AdditionalVersionWeights") or {}
    main = str(alias.function_version)
    shares = {main: 1 - sum(weights.values()), **weights}
    return choice.choices(list(shares), list(shares.values()))[0] if weights else main


Invoke = Callable[[str, str], None]
"""Takes an event for a function: its ARN and JSON text."""
CheckCode = Callable[[bytes], str]
"""What is wrong with a zip, in Lambda's words; empty if nothing is."""

_invoke: list[Invoke] = []
_check_code: list[CheckCode] = []


def take_functions(invoke: Invoke, check_code: CheckCode) -> None:
    """Let ours run what moto's services send to functions, and see the zips; the last ones given count."""
    _invoke[:] = [invoke]
    _check_code[:] = [check_code]


def send(arn: str, text: str) -> None:
    """Send a function an event (JSON text). Only the log says that it could not be invoked."""
    _invoke[-1](arn, text)


_NOT_BUILT: Final = ("CapacityProviderConfig", "TenancyConfig")


def _check_built(given: Mapping[str, Any]) -> None:
    for name in _NOT_BUILT:
        if given.get(name):
            raise NotImplementedError(f"{name} of a function")


def make_function(theirs: Any) -> Any:
    """Keep the dead-letter queue of a function that is created, and what makes its executions durable."""

    def init(self: Any, account_id: str, spec: dict[str, Any], region: str, version: str | int = 1) -> None:
        _check_built(spec)
        self.dead_letter_config = spec.get("DeadLetterConfig") or {}
        self.durable_config = dict(spec.get("DurableConfig") or {})
        theirs(self, account_id, spec, region, version)

    return init


def get_configuration(theirs: Any) -> Any:
    """Show the dead-letter queue of a function, and its DurableConfig."""

    def get_configuration(self: Any, on_create: bool = False) -> dict[str, Any]:  # noqa: FBT001, FBT002 - moto's signature
        found: dict[str, Any] = theirs(self, on_create)
        own = {"DeadLetterConfig": self.dead_letter_config, "DurableConfig": self.durable_config}
        return {**found, **{name: value for name, value in own.items() if value}}

    return get_configuration


def update_configuration(theirs: Any) -> Any:
    """Keep the dead-letter queue that a function is given later."""

    def update_configuration(self: Any, updates: dict[str, Any]) -> dict[str, Any]:
        from moto.awslambda.exceptions import InvalidParameterValueException

        _check_built(updates)
        if updates.get("DurableConfig") and not self.durable_config:  # in words of ours: AWS's are not known
            raise InvalidParameterValueException("A function is durable from its creation or not at all.")
        self.durable_config = {**self.durable_config, **(updates.get("DurableConfig") or {})}
        self.dead_letter_config = updates.get("DeadLetterConfig", self.dead_letter_config)
        updated: dict[str, Any] = theirs(self, updates)
        return updated

    return update_configuration


_CODE: Final = ("code_bytes", "code_size", "code_sha_256", "code_digest")


def set_function_code(theirs: Any) -> Any:
    """Refuse a zip that is none; moto checks no zip."""

    def set_function_code(self: Any, spec: dict[str, Any]) -> None:
        from moto.awslambda.exceptions import InvalidParameterValueException

        before = {name: getattr(self, name, None) for name in _CODE}
        theirs(self, spec)
        wrong = _check_code[-1](self.code_bytes) if {"ZipFile", "S3Key"} & spec.keys() and _check_code else ""
        if wrong:
            self.__dict__.update(before)
            raise InvalidParameterValueException(wrong)

    return set_function_code


def invoke(_theirs: Any) -> Any:
    """Have ours invoke what moto's services invoke."""

    def invoke(self: Any, body: str, _headers: Any, _answered: Any) -> str:
        _invoke[-1](self.function_arn, body)
        return ""

    return invoke


def put_function(_theirs: Any) -> Any:
    """Register a function without looking for its role, as is done for a state machine."""

    def put_function(self: Any, function: Any) -> None:
        from moto.awslambda.exceptions import InvalidRoleFormat

        if re.match(InvalidRoleFormat.pattern, function.role) is None:
            raise InvalidRoleFormat(function.role)
        versions = self._functions.setdefault(function.function_name, {"versions": []})
        versions["latest"] = function
        self._arns[function.function_arn] = function

    return put_function


def put_event_invoke_config(theirs: Any) -> Any:
    """Have the configuration of asynchronous invocations that was put last count."""

    def put_event_invoke_config(self: Any, function_name: str, config: dict[str, Any]) -> dict[str, Any]:
        self.get_function(function_name).event_invoke_config = []
        put: dict[str, Any] = theirs(self, function_name, config)
        return put

    return put_event_invoke_config
