"""What the recordings lost, and how it is made good where it can be.

The requests were recorded from tests that ran against a stand-in for AWS. Where a test read something out of an answer
in code of its own (a page's token, the last log stream, what a message says), the recording holds what the stand-in
happened to answer, not where it came from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime

from .normalise import JSON

LOST = {
    "scenarios/test_sfn_scenarios::TestFundamental::test_path_based_on_data": (
        "names the state machine by the physical id that the recording's own stack happened to get"
    ),
    "test_sfn_api::TestSnfApi::test_cloudformation_definition_string_create_describe[dump]": (
        "names the state machine by its place among the others of the recording's account"
    ),
    "test_sfn_api::TestSnfApi::test_cloudformation_definition_string_create_describe[dumps]": (
        "names the state machine by its place among the others of the recording's account"
    ),
    "test_sfn_api::TestSnfApi::test_describe_execution_no_such_state_machine": (
        "describes the execution it has just started: the ARN of the missing one was not recorded"
    ),
    "scenarios/test_base_scenarios::TestBaseScenarios::test_map_item_reader_base_list_objects_v2": (
        "the test rewrote the answer, and how was not recorded"
    ),
    "test_state/test_field_validation_mode_present::TestFieldValidationModePresent::"
    "test_present_mode_aws_sdk_lambda_get_function_task[integer_more_than_maximum_allowed]": (
        "a function may have 32,768 MB now (botocore's model), and no longer 10,240 at most"
    ),
}
"""Cases that no service could answer as expected, AWS included; and why."""

SINCE = {
    date(2023, 11, 15): {  # redrive
        "failuresNotRedrivable",
        "pendingRedrive",
        "redriveCount",
        "redriveStatus",
        "redriveStatusReason",
        "RedriveCount",
        "RedriveStatus",
        "RedriveStatusReason",
    },
    date(2024, 7, 25): {"encryptionConfiguration"},  # customer managed keys
}
"""Members that AWS's answers have had only since the day a feature came: older recordings are compared without them.

The recordings bear the days out: none before has such a member, all after do where it belongs.
"""


def not_yet(recorded: str) -> frozenset[str]:
    """The members that no answer had on the day of a recording, such as ``18-04-2024, 06:27:04``."""
    day = datetime.strptime(recorded, "%d-%m-%Y, %H:%M:%S").date()  # noqa: DTZ007 - a day
    return frozenset(name for since, names in SINCE.items() if day < since for name in names)


TOKENS: Mapping[str, Sequence[Sequence[JSON]]] = {
    "intrinsic_functions/test_unique_id_generation::TestUniqueIdGeneration::test_uuid": [
        ("jsonpath", "$..FunctionResult", "generated-uuid", False)
    ],
    **{
        f"services/test_apigetway_task_service::TestTaskApiGateway::{case}": [
            ("jsonpath", "$..ApiEndpoint", "<api-endpoint>", False),
            *(
                ("jsonpath", f"$..Headers.'{header}'", f"<headers-{token}>", False)
                for header, token in (
                    ("Date", "date"),
                    *((name, name) for name in ("Via", "X-Amz-Cf-Id", "X-Amz-Cf-Pop", "X-Amzn-Trace-Id")),
                    *((name, name) for name in ("x-amz-apigw-id", "x-amzn-RequestId")),
                )
            ),
        ]
        for case in ("test_invoke_base", "test_invoke_error")
    },
}
"""Tokens that a case lacks, told by its expected answer."""


def closed(steps: Sequence[Mapping[str, JSON]]) -> Iterator[Mapping[str, JSON]]:
    """Recorded steps, referring to earlier answers again where they held the stand-in's.

    Two wrappers are added to those of the recordings: ``{"$messages": list}`` is what the messages of a queue or log
    hold, ``{"$last": list}`` the last item.
    """
    last: dict[str, str] = {}  # the id of the last call of each operation
    for step in steps:
        operation = step.get("call", "").rpartition(".")[2]
        yield {**step, **_closed_request(step, operation, last), **_closed_value(step, last)}
        last[operation] = step.get("id", "")


def _closed_request(step: Mapping[str, JSON], operation: str, last: Mapping[str, str]) -> dict[str, JSON]:
    request: JSON = step.get("request")
    if operation == "StartExecution" and "/restapis/" in str(request):  # where the stand-in had its APIs
        return {"request": _with_endpoints(request)}
    if operation == "GetLogEvents":
        stream = f"{{{{{last['DescribeLogStreams']}.logStreams[-1].logStreamName}}}}"
        return {"request": {**request, "logStreamName": stream}}
    if operation == "ListExecutions" and request.get("nextToken", "").startswith(_AN_ARN):
        return {"request": {**request, "nextToken": f"{{{{{last[operation]}.nextToken}}}}"}}
    if operation == "SendTaskSuccess" and "2030-01-01" in str(request["output"]):  # the date of the stand-in's message
        return {"request": {**request, "output": f"{{{{{last['ReceiveMessage']}.Messages[0].Body}}}}"}}
    return {}


def _with_endpoints(request: JSON) -> JSON:
    if isinstance(request, dict):
        return {name: _with_endpoints(value) for name, value in request.items()}
    if isinstance(request, str):
        return re.sub(r"^http://[^/]+/restapis/(.+)$", r"\1.execute-api.us-east-1.amazonaws.com", request)
    return request


_AN_ARN = "YXJu"
"""How a page's token of the stand-in began: it was an ARN in base 64."""


def _closed_value(step: Mapping[str, JSON], last: Mapping[str, str]) -> dict[str, JSON]:
    key = step.get("match") if "of" in step else None
    if key == "logged_execution_events":
        return {"of": {"$messages": f"{{{{{last['GetLogEvents']}.events}}}}"}}
    if key == "end_event":
        return {"of": {"$last": {"$messages": f"{{{{{last['GetLogEvents']}.events}}}}"}}}
    if key == "stepfunctions_events":
        return {"of": {"$messages": f"{{{{{last['ReceiveMessage']}.Messages}}}}"}}
    return {}
