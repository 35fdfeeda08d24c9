"""What is deployed: code, configuration, layers, versions, aliases; and the limits and kinds of invocations."""

from __future__ import annotations

import base64
import json
import os
import sys
import zipfile
from collections import Counter
from io import BytesIO

import pytest
from botocore.exceptions import ClientError
from lambdas.conftest import package

VERSION = "import os\ndef handler(event, context):\n    return [context.function_version, os.environ['COLOUR']]"


def source(value):
    return f"def handler(event, context):\n    return {value!r}"


def test_new_code_and_new_configuration_are_those_of_the_next_invocation(functions):
    functions.create(source("first"), Environment={"Variables": {"COLOUR": "red"}})
    assert functions.invoke().payload == "first"
    functions.client.update_function_code(FunctionName="work", ZipFile=package({"app.py": VERSION}))
    assert functions.invoke().payload == ["$LATEST", "red"]
    functions.client.update_function_configuration(FunctionName="work", Environment={"Variables": {"COLOUR": "blue"}})
    assert functions.invoke().payload == ["$LATEST", "blue"]


def test_code_may_come_from_s3(functions):
    s3 = functions.dynastep.client("s3")
    s3.create_bucket(Bucket="code")
    s3.put_object(Bucket="code", Key="work.zip", Body=package({"app.py": source("from S3")}))
    functions.create("", Code={"S3Bucket": "code", "S3Key": "work.zip"})
    assert functions.invoke().payload == "from S3"


def test_a_deleted_function_is_not_found_and_leaves_nothing(functions):
    functions.create(source(1))
    functions.invoke()
    lambdas = functions.dynastep._world.lambdas
    functions.client.delete_function(FunctionName="work")
    with pytest.raises(ClientError) as refused:
        functions.invoke()
    arn = f"arn:aws:lambda:us-east-1:{functions.dynastep.account}:function:work:$LATEST"
    assert refused.value.response["Error"] == {
        "Code": "ResourceNotFoundException",
        "Message": f"Function not found: {arn}",
    }
    left = [path.name for path in lambdas._scratch.path.iterdir()]
    assert (lambdas._pools, left) == ({}, ["lock"])


def test_a_version_stays_as_it_was_published(functions):
    functions.create(VERSION, Environment={"Variables": {"COLOUR": "red"}})
    functions.client.publish_version(FunctionName="work")
    functions.client.update_function_configuration(FunctionName="work", Environment={"Variables": {"COLOUR": "blue"}})
    functions.client.create_alias(FunctionName="work", Name="live", FunctionVersion="1")
    for parameters in ({"Qualifier": "1"}, {"Qualifier": "live"}, {"name": "work:1"}, {"name": "work:live"}):
        answer = functions.invoke(**parameters)
        assert (answer.payload, answer.version) == (["1", "red"], "1")
    assert functions.invoke().payload == ["$LATEST", "blue"]


def test_an_alias_divides_invocations_by_weight_the_same_way_in_every_run(functions):
    functions.create(source("old"), Publish=True)
    functions.client.update_function_code(FunctionName="work", ZipFile=package({"app.py": source("new")}), Publish=True)
    routing = {"AdditionalVersionWeights": {"2": 0.3}}
    functions.client.create_alias(FunctionName="work", Name="live", FunctionVersion="1", RoutingConfig=routing)
    answers = [functions.invoke(Qualifier="live") for _ in range(40)]
    assert {(answer.payload, answer.version) for answer in answers} == {("old", "1"), ("new", "2")}
    assert Counter(answer.payload for answer in answers) == {"old": 23, "new": 17}


def test_a_task_names_the_version_that_it_got(functions):
    functions.create(source(1), Publish=True)
    task = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": True}
    task["Parameters"] = {"FunctionName": "work", "Qualifier": "1", "LogType": "Tail"}
    output = functions.dynastep.run({"StartAt": "A", "States": {"A": task}}).output
    assert (output["ExecutedVersion"], output["Payload"]) == ("1", 1)
    assert base64.b64decode(output["LogResult"]).decode().startswith("START RequestId: ")
    task["Parameters"] = {"FunctionName": "work", "Qualifier": "none"}
    execution = functions.dynastep.run({"StartAt": "A", "States": {"A": task}})
    assert execution.error == "Lambda.ResourceNotFoundException"
    assert ":function:work:none (Service: AWSLambda; Status Code: 404;" in execution.cause


def test_layers_are_on_the_path_and_later_ones_win(functions):
    arns = [
        functions.client.publish_layer_version(LayerName=f"layer-{number}", Content={"ZipFile": package(files)})[
            "LayerVersionArn"
        ]
        for number, files in enumerate(
            [
                {"python/shared.py": "word = 'first'", "python/only.py": "word = 'only'"},
                {"python/shared.py": "word = 'second'"},
            ]
        )
    ]
    functions.create("import only, shared\ndef handler(e, c):\n    return [only.word, shared.word]", Layers=arns)
    assert functions.invoke().payload == ["only", "second"]


@pytest.mark.skipif(os.name == "nt", reason="Windows runs no scripts by their first line")
def test_a_runtime_of_one_s_own_is_the_file_bootstrap(functions):
    bootstrap = f"""#!{sys.executable}
import json, os, urllib.request
root = f"http://{{os.environ['AWS_LAMBDA_RUNTIME_API']}}/2018-06-01/runtime/invocation/"
while True:
    with urllib.request.urlopen(root + "next") as answer:
        request_id, event = answer.headers["Lambda-Runtime-Aws-Request-Id"], json.load(answer)
    body = json.dumps(["own", event]).encode()
    urllib.request.urlopen(urllib.request.Request(root + request_id + "/response", body)).close()
"""
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w") as files:
        member = zipfile.ZipInfo("bootstrap")
        member.external_attr = 0o755 << 16
        files.writestr(member, bootstrap)
    functions.create("", runtime="provided.al2023", Code={"ZipFile": archive.getvalue()})
    assert [functions.invoke(number).payload for number in range(2)] == [["own", 0], ["own", 1]]


def test_a_client_context_reaches_the_function(functions):
    functions.create("def handler(event, context):\n    return context.client_context.custom")
    context = base64.b64encode(json.dumps({"custom": {"a": "b"}}).encode()).decode()
    assert functions.invoke(ClientContext=context).payload == {"a": "b"}


def test_a_dry_run_looks_whether_the_function_is_there(functions):
    functions.create("1 / 0")
    assert functions.client.invoke(FunctionName="work", InvocationType="DryRun")["StatusCode"] == 204
    with pytest.raises(functions.client.exceptions.ResourceNotFoundException):
        functions.client.invoke(FunctionName="none", InvocationType="DryRun")


@pytest.mark.parametrize(
    ("size", "kind", "said"),
    [
        (
            6 * 1024 * 1024 + 1,
            "RequestResponse",
            "Request must be smaller than 6291456 bytes for the InvokeFunction operation",
        ),
        (
            1024 * 1024 + 1,
            "Event",
            "1048577 byte payload is too large for the Event invocation type (limit 1048576 bytes)",
        ),
    ],
)
def test_a_request_that_is_too_large_is_refused(functions, size, kind, said):
    functions.create(source(1))
    with pytest.raises(ClientError) as refused:
        functions.client.invoke(FunctionName="work", InvocationType=kind, Payload=b'"' + b"x" * (size - 2) + b'"')
    assert refused.value.response["Error"] == {"Code": "RequestEntityTooLargeException", "Message": said}
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 413


def test_an_answer_that_is_too_large_is_an_error(functions):
    functions.create("def handler(event, context):\n    return 'x' * 6291555")
    answer = functions.invoke()
    assert (answer.error, answer.payload) == (
        "Unhandled",
        {
            "errorType": "Function.ResponseSizeTooLarge",
            "errorMessage": "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
        },
    )


def test_a_payload_that_is_no_json_is_refused(functions):
    functions.create(source(1))
    with pytest.raises(ClientError, match="Could not parse request body into json") as refused:
        functions.client.invoke(FunctionName="work", Payload=b"{")
    assert refused.value.response["Error"]["Code"] == "InvalidRequestContentException"
