"""Integrations that need more than a table says: what each needs follows from its arguments.

Source: the page of each integration, and https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html
("IAM permissions to run an HTTP Task").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from emulator.arns import partition_of
from emulator.permissions.arguments import Arguments, find, text
from emulator.permissions.asking import UNKNOWN, Facts, Place
from emulator.permissions.needs import needs
from emulator.permissions.resources import function_arn
from emulator.permissions.rights import Right


def _lambda(facts: Facts, arguments: Arguments, _suffix: str) -> list[Right]:
    name, qualifier = text(arguments.get("FunctionName")), arguments.get("Qualifier")
    if name == "*":
        return [Right.of("lambda:InvokeFunction", [facts.place.arn("lambda", "function:*")])]
    arn = function_arn(name, qualifier if isinstance(qualifier, str) else None, facts.place)
    return [Right.of("lambda:InvokeFunction", [f"{arn}:*" if qualifier is UNKNOWN else arn])]


def _publish(_facts: Facts, arguments: Arguments, _suffix: str) -> list[Right]:
    return [Right.of("sns:Publish", [text(arguments.get("TopicArn"))])]


def _put_events(facts: Facts, arguments: Arguments, _suffix: str) -> list[Right]:
    asked = needs("events", "PutEvents", arguments, facts.place)
    if not all(need.known for need in asked):
        return [Right.of("events:PutEvents", [f"arn:{facts.place.partition}:events:*:*:event-bus/*"])]
    return [Right.of("events:PutEvents", [need.resource for need in asked])]


def _start(facts: Facts, arguments: Arguments, suffix: str) -> list[Right]:
    place, given = facts.place, arguments.get("StateMachineArn")
    if not isinstance(given, str):
        given = place.arn("states", "stateMachine:*")
    asked = needs("stepfunctions", "StartExecution", {"stateMachineArn": given}, place)
    condition: dict[str, dict[str, Any]] = {}
    if qualifier := asked[0].context.get("states:statemachinequalifier"):
        condition = {"ForAnyValue:StringEquals": {"states:StateMachineQualifier": list(qualifier)}}
    found = [Right.of("states:StartExecution", [asked[0].resource], condition)]
    if suffix.startswith(".sync"):
        executions = asked[0].resource.replace(":stateMachine:", ":execution:") + ("" if given.endswith("*") else ":*")
        found.append(Right.of("states:DescribeExecution states:StopExecution", [executions]))
        rule = place.arn("events", "rule/StepFunctionsGetEventsForStepFunctionsExecutionRule")
        found.append(Right.of("events:PutTargets events:PutRule events:DescribeRule", [rule]))
    return found


def _http(facts: Facts, arguments: Arguments, _suffix: str) -> list[Right]:
    conditions: dict[str, dict[str, Any]] = {}
    if isinstance(method := arguments.get("Method"), str):
        conditions["StringEquals"] = {"states:HTTPMethod": method}
    if isinstance(endpoint := arguments.get("ApiEndpoint"), str):
        conditions.setdefault("StringEquals", {})["states:HTTPEndpoint"] = endpoint
    holder = arguments.get("Authentication", arguments.get("InvocationConfig"))
    given = holder.get("ConnectionArn") if isinstance(holder, dict) else None
    connection = given if isinstance(given, str) else facts.place.arn("events", "connection/*")
    # EventBridge keeps a connection's secret under a name that begins with events!connection/.
    secret = facts.connections(connection) or _secret_of(connection, facts.place)
    return [
        Right.of("states:InvokeHTTPEndpoint", [facts.arn], conditions),
        Right.of("events:RetrieveConnectionCredentials", [connection]),
        Right.of("secretsmanager:GetSecretValue secretsmanager:DescribeSecret", [secret]),
    ]


def _secret_of(connection: str, place: Place) -> str:
    parts = connection.split(":")
    region, account = (parts[3], parts[4]) if len(parts) > 5 else (place.region, place.account)
    name = parts[-1].removeprefix("connection/").partition("/")[0]
    within = "events!connection/*" if name in ("", "*") else f"events!connection/{name}/*"
    return f"arn:{partition_of(region)}:secretsmanager:{region}:{account}:secret:{within}"


_API: Final = re.compile(r"(?:https://)?([0-9a-z]+)\.execute-api\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/?")


def _call_api(facts: Facts, arguments: Arguments, _suffix: str) -> list[Right]:
    if arguments.all_known and arguments.get("AuthType", "NO_AUTH") == "NO_AUTH":
        return []  # the request is not signed
    endpoint = arguments.get("ApiEndpoint")
    match = _API.fullmatch(endpoint) if isinstance(endpoint, str) else None
    if match is None:
        return [Right.of("execute-api:Invoke", [facts.place.arn("execute-api", "*")])]
    stage = text(arguments.get("Stage", "$default" if arguments.all_known else UNKNOWN))
    method, path = text(arguments.get("Method")), text(arguments.get("Path", "")).strip("/")
    place = Place(facts.place.account, match[2])
    return [Right.of("execute-api:Invoke", [place.arn("execute-api", f"{match[1]}/{stage}/{method}/{path}")])]


def bedrock_data(arguments: Arguments, place: Place) -> list[Right]:
    """What InvokeModel reads from S3 and writes there."""
    found = []
    for member, action in (("Input", "s3:GetObject"), ("Output", "s3:PutObject")):
        if member in arguments:
            uri = text(find(f"{member}.S3Uri", arguments)).removeprefix("s3://")
            found.append(Right.of(action, [f"arn:{place.partition}:s3:::{uri}"]))
    return found


SPECIFIC: Final[Mapping[tuple[str, str], Callable[[Facts, Arguments, str], list[Right]]]] = {
    ("apigateway", "invoke"): _call_api,
    ("events", "putEvents"): _put_events,
    ("http", "invoke"): _http,
    ("lambda", "invoke"): _lambda,
    ("sns", "publish"): _publish,
    ("states", "startExecution"): _start,
}
"""Service and action -> what a Task needs by its arguments and the suffix of its Resource."""
