"""Invoke: what Lambda refuses to invoke is the error of the Task, and of a client, alike."""

from __future__ import annotations

import base64

import pytest
from botocore.exceptions import ClientError
from outcomes import failure

NAMES = r"(arn:(aws[a-zA-Z-]*)?:lambda:)?"
TYPES = "Member must satisfy enum value set: [Event, RequestResponse, DryRun]"
REFUSED = [
    (
        {"InvocationType": "Later"},
        "ValidationException",
        f"1 validation error detected: Value 'Later' at 'invocationType' failed to satisfy constraint: {TYPES}",
    ),
    (
        {"LogType": "All"},
        "ValidationException",
        "1 validation error detected: Value 'All' at 'logType' failed to satisfy constraint: "
        "Member must satisfy enum value set: [None, Tail]",
    ),
    (
        {"ClientContext": "{}"},
        "InvalidRequestContentException",
        "Client context must be a valid Base64-encoded JSON object.",
    ),
]


@pytest.mark.parametrize(("more", "code", "said"), REFUSED)
def test_what_lambda_does_not_invoke(dynastep, call, more, code, said):
    dynastep.function("work", lambda event: event)
    request = {"FunctionName": "work", **more}
    name = "AWSLambdaException" if code == "ValidationException" else code
    details = f"Service: AWSLambda; Status Code: 400; Error Code: {code}; Request ID: ...; Proxy: null"
    assert failure(call("lambda:invoke", request)) == (f"Lambda.{name}", f"{said} ({details})")
    name = "LambdaException" if code == "ValidationException" else code
    details = "Service: Lambda, Status Code: 400, Request ID: ..."
    assert failure(call("aws-sdk:lambda:invoke", request)) == (f"Lambda.{name}", f"{said} ({details})")
    with pytest.raises(ClientError) as refused:
        dynastep.client("lambda").invoke(**request)
    assert (refused.value.response["Error"]["Code"], refused.value.response["Error"]["Message"]) == (code, said)


@pytest.mark.parametrize("name", ["two words", ""])
def test_a_name_that_no_function_can_have(call, name):
    error, cause = failure(call("lambda:invoke", {"FunctionName": name}))
    assert error == "Lambda.AWSLambdaException"
    assert f"Value '{name}' at 'functionName' failed to satisfy constraint: Member must satisfy regular" in cause
    assert NAMES in cause


def test_a_name_may_look_like_the_beginning_of_an_arn(dynastep, call):
    error, cause = failure(call("lambda:invoke", {"FunctionName": "arn:one"}))
    assert error == "Lambda.ResourceNotFoundException"
    assert cause.startswith(f"Function not found: arn:aws:lambda:us-east-1:{dynastep.account}:function:arn:one ")


def test_a_client_context_comes_in_base64(dynastep, call):
    dynastep.function("work", lambda _, context: context.client_context.custom)
    context = base64.b64encode(b'{"custom": {"shop": 1}}').decode()
    assert call("lambda:invoke", {"FunctionName": "work", "ClientContext": context}).output["Payload"] == {"shop": 1}
