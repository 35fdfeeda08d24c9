"""AWS::Lambda::*.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Lambda.html
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import Any, Final

from emulator.deploying.intrinsics import as_text
from emulator.deploying.services import Refused, Services
from emulator.deploying.types.modelled import Modelled
from emulator.deploying.types.resource_type import Made, Order, Properties, Put, ResourceType, fit

_EPOCH: Final = (1980, 1, 1, 0, 0, 0)

_PYTHON_RESPONSE: Final = '''\
"""cfnresponse: answers CloudFormation from within a function."""

import json
import urllib.request

SUCCESS = "SUCCESS"
FAILED = "FAILED"


def send(event, context, responseStatus, responseData, physicalResourceId=None, noEcho=False, reason=None):
    body = {
        "Status": responseStatus,
        "Reason": reason or f"See the details in CloudWatch Log Stream: {context.log_stream_name}",
        "PhysicalResourceId": physicalResourceId or context.log_stream_name,
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "NoEcho": noEcho,
        "Data": responseData,
    }
    data = json.dumps(body).encode()
    request = urllib.request.Request(event["ResponseURL"], data=data, method="PUT", headers={"content-type": ""})
    urllib.request.urlopen(request).close()
'''
_NODE_RESPONSE: Final = """\
exports.SUCCESS = "SUCCESS";
exports.FAILED = "FAILED";
exports.send = (event, context, responseStatus, responseData, physicalResourceId, noEcho) => {
  const body = JSON.stringify({
    Status: responseStatus,
    Reason: `See the details in CloudWatch Log Stream: ${context.logStreamName}`,
    PhysicalResourceId: physicalResourceId || context.logStreamName,
    StackId: event.StackId,
    RequestId: event.RequestId,
    LogicalResourceId: event.LogicalResourceId,
    NoEcho: noEcho || false,
    Data: responseData,
  });
  return fetch(event.ResponseURL, { method: "PUT", headers: { "content-type": "" }, body })
    .then(() => context.done && context.done());
};
"""


def inline(text: str, runtime: str) -> bytes:
    """A deployment package of a template's ZipFile: one file, and the module by which it answers CloudFormation."""
    if runtime.startswith("nodejs"):
        files = {
            "index.js": text,
            "node_modules/cfn-response/index.js": _NODE_RESPONSE,
            "cfn-response.js": _NODE_RESPONSE,
        }
    elif runtime.startswith("python"):
        files = {"index.py": text, "cfnresponse.py": _PYTHON_RESPONSE}
    else:
        message = f"ZipFile can only be used when Runtime is set to either of nodejs or python, not {runtime}."
        raise Refused(message, "InvalidRequest")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return packed.getvalue()


def _code(order: Order) -> dict[str, Any]:
    """Where the code is, as operations take it."""
    code = order.properties.get("Code") or {}
    if "ZipFile" in code:
        return {"ZipFile": inline(as_text(code["ZipFile"]), as_text(order.properties.get("Runtime", "")))}
    known = ("S3Bucket", "S3Key", "S3ObjectVersion", "ImageUri")
    return {name: as_text(code[name]) for name in known if name in code}


_ELSEWHERE: Final = frozenset(
    {
        *("Code", "ReservedConcurrentExecutions", "RecursiveLoop", "RuntimeManagementConfig", "Tags"),
        *("CodeSigningConfigArn", "FunctionName", "SnapStartResponse"),
    }
)
_NOT_CONFIGURED: Final = frozenset({"Architectures", "PackageType", "FunctionName"})
"""Properties that UpdateFunctionConfiguration does not take."""


class Function(ResourceType):
    """AWS::Lambda::Function."""

    takes_tags = True

    def create(self, order: Order) -> Made:
        """Make one."""
        given = {name: value for name, value in order.properties.items() if name not in _ELSEWHERE}
        params = fit("lambda", "CreateFunction", given, order)
        name = order.named("FunctionName")
        tags = order.tags(system=True)
        made = order.call("lambda", "CreateFunction", **params, FunctionName=name, Code=_code(order), Tags=tags)
        try:
            self._settle(order, {}, name)
        except Refused:
            order.call("lambda", "DeleteFunction", FunctionName=name)
            raise
        return Made(name, {"Arn": made["FunctionArn"]})

    @staticmethod
    def _settle(order: Order, before: Properties, name: str) -> None:
        """What other operations set; one that nobody answers here fails the resource, naming it."""
        now = order.properties
        reserved = now.get("ReservedConcurrentExecutions")
        if reserved != before.get("ReservedConcurrentExecutions"):
            if reserved is None:
                order.call("lambda", "DeleteFunctionConcurrency", FunctionName=name)
            else:
                count = int(as_text(reserved))
                order.call("lambda", "PutFunctionConcurrency", FunctionName=name, ReservedConcurrentExecutions=count)
        loop = now.get("RecursiveLoop")
        if loop != before.get("RecursiveLoop") and loop is not None:
            order.call("lambda", "PutFunctionRecursionConfig", FunctionName=name, RecursiveLoop=loop)

    def update(self, order: Order, before: Properties, made: Made) -> Made:
        """Change one: its code where that is another one, then its configuration."""
        now = order.properties
        if now.get("Code") != before.get("Code") or now.get("Architectures") != before.get("Architectures"):
            order.call("lambda", "UpdateFunctionCode", FunctionName=made.id, **_code(order))
        given = {name: value for name, value in now.items() if name not in _ELSEWHERE | _NOT_CONFIGURED}
        removed = {name: _DEFAULTS[name] for name in before if name in _DEFAULTS and name not in now}
        params = fit("lambda", "UpdateFunctionConfiguration", {**removed, **given}, order)
        order.call("lambda", "UpdateFunctionConfiguration", **params, FunctionName=made.id)
        self._settle(order, before, made.id)
        arn = str(made.attributes["Arn"])
        order.retag(
            before,
            lambda new: order.call("lambda", "TagResource", Resource=arn, Tags=new),
            lambda gone: order.call("lambda", "UntagResource", Resource=arn, TagKeys=gone),
        )
        return made

    def delete(self, order: Order, made: Made) -> None:
        """Delete one."""
        order.call("lambda", "DeleteFunction", FunctionName=made.id)

    def adopt(self, services: Services, identifier: Properties) -> Made:
        """A function that is there."""
        name = str(identifier["FunctionName"])
        found = services.call("lambda", "GetFunction", FunctionName=name)["Configuration"]
        return Made(found["FunctionName"], {"Arn": found["FunctionArn"]})


_DEFAULTS: Final[Mapping[str, Any]] = {
    "Description": "",
    "Environment": {"Variables": {}},
    "Layers": [],
    "MemorySize": 128,
    "Timeout": 3,
}
"""What a function has of a property that its template no longer has."""


def _unqualified(name: str) -> str:
    """The function that a name or an ARN means, without its version or alias."""
    return ":".join(name.split(":")[: 7 if name.startswith("arn:") else 1])


def _qualified(made: Made) -> dict[str, Any]:
    """The function and the qualifier of an ARN."""
    function, _, qualifier = made.id.rpartition(":")
    return {"FunctionName": function, "Qualifier": qualifier}


class Version(ResourceType):
    """AWS::Lambda::Version."""

    updates = False

    def create(self, order: Order) -> Made:
        """Make one."""
        dropped = ("ProvisionedConcurrencyConfig", "RuntimePolicy", "FunctionScalingConfig")
        given = {name: value for name, value in order.properties.items() if name not in dropped}
        answer = order.call("lambda", "PublishVersion", **fit("lambda", "PublishVersion", given, order))
        arn, version = answer["FunctionArn"], answer["Version"]
        arn = arn if arn.endswith(f":{version}") else f"{arn}:{version}"
        return Made(arn, {"Version": version, "FunctionArn": arn})

    def delete(self, order: Order, made: Made) -> None:
        """Delete one."""
        order.call("lambda", "DeleteFunction", **_qualified(made))


def _identify_alias(_order: Order, _params: Properties, answer: Properties) -> Made:
    return Made(answer["AliasArn"], {"AliasArn": answer["AliasArn"]})


class Alias(ResourceType):
    """AWS::Lambda::Alias."""

    @staticmethod
    def _params(order: Order) -> dict[str, Any]:
        given = {
            name: value
            for name, value in order.properties.items()
            if name not in ("ProvisionedConcurrencyConfig", "RoutingConfig")
        }
        params = fit("lambda", "CreateAlias", given, order)
        weights = (order.properties.get("RoutingConfig") or {}).get("AdditionalVersionWeights")
        if weights:
            shares = {as_text(each["FunctionVersion"]): float(as_text(each["FunctionWeight"])) for each in weights}
            params["RoutingConfig"] = {"AdditionalVersionWeights": shares}
        return params

    def create(self, order: Order) -> Made:
        """Make one."""
        return _identify_alias(order, {}, order.call("lambda", "CreateAlias", **self._params(order)))

    def update(self, order: Order, before: Properties, made: Made) -> Made:
        """Change one."""
        params = self._params(order)
        if "RoutingConfig" in before and "RoutingConfig" not in params:
            params["RoutingConfig"] = {"AdditionalVersionWeights": {}}
        order.call("lambda", "UpdateAlias", **params)
        return made

    def delete(self, order: Order, made: Made) -> None:
        """Delete one."""
        named = _qualified(made)
        order.call("lambda", "DeleteAlias", FunctionName=named["FunctionName"], Name=named["Qualifier"])


class Url(ResourceType):
    """AWS::Lambda::Url; that of an alias is kept by its function: the service behind knows no others."""

    @staticmethod
    def _params(order: Order, operation: str) -> dict[str, Any]:
        given = {name: value for name, value in order.properties.items() if name != "TargetFunctionArn"}
        params = fit("lambda", operation, given, order)
        return {**params, "FunctionName": _unqualified(as_text(order.properties["TargetFunctionArn"]))}

    def create(self, order: Order) -> Made:
        """Make one."""
        made = order.call("lambda", "CreateFunctionUrlConfig", **self._params(order, "CreateFunctionUrlConfig"))
        return Made(made["FunctionArn"], {"FunctionUrl": made["FunctionUrl"], "FunctionArn": made["FunctionArn"]})

    def update(self, order: Order, before: Properties, made: Made) -> Made:
        """Change one."""
        del before
        order.call("lambda", "UpdateFunctionUrlConfig", **self._params(order, "UpdateFunctionUrlConfig"))
        return made

    def delete(self, order: Order, made: Made) -> None:
        """Delete one."""
        del made
        name = _unqualified(as_text(order.properties["TargetFunctionArn"]))
        order.call("lambda", "DeleteFunctionUrlConfig", FunctionName=name, Qualifier=order.properties.get("Qualifier"))


class Permission(ResourceType):
    """AWS::Lambda::Permission; one that is for an alias or a version is kept by the function: nothing asks for it."""

    updates = False

    @staticmethod
    def _function(order: Order) -> str:
        """The function without its qualifier, of which the service behind keeps no permissions."""
        return _unqualified(as_text(order.properties["FunctionName"]))

    def create(self, order: Order) -> Made:
        """Make one."""
        params = fit("lambda", "AddPermission", order.properties, order)
        statement = order.named("", 100)
        order.call(
            "lambda", "AddPermission", **{**params, "FunctionName": self._function(order), "StatementId": statement}
        )
        return Made(statement, {"Id": statement})

    def delete(self, order: Order, made: Made) -> None:
        """Delete one."""
        order.call("lambda", "RemovePermission", FunctionName=self._function(order), StatementId=made.id)


class EventInvokeConfig(Put):
    """AWS::Lambda::EventInvokeConfig."""

    def put(self, order: Order, before: Properties) -> None:
        """Set what becomes of asynchronous invocations."""
        del before
        params = fit("lambda", "PutFunctionEventInvokeConfig", order.properties, order)
        order.call("lambda", "PutFunctionEventInvokeConfig", **params)

    def identify(self, order: Order) -> Made:
        """The function and its qualifier."""
        return Made("|".join(as_text(order.properties[name]) for name in ("FunctionName", "Qualifier")), {})

    def delete(self, order: Order, made: Made) -> None:
        """Delete one."""
        name, _, qualifier = made.id.rpartition("|")
        order.call("lambda", "DeleteFunctionEventInvokeConfig", FunctionName=name, Qualifier=qualifier)


class LayerVersion(ResourceType):
    """AWS::Lambda::LayerVersion."""

    updates = False

    def create(self, order: Order) -> Made:
        """Make one."""
        params = fit("lambda", "PublishLayerVersion", order.properties, order)
        params["LayerName"] = order.named("LayerName", 140)
        made = order.call("lambda", "PublishLayerVersion", **params)
        return Made(made["LayerVersionArn"], {"LayerVersionArn": made["LayerVersionArn"]})

    def delete(self, order: Order, made: Made) -> None:
        """Delete one."""
        layer, _, version = made.id.rpartition(":")
        order.call("lambda", "DeleteLayerVersion", LayerName=layer, VersionNumber=int(version))


TYPES: Final[Mapping[str, ResourceType]] = {
    "AWS::Lambda::Alias": Alias(),
    "AWS::Lambda::EventInvokeConfig": EventInvokeConfig(),
    "AWS::Lambda::EventSourceMapping": Modelled(
        "lambda", "EventSourceMapping", renamed={"Id": "UUID"}, changed_by_hand=frozenset({"Topics", "Queues"})
    ),
    "AWS::Lambda::Function": Function(),
    "AWS::Lambda::LayerVersion": LayerVersion(),
    "AWS::Lambda::Permission": Permission(),
    "AWS::Lambda::Url": Url(),
    "AWS::Lambda::Version": Version(),
}
