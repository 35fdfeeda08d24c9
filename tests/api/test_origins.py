"""Which names the emulator answers to, and which web pages it answers."""

from __future__ import annotations

import pytest

from emulator.wire.hosts import Hosts
from emulator.wire.origins import UNNAMED, page_of_elsewhere

TARGET = {"x_amz_target": "DynamoDB_20120810.ListTables", "content_type": "application/x-amz-json-1.0"}
KEY = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{}/aws4_request, SignedHeaders=host, Signature=0"


@pytest.mark.parametrize(
    "header",
    [
        *(
            "localhost",
            "localhost:4566",
            "LOCALHOST:4566",
            "localhost.:4566",
            "127.0.0.1:4566",
            "[::1]:4566",
            "0.0.0.0:4566",
        ),
        *("192.168.1.5:4566", "10.0.0.7", "8.8.8.8", "[2001:db8::1]"),  # no page has an address for its name
        *("dynastep:4566", "my_service", "dynastep-1", "sync-localhost:4566", "sync-127.0.0.1:4566"),
        *("host.docker.internal:4566", "gateway.docker.internal", "host.containers.internal"),
        *("bucket.s3.localhost:4566", "abc.execute-api.localhost", "api.test", "printer.local", "nas.home.arpa"),
        *("dynastep.default.svc.cluster.local:4566", "localhost.localstack.cloud:4566"),
        *("bucket.s3.us-east-1.localhost.localstack.cloud:4566", "000000000000.ddb.us-east-1.amazonaws.com"),
        *("sqs.us-east-1.amazonaws.com", "dynamodb.cn-north-1.amazonaws.com.cn", "s3vectors.us-east-1.api.aws"),
    ],
)
def test_names_that_clients_and_containers_use_are_answered(header):
    assert Hosts().answer_to(header)


@pytest.mark.parametrize(
    "header",
    [
        *("example.com", "evil.example:4566", "127.0.0.1.nip.io", "localhost.evil.example", "xlocalhost.com"),
        *("docker.internal.evil.example", "evilamazonaws.com", "amazonaws.com.evil.example", "evil.localstack.cloud"),
        *("localhost:4566@evil.example", "evil.example:4566:4566", "", " ", "[::1", "::1", "[evil.example]", "a b"),
    ],
)
def test_a_name_that_anybody_may_own_is_not(header):
    assert not Hosts().answer_to(header)


@pytest.mark.parametrize(
    ("allowed", "header", "answered"),
    [
        ("dynastep.example.com", "dynastep.example.com:80", True),
        ("dynastep.example.com", "Dynastep.Example.com", True),
        ("dynastep.example.com", "example.com", False),
        ("dynastep.example.com", "x.dynastep.example.com", False),
        ("*.example.com", "a.b.example.com", True),
        ("*.example.com", "example.com", False),
        ("*.example.com", "evilexample.com", False),
        ("*", "evil.example", True),
    ],
)
def test_further_names_are_a_setting(allowed, header, answered):
    assert Hosts((allowed,)).answer_to(header) is answered


BROWSER = {"HTTP_USER_AGENT": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"}
SIGNED = {"QUERY_STRING": "Action=Publish&X-Amz-Credential=a/20260101/us-east-1/sns/aws4_request"}
OF_S3 = {"QUERY_STRING": "X-Amz-Credential=a/20260101/us-east-1/s3/aws4_request"}


@pytest.mark.parametrize(
    ("headers", "page"),
    [
        ({}, None),
        ({"HTTP_USER_AGENT": "Boto3/1.44.8"}, None),
        ({"HTTP_ORIGIN": "http://localhost:3000"}, None),
        ({"HTTP_ORIGIN": "http://web"}, None),
        ({"HTTP_ORIGIN": "https://app.test"}, None),
        ({"HTTP_ORIGIN": "http://10.0.0.7"}, None),
        ({"HTTP_ORIGIN": "http://localhost:3000", "HTTP_SEC_FETCH_SITE": "cross-site"}, None),
        ({"HTTP_ORIGIN": "https://evil.example"}, "https://evil.example"),
        ({"HTTP_ORIGIN": "https://sqs.us-east-1.amazonaws.com"}, "https://sqs.us-east-1.amazonaws.com"),
        ({"HTTP_ORIGIN": "http://8.8.8.8"}, "http://8.8.8.8"),
        ({"HTTP_ORIGIN": "null"}, "null"),
        ({"HTTP_ORIGIN": "chrome-extension://localhost"}, "chrome-extension://localhost"),
        ({"HTTP_ORIGIN": "http://["}, "http://["),
        ({"HTTP_ORIGIN": ""}, UNNAMED),
        ({"HTTP_SEC_FETCH_SITE": "same-origin"}, None),
        ({"HTTP_SEC_FETCH_SITE": "none"}, None),
        ({"HTTP_SEC_FETCH_SITE": "same-site"}, None),
        ({"HTTP_SEC_FETCH_SITE": "cross-site"}, UNNAMED),
        ({"HTTP_SEC_FETCH_SITE": "cross-site", "HTTP_REFERER": "https://evil.example/a?b"}, "https://evil.example"),
        ({"HTTP_SEC_FETCH_SITE": "cross-site", "HTTP_REFERER": "http://web:3000/"}, None),
        ({"HTTP_SEC_FETCH_SITE": "same-site", "HTTP_REFERER": "https://evil.example/"}, "https://evil.example"),
        ({"HTTP_REFERER": "https://evil.example/"}, "https://evil.example"),
        ({"HTTP_REFERER": "http://localhost:3000/a"}, None),
        ({"HTTP_REFERER": "http://["}, "http://["),
        ({"HTTP_REFERER": "https://evil.example?a/b"}, "https://evil.example"),
        ({"HTTP_REFERER": ""}, None),
        ({**BROWSER, **SIGNED}, UNNAMED),
        ({**BROWSER, **SIGNED, "REQUEST_METHOD": "HEAD"}, UNNAMED),
        ({**BROWSER, **SIGNED, "HTTP_SEC_FETCH_SITE": "none"}, None),
        ({**BROWSER, **OF_S3}, None),
        (BROWSER, None),
        ({**SIGNED, "HTTP_USER_AGENT": "curl/8"}, None),
    ],
)
def test_whose_page_it_is(headers, page):
    assert page_of_elsewhere({"REQUEST_METHOD": "GET", **headers}, Hosts()) == page


def test_a_page_of_an_allowed_host_is_one_of_ours():
    environ = {"REQUEST_METHOD": "POST", "HTTP_ORIGIN": "https://app.example.com"}
    assert page_of_elsewhere(environ, Hosts(("app.example.com",))) is None


REFUSED = (
    "Dynastep does not answer to the name evil.example:4566, which a web page of elsewhere may have: "
    "--allowed-hosts evil.example makes it a name of this machine"
)


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("POST", "/", {"x_amz_target": "AWSStepFunctions.ListStateMachines", "authorization": KEY.format("states")}),
        ("POST", "/", {"authorization": KEY.format("sqs"), "x_amz_target": "AmazonSQS.ListQueues"}),
        ("GET", "/", {"accept": "text/html"}),
        ("GET", "/_dynastep/health", {}),
        ("POST", "/_dynastep/reset", {}),
        ("GET", "/", TARGET),
        ("OPTIONS", "/", {"origin": "http://localhost"}),
    ],
)
def test_what_is_sent_to_a_strange_name_is_refused(send, world, caplog, method, path, headers):
    answer = send(method, path, b"{}", host="evil.example:4566", **headers)
    assert (answer.status, answer.json) == (403, {"__type": "AccessDeniedException", "message": REFUSED})
    assert world.calls == []
    assert not world.was_reset
    assert REFUSED in caplog.text


def test_dynamodb_answers_to_every_name_as_it_does_to_every_page(send, handlers):
    handlers["ListTables"] = lambda _world, _call: {"TableNames": []}
    answer = send("POST", "/", b"{}", host="evil.example:4566", authorization=KEY.format("dynamodb"), **TARGET)
    assert (answer.status, answer.json) == (200, {"TableNames": []})


@pytest.mark.parametrize(
    ("method", "path", "asked", "headers", "granted"),
    [
        ("OPTIONS", "/", "POST", "content-type,x-amz-target", True),
        ("OPTIONS", "/", "POST", "X-Amz-Target, authorization", True),
        ("OPTIONS", "/", "POST", "content-type,authorization", False),
        ("OPTIONS", "/", "PUT", "x-amz-target", False),
        ("OPTIONS", "/bucket/key", "POST", "x-amz-target", False),
        ("OPTIONS", "/_dynastep/reset", "POST", "x-amz-target", False),
    ],
)
def test_a_preflight_of_elsewhere_is_granted_what_dynamodb_gets(send, method, path, asked, headers, granted):
    answer = send(
        method,
        path,
        origin="https://evil.example",
        access_control_request_method=asked,
        access_control_request_headers=headers,
    )
    assert answer.status == (200 if granted else 403)
    assert ("access-control-allow-origin" in answer.headers) is granted


@pytest.mark.parametrize("query", ["X-Amz-Credential=", "X-Amz-Credential", "AWSAccessKeyId=", "aX-Amz-Credential=1"])
def test_a_query_whose_credential_is_empty_is_no_error_of_ours(send, query):
    assert send("GET", f"/?{query}").status == 200
