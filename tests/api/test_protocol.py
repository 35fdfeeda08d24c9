"""AWS JSON 1.0 as a client sees it on the wire. Bodies, headers and checksums as public suites saw them on AWS."""

from __future__ import annotations

import gzip
import json
import logging
import re
import zlib

import pytest

from emulator import clients, endpoint
from emulator.faults import Fault
from emulator.wire.credentials import Credential, credential

SERIALIZATION = {"__type": "com.amazon.coral.service#SerializationException"}
UNKNOWN_OPERATION = {"__type": "com.amazon.coral.service#UnknownOperationException"}
MISSING_TOKEN = {
    "__type": "com.amazon.coral.service#MissingAuthenticationTokenException",
    "message": "Request is missing Authentication Token",
}
DYNAMODB_REQUEST_ID = re.compile("[0-9A-Z]{52}")
STEP_FUNCTIONS_REQUEST_ID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@pytest.fixture
def echo(handlers):
    """Every operation answers what it was asked."""
    for name in ("ListTables", "PutItem", "ListStateMachines", "TagResource", "UntagResource"):
        handlers[name] = lambda _world, call: {"Params": call.params, "Account": call.account, "Region": call.region}


# Answers


def test_dynamodb_answers_with_a_checksum_and_a_request_id_of_52_characters(call, echo):
    answer = call("dynamodb", "ListTables", {"Limit": 1})
    assert answer.status == 200
    assert answer.json == {"Params": {"Limit": 1}, "Account": "000000000000", "Region": "us-east-1"}
    assert answer.headers["x-amz-crc32"] == str(zlib.crc32(answer.body))
    assert answer.headers["content-length"] == str(len(answer.body))
    assert answer.headers["content-type"] == "application/x-amz-json-1.0"
    assert DYNAMODB_REQUEST_ID.fullmatch(answer.headers["x-amzn-requestid"])


def test_step_functions_answers_with_a_uuid_and_no_checksum(call, echo):
    answer = call("stepfunctions", "ListStateMachines", {})
    assert answer.status == 200
    assert "x-amz-crc32" not in answer.headers
    assert STEP_FUNCTIONS_REQUEST_ID.fullmatch(answer.headers["x-amzn-requestid"])


def test_the_content_type_of_dynamodb_is_that_of_the_request(call, echo):
    answer = call("dynamodb", "ListTables", {}, content_type="application/json; charset=utf-8")
    assert answer.headers["content-type"] == "application/json"


def test_no_two_requests_share_an_id(call, echo):
    ids = {call("dynamodb", "ListTables", {}).headers["x-amzn-requestid"] for _ in range(100)}
    assert len(ids) == 100


# Requests that are none


@pytest.mark.parametrize("content_type", [None, "whatever", "application/x-amz-json-1.1", "application/jsonasdf"])
def test_a_body_of_another_content_type_is_404_without_json(send, content_type):
    headers = {"content_type": content_type} if content_type else {}
    answer = send("POST", "/", b"hi", **headers)
    assert (answer.status, answer.body) == (404, b"<UnknownOperationException/>\n")
    assert answer.headers["x-amz-crc32"] == "3552371480"
    assert DYNAMODB_REQUEST_ID.fullmatch(answer.headers["x-amzn-requestid"])


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS"])
def test_another_method_is_404_without_json(send, method):
    assert send(method, "/").status == 404


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_get_says_that_the_service_is_healthy(send, method):
    answer = send(method, "/", host="dynamodb.us-east-1.amazonaws.com")
    assert (answer.status, answer.body) == (200, b"healthy: dynamodb.us-east-1.amazonaws.com ")


@pytest.mark.parametrize(
    ("content_type", "answered"),
    [
        ("application/json", "application/json"),
        ("application/x-amz-json-1.0", "application/x-amz-json-1.0"),
        ("  application/json  ;   asfd", "application/json"),
        ("application/x-amz-json-1.0;blahblah", "application/x-amz-json-1.0"),
    ],
)
def test_a_body_that_is_not_json_is_refused_before_the_operation_is_looked_at(send, content_type, answered):
    answer = send("POST", "/", b"hi", content_type=content_type)
    assert (answer.status, answer.json) == (400, SERIALIZATION)
    assert answer.headers["x-amz-crc32"] == "3948637019"
    assert answer.headers["content-type"] == answered


@pytest.mark.parametrize("target", [None, "whatever", "DynamoDB_20120810.ListTable", "DynamoDB_20120810"])
def test_an_unknown_operation_is_named_as_such(send, target):
    headers = {"x_amz_target": target} if target else {}
    authorization = "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/dynamodb/aws4_request"
    answer = send("POST", "/", b"{}", content_type="application/json", authorization=authorization, **headers)
    assert (answer.status, answer.json) == (400, UNKNOWN_OPERATION)
    assert answer.headers["x-amz-crc32"] == "1368724161"


def test_dynamodb_wants_a_signature(send):
    answer = send("POST", "/", b"{}", content_type="application/json", x_amz_target="DynamoDB_20120810.ListTables")
    assert (answer.status, answer.json) == (400, MISSING_TOKEN)


def test_step_functions_is_served_without_a_signature(send, echo):
    headers = {"content_type": "application/x-amz-json-1.0", "x_amz_target": "AWSStepFunctions.ListStateMachines"}
    assert send("POST", "/", b"{}", **headers).status == 200


@pytest.mark.parametrize("body", [b"", b"null", b"1", b'"x"', b'{"Limit":1,}', b'{"a":1} {}', b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_object_is_refused(call, body):
    answer = call("dynamodb", "ListTables", body)
    assert (answer.status, answer.json) == (400, SERIALIZATION)


def test_a_list_is_refused_in_words(call):
    assert call("dynamodb", "ListTables", []).json == {
        **SERIALIZATION,
        "Message": "Start of list found where not expected",
    }


@pytest.mark.parametrize("depth", [100, 300, 450, 10_000])
def test_deep_nesting_is_no_crash(call, echo, depth):
    value = b'{"L":[' * depth + b'{"S":"x"}' + b"]}" * depth
    answer = call("dynamodb", "PutItem", b'{"TableName":"orders","Item":{"pk":' + value + b"}}")
    assert answer.status in (200, 400)


# Size and compression


def test_a_body_over_16_mebibytes_is_413(call):
    answer = call("dynamodb", "ListTables", b"a" * (16 * 1024 * 1024 + 1))
    assert (answer.status, answer.body) == (413, b"")


def test_a_body_of_16_mebibytes_is_read(call):
    assert call("dynamodb", "ListTables", b"a" * (16 * 1024 * 1024)).json == SERIALIZATION


def test_a_compressed_body_is_read(call, echo):
    answer = call("dynamodb", "ListTables", gzip.compress(b'{"Limit":7}'), content_encoding="gzip")
    assert answer.json["Params"] == {"Limit": 7}


def test_members_of_gzip_and_deflate_are_read(call, echo):
    members = gzip.compress(b'{"Lim') + gzip.compress(b"") + gzip.compress(b'it":7}')
    for encoding, body in (("gzip", members), ("GZIP", members), ("deflate", zlib.compress(b'{"Limit":7}'))):
        assert call("dynamodb", "ListTables", body, content_encoding=encoding).json["Params"] == {"Limit": 7}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"no gzip", 400),
        (b"", 400),
        (gzip.compress(b"{}")[:-4], 400),
        (gzip.compress(b"{}") + b"more", 400),
        (gzip.compress(b"") * 5000, 400),
        (gzip.compress(b"{" + b" " * (16 * 1024 * 1024) + b"}"), 413),
        (gzip.compress(b" " * (9 * 1024 * 1024)) * 2, 413),
    ],
    ids=["broken", "empty", "cut off", "rubbish behind", "members without end", "too large", "too large together"],
)
def test_a_compressed_body_may_not_be_broken_or_too_large(call, body, status):
    answer = call("dynamodb", "ListTables", body, content_encoding="gzip")
    assert answer.status == status
    if status == 400:
        assert answer.json["Message"] == "The body is not what its Content-Encoding says: gzip"


def test_an_encoding_that_is_not_known_is_refused_by_name(call):
    answer = call("dynamodb", "ListTables", b"{}", content_encoding="br")
    assert (answer.status, answer.json["Message"]) == (400, "Content-Encoding br is not known; gzip and deflate are")


def test_headers_of_more_than_16_kilobytes_are_refused(call, echo):
    assert call("dynamodb", "ListTables", {}, x_large="a" * 15_000).status == 200
    answer = call("dynamodb", "ListTables", {}, x_large="a" * 17_000)
    assert (answer.status, answer.json["Message"]) == (400, "The headers are larger than 16384 bytes")


@pytest.mark.parametrize("operation", ["TagResource", "UntagResource"])
def test_tags_are_answered_without_a_body(call, echo, operation):
    arn = "arn:aws:dynamodb:us-east-1:000000000000:table/t"
    more = {"Tags": [{"Key": "k", "Value": "v"}]} if operation == "TagResource" else {"TagKeys": ["k"]}
    answer = call("dynamodb", operation, {"ResourceArn": arn, **more})
    assert (answer.status, answer.body, answer.headers["x-amz-crc32"]) == (200, b"", "0")


def test_the_host_that_was_asked_is_named(send):
    assert send("GET", "/", host="localhost:4566").body == b"healthy: localhost:4566 "


@pytest.mark.parametrize(
    ("accepted", "encoding", "read"),
    [("gzip", "gzip", gzip.decompress), ("deflate", "deflate", zlib.decompress), ("identity", None, bytes)],
)
def test_a_long_answer_is_compressed_for_who_accepts_it(call, echo, accepted, encoding, read):
    params = {"TableName": "x" * 255, "Item": {"pk": {"S": "x" * 5000}}}
    answer = call("dynamodb", "PutItem", params, accept_encoding=accepted)
    assert answer.headers.get("content-encoding") == encoding
    assert json.loads(read(answer.body))["Params"] == params
    assert answer.headers["x-amz-crc32"] == str(zlib.crc32(answer.body))


def test_a_short_answer_is_not_compressed(call, echo):
    assert "content-encoding" not in call("dynamodb", "ListTables", {}, accept_encoding="gzip").headers


# Pages of another origin


def test_without_origin_there_is_no_cors_header(call, echo):
    headers = call("dynamodb", "ListTables", {}).headers
    assert not [name for name in headers if name.startswith("access-control")]


def test_any_origin_may_read_an_answer(call, echo):
    headers = call("dynamodb", "ListTables", {}, origin="https://example.com").headers
    assert headers["access-control-allow-origin"] == "*"
    assert "x-amzn-RequestId" in headers["access-control-expose-headers"]
    assert "access-control-max-age" not in headers


def test_step_functions_refuses_pages_of_elsewhere(call, echo, caplog):
    answer = call("stepfunctions", "ListStateMachines", {}, origin="https://example.com")
    text = "Dynastep answers web pages of this machine and its network, not of https://example.com"
    assert (answer.status, answer.json) == (403, {"__type": "AccessDeniedException", "message": text})
    assert "https://example.com" in caplog.text
    assert call("stepfunctions", "ListStateMachines", {}, origin="http://localhost:3000").status == 200


def test_control_routes_refuse_pages_of_elsewhere(send):
    assert send("POST", "/_dynastep/reset", origin="https://example.com").status == 403
    assert send("POST", "/_dynastep/reset", origin="http://127.0.0.1:4566").status == 200


def test_a_preflight_is_granted_what_it_asks(send):
    asked = {"access_control_request_method": "POST", "access_control_request_headers": "a, X-Amz-Target,c"}
    for origin in ("https://example.com", "http://localhost:3000"):
        answer = send("OPTIONS", "/", origin=origin, **asked)
        assert (answer.status, answer.body) == (200, b"")
        assert answer.headers["access-control-allow-methods"] == "POST"
        assert answer.headers["access-control-allow-headers"] == "a, X-Amz-Target,c"
        assert answer.headers["access-control-max-age"] == "172800"


# Errors


@pytest.mark.parametrize(
    ("service", "operation", "fault", "body"),
    [
        (
            "stepfunctions",
            "ListStateMachines",
            Fault("StateMachineDoesNotExist", "State Machine Does Not Exist: 'x'"),
            {
                "__type": "com.amazonaws.swf.service.v2.model#StateMachineDoesNotExist",
                "message": "State Machine Does Not Exist: 'x'",
            },
        ),
        (
            "stepfunctions",
            "ListStateMachines",
            Fault("ValidationException", "no", reason="MISSING_REQUIRED_PARAMETER"),
            {
                "__type": "com.amazon.coral.validate#ValidationException",
                "reason": "MISSING_REQUIRED_PARAMETER",
                "message": "no",
            },
        ),
        (
            "dynamodb",
            "ListTables",
            Fault("ResourceNotFoundException", "Requested resource not found"),
            {
                "__type": "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException",
                "message": "Requested resource not found",
            },
        ),
        (
            "dynamodb",
            "ListTables",
            Fault("TransactionCanceledException", "cancelled", CancellationReasons=[{"Code": "None"}]),
            {
                "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
                "CancellationReasons": [{"Code": "None"}],
                "Message": "cancelled",
            },
        ),
    ],
)
def test_an_error_has_its_service_s_name_space_and_spelling(call, handlers, service, operation, fault, body):
    def refuse(_world, _call):
        raise fault

    handlers[operation] = refuse
    answer = call(service, operation, {})
    assert (answer.status, answer.json) == (400, body)


@pytest.mark.parametrize(("service", "operation"), [("dynamodb", "ListTables"), ("stepfunctions", "ListStateMachines")])
def test_a_bug_is_a_500_whose_request_id_finds_the_traceback(call, handlers, caplog, service, operation):
    handlers[operation] = lambda _world, _call: 1 / 0
    with caplog.at_level(logging.ERROR, logger="dynastep"):
        answer = call(service, operation, {})
    request_id = answer.headers["x-amzn-requestid"]
    assert answer.status == 500
    assert answer.json["__type"] == "com.amazon.coral.service#InternalFailure"
    assert request_id in answer.json["message"]
    assert request_id in caplog.text
    assert "ZeroDivisionError" in caplog.text


# Who calls


@pytest.mark.parametrize(
    ("authorization", "account", "region"),
    [
        ("AWS4-HMAC-SHA256 Credential=111122223333/20260101/eu-west-1/s3/aws4_request, x", "111122223333", "eu-west-1"),
        (
            "AWS4-HMAC-SHA256 x=y,Credential=111122223333/20260101/eu-west-1/s3/aws4_request",
            "111122223333",
            "eu-west-1",
        ),
        ("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/eu-west-1/s3/aws4_request", "000000000000", "eu-west-1"),
        ("AWS4-HMAC-SHA256 Credential=\uff11" + "2" * 11 + "/20260101/r/s3/aws4_request", "000000000000", "r"),
        ("AWS4-ECDSA-P256-SHA256 Credential=111122223333/20260101/s3/aws4_request", "111122223333", "us-east-1"),
        ("AWS4-HMAC-SHA256 Credential=nonsense", "000000000000", "us-east-1"),
        ("AWS 111122223333:signature", "111122223333", "us-east-1"),
    ],
)
def test_account_and_region_come_from_the_signature(world, authorization, account, region):
    caller = credential({"HTTP_AUTHORIZATION": authorization})
    assert caller is not None
    assert (endpoint.account_of(world, caller), caller.region) == (account, region)


@pytest.mark.parametrize(
    ("query", "account", "region"),
    [
        ("a=b&X-Amz-Credential=111122223333%2F20260101%2Feu-west-1%2Fs3%2Faws4_request", "111122223333", "eu-west-1"),
        ("AWSAccessKeyId=111122223333&Signature=x", "111122223333", "us-east-1"),
    ],
)
def test_account_and_region_come_from_a_presigned_query(world, query, account, region):
    caller = credential({"QUERY_STRING": query})
    assert caller is not None
    assert (endpoint.account_of(world, caller), caller.region) == (account, region)


def test_a_request_without_a_signature_has_no_caller(world):
    assert credential({"HTTP_AUTHORIZATION": "Bearer x", "QUERY_STRING": "a=b"}) is None
    assert endpoint.account_of(world, None) == "000000000000"


def test_a_presigned_query_calls_dynamodb(send, echo):
    scope = "111122223333%2F20260101%2Feu-west-1%2Fdynamodb%2Faws4_request"
    headers = {"content_type": "application/json", "x_amz_target": "DynamoDB_20120810.ListTables"}
    answer = send("POST", f"/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={scope}", b"{}", **headers)
    assert (answer.json["Account"], answer.json["Region"]) == ("111122223333", "eu-west-1")


def test_any_host_is_served(call, echo):
    assert call("stepfunctions", "ListStateMachines", {}, host="sync-localhost:4566").status == 200


def test_credentials_default_to_the_region_of_most_examples():
    assert Credential("AKID").region == "us-east-1"


# Pages


@pytest.mark.parametrize(
    ("path", "accept", "page"),
    [
        ("/", "text/html,application/xhtml+xml", True),
        ("/_dynastep/health", "*/*", True),
        ("/favicon.ico", "*/*", True),
        ("/", "*/*", False),
    ],
)
def test_browsers_get_pages_and_sdks_get_aws(send, path, accept, page):
    assert (send("GET", path, accept=accept).body == b"a page") == page


# In-process clients see the same protocol


def test_an_in_process_client_sees_what_http_would_show(world, echo):
    client = clients.client(world, "dynamodb", account="111122223333", region="eu-west-1")
    metadata = client.list_tables()["ResponseMetadata"]
    assert metadata["HTTPStatusCode"] == 200
    assert metadata["HTTPHeaders"]["content-type"] == "application/x-amz-json-1.0"
    assert DYNAMODB_REQUEST_ID.fullmatch(metadata["RequestId"])
    assert (world.calls[0].account, world.calls[0].region) == ("111122223333", "eu-west-1")


def test_an_in_process_client_reads_errors_and_does_not_retry(world, handlers):
    def refuse(_world, _call):
        raise Fault("ResourceNotFoundException", "Requested resource not found")

    handlers["DescribeTable"] = refuse
    client = clients.client(world, "dynamodb")
    with pytest.raises(client.exceptions.ResourceNotFoundException) as raised:
        client.describe_table(TableName="orders")
    said = "An error occurred (ResourceNotFoundException) when calling the DescribeTable operation: "
    assert str(raised.value) == said + "Requested resource not found"
    assert len(world.calls) == 1


def test_an_in_process_client_does_not_retry_a_failure(world, handlers):
    handlers["ListTables"] = lambda _world, _call: 1 / 0
    client = clients.client(world, "dynamodb")
    with pytest.raises(client.exceptions.ClientError, match="InternalFailure"):
        client.list_tables()
    assert len(world.calls) == 1


def test_an_in_process_client_needs_nothing_of_the_environment(world, echo, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    assert clients.client(world, "stepfunctions").list_state_machines()["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_the_host_prefix_of_synchronous_executions_is_harmless(world, handlers):
    handlers["StartSyncExecution"] = lambda _world, call: {"executionArn": call.params["stateMachineArn"]}
    client = clients.client(world, "stepfunctions", endpoint="http://localhost:4566")
    assert client.start_sync_execution(stateMachineArn="arn:x")["executionArn"] == "arn:x"
