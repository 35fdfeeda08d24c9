"""Transforms: what a template's macros make of it. SAM's is AWS's own library; a macro that is not there is refused.

Sources: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/transform-reference.html,
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-macros-author.html
"""

from __future__ import annotations

import copy
import importlib.util
import logging
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from asl_interpreter.jsontext import InvalidJSON, dumps, loads
from emulator.deploying import language_extensions
from emulator.deploying.reading import InvalidTemplate, read
from emulator.deploying.scope import Literals
from emulator.deploying.services import Refused, Services

SAM: Final = "AWS::Serverless-2016-10-31"
LANGUAGE_EXTENSIONS: Final = "AWS::LanguageExtensions"
INCLUDE: Final = "AWS::Include"
SECRETS_MANAGER: Final = ("AWS::SecretsManager-2020-07-23", "AWS::SecretsManager-2024-09-16")
MACRO: Final = "AWS::CloudFormation::Macro"


class TransformFailed(Exception):
    """A transform was refused, or failed. The message is AWS's."""


def declared(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The transforms at the top of a template: each a ``Name`` and ``Parameters``.

    Raises:
        InvalidTemplate: one has no name.
    """
    return _named(document.get("Transform"))


def _named(given: Any) -> list[dict[str, Any]]:
    """One transform or a list of them, each its name alone or a map. Raises InvalidTemplate."""
    if given is None:
        return []
    found = []
    for entry in given if isinstance(given, list) else [given]:
        transform = {"Name": entry} if isinstance(entry, str) else entry
        if not isinstance(transform, dict) or not isinstance(transform.get("Name"), str):
            raise InvalidTemplate("Key Name of transform definition must be a string.")
        found.append(transform)
    return found


def names(document: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of all transforms of a template, those in its sections too, each once."""
    found = [transform["Name"] for transform in declared(document)]
    found += [transform["Name"] for transform in _inner(document)]
    return tuple(dict.fromkeys(found))


def _inner(value: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    match value:
        case dict():
            found += _named(value.get("Fn::Transform"))
            for member in value.values():
                found += _inner(member)
        case list():
            for item in value:
                found += _inner(item)
    return found


def apply(
    document: Mapping[str, Any], scope: Literals, services: Services, macros: Mapping[str, str]
) -> dict[str, Any]:
    """A template with its transforms applied: those inside first, then those at its top, in their order.

    ``macros`` are the functions behind the account's own macros, by name.

    Raises:
        TransformFailed, InvalidTemplate.
    """
    work = _Work(scope, services, macros)
    transformed: Any = copy.deepcopy(dict(document))
    tops = declared(transformed)
    transformed.pop("Transform", None)
    transformed = work.inside(transformed)
    for transform in tops:
        transformed = work.top(transform, transformed)
    if not isinstance(transformed, dict):
        raise TransformFailed("Template format error: unsupported structure.")
    return transformed


class _Work:
    def __init__(self, scope: Literals, services: Services, macros: Mapping[str, str]) -> None:
        self.scope = scope
        self.services = services
        self.macros = macros

    def inside(self, value: Any) -> Any:
        """A value with every Fn::Transform in it applied, the innermost first."""
        match value:
            case dict():
                made = {name: self.inside(member) for name, member in value.items() if name != "Fn::Transform"}
                for transform in _named(value.get("Fn::Transform")):
                    made = self._inner(transform, made)
                return made
            case list():
                return [self.inside(item) for item in value]
            case _:
                return value

    def _inner(self, transform: Mapping[str, Any], beside: Any) -> Any:
        from emulator.deploying.intrinsics import evaluate

        name, parameters = transform["Name"], evaluate(transform.get("Parameters") or {}, self.scope)
        if name == INCLUDE:
            included = self._included(parameters)
            return {**beside, **included} if isinstance(included, dict) else included
        return self._macro(name, parameters, beside)

    def top(self, transform: Mapping[str, Any], document: dict[str, Any]) -> Any:
        """A template with a transform at its top applied."""
        from emulator.deploying.intrinsics import evaluate

        name = transform["Name"]
        if name == LANGUAGE_EXTENSIONS:
            return language_extensions.extend(document, self.scope)
        if name == SAM:
            return _serverless(document, self.scope, self.services)
        parameters = evaluate(transform.get("Parameters") or {}, self.scope)
        if name == INCLUDE:
            included = self._included(parameters)
            if not isinstance(included, dict):
                raise TransformFailed(f"Transform {INCLUDE} failed with: The content is not a map.")
            return {**document, **included}
        if name in SECRETS_MANAGER and not _rotates(document):
            return document
        return self._macro(name, parameters, document)

    def _included(self, parameters: Mapping[str, Any]) -> Any:
        location = parameters.get("Location")
        if not isinstance(location, str):
            raise TransformFailed(f"Transform {INCLUDE} failed with: The Location parameter is missing or invalid.")
        parts = urlsplit(location)
        try:
            found = self.services.call("s3", "GetObject", Bucket=parts.netloc, Key=parts.path.lstrip("/"))
            text = found["Body"].read().decode("utf-8", "replace")
        except Refused as refused:
            what = f"S3 bucket [{parts.netloc}] does not exist." if refused.code == "NoSuchBucket" else refused.message
            raise TransformFailed(f"Transform {INCLUDE} failed with: {what}") from None
        try:
            return self.inside(read(text))
        except InvalidTemplate as error:
            raise TransformFailed(f"Transform {INCLUDE} failed with: {error}") from None

    def _macro(self, name: str, parameters: Mapping[str, Any], fragment: Any) -> Any:
        function = self.macros.get(name)
        full = f"{self.services.account}::{name}"
        if function is None:
            raise TransformFailed(f"No transform named {full if '::' not in name else name} found.")
        event = {
            "region": self.services.region,
            "accountId": self.services.account,
            "fragment": fragment,
            "transformId": full,
            "params": parameters,
            "requestId": "macro",
            "templateParameterValues": {
                key: value for key, value in self.scope.parameters.items() if not key.startswith("AWS::")
            },
        }
        return self._answer_of(full, function, event)

    def _answer_of(self, full: str, function: str, event: dict[str, Any]) -> Any:
        try:
            answered = self.services.call("lambda", "Invoke", FunctionName=function, Payload=dumps(event).encode())
        except Refused as refused:
            raise TransformFailed(f"Transform {full} failed with: {refused.message}") from None
        try:
            answer = loads(answered["Payload"].read())
        except InvalidJSON:
            answer = None
        if answered.get("FunctionError") or not isinstance(answer, dict) or "status" not in answer:
            raise TransformFailed(f"Received malformed response from transform {full}")
        if str(answer["status"]).lower() != "success":
            said = answer.get("errorMessage")
            if said:
                raise TransformFailed(f"Transform {full} failed with: {said}")
            raise TransformFailed(f"Transform {full} failed without an error message.")
        if "fragment" not in answer:
            raise TransformFailed(f"Received malformed response from transform {full}")
        return answer["fragment"]


def _rotates(document: Mapping[str, Any]) -> bool:
    """Whether there is anything for Secrets Manager's transform to do."""
    return any(
        isinstance(resource, dict) and resource.get("Type") == "AWS::SecretsManager::RotationSchedule"
        for resource in document.get("Resources", {}).values()
    )


def _serverless(document: dict[str, Any], scope: Literals, services: Services) -> Any:
    """A template of SAM's, translated by AWS's own library."""
    if importlib.util.find_spec("samtranslator") is None:
        message = f"Transform {SAM} failed with: Dynastep needs aws-sam-translator for it: pip install 'dynastep[sam]'"
        raise TransformFailed(message)
    from boto3 import Session
    from samtranslator.model.exceptions import InvalidDocumentException
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator

    logging.getLogger("samtranslator.metrics.metrics").setLevel(logging.ERROR)  # it warns of metrics that nobody wants
    given = {name: value for name, value in scope.parameters.items() if isinstance(value, str | list)}
    policies = _Policies(services.partition)
    translator = Translator(policies, Parser(), boto_session=Session(region_name=services.region))
    try:
        made: Any = translator.translate(copy.deepcopy(document), given)
    except InvalidDocumentException as error:
        said = " ".join(cause.message for cause in error.causes)
        raise TransformFailed(f"Transform {SAM} failed with: {error.message} {said}".rstrip()) from None
    except Exception as error:  # the library trusts its input in places
        raise TransformFailed(f"Transform {SAM} failed with: {type(error).__name__}: {error}") from error
    return loads(dumps(made))


class _Policies(dict[str, str]):
    """The ARNs of AWS's managed policies by their names, which every name that looks like one has."""

    def __init__(self, partition: str) -> None:
        super().__init__()
        self.partition = partition

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and ":" not in name

    def __missing__(self, name: str) -> str:
        inner = "service-role/" if name in _SERVICE_ROLE_POLICIES else ""
        return f"arn:{self.partition}:iam::aws:policy/{inner}{name}"

    def get(self, name: str, default: Any = None) -> Any:
        """The ARN of a policy."""
        return self[name] if name in self else default  # noqa: SIM401 - that would be this method


_SERVICE_ROLE_POLICIES: Final = frozenset(
    {
        *("AWSLambdaBasicExecutionRole", "AWSLambdaDynamoDBExecutionRole", "AWSLambdaKinesisExecutionRole"),
        *("AWSLambdaSQSQueueExecutionRole", "AWSLambdaVPCAccessExecutionRole", "AWSLambdaRole"),
        *("AWSLambdaMSKExecutionRole", "AmazonAPIGatewayPushToCloudWatchLogs", "AWSCodeDeployRoleForLambda"),
    }
)
