"""Requests to moto's services that no client of AWS would send: refused in the service's protocol, whatever they hold."""

from __future__ import annotations

import gzip
import json
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import pytest
from fuzz.other_services import from_models as fuzz
from fuzz.other_services.texts import BOMB

from emulator import moto_door
from emulator.control import Control
from emulator.endpoint import answer
from emulator.settings import Settings
from emulator.wire.operations import service_model
from emulator.wiring import meet_moto

FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def send():
    """Send a request as it is written; the status, the code and the message of its answer."""
    moto_door.reset()
    control = Control(Settings())
    meet_moto(lambda _account: control.latest.world)

    def make(service, method="POST", path="/", body=b"", **headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        text = urlencode(body).encode() if isinstance(body, dict) else body
        if isinstance(body, dict):
            named["Content-Type"] = FORM
        path, _, query = path.partition("?")
        environ = fuzz.environ_of(service_model(service), method, path, query, named, len(text))
        response = answer(control, environ, text)
        return response.status, *_error(response.body, dict(response.headers))

    return make


def _error(body, headers):
    if body[:1] == b"<":
        root = ET.fromstring(body)
        return next((each.text for each in root.iter() if each.tag.endswith("Code")), ""), next(
            (each.text for each in root.iter() if each.tag.endswith("Message")), ""
        )
    content = json.loads(body) if body[:1] == b"{" else {}
    return headers.get("x-amzn-ErrorType", ""), content.get("message", "") if isinstance(content, dict) else ""


def test_hundreds_of_requests_of_any_kind_are_answered():
    services = ["sns", "sqs", "iam", "kms", "logs", "events", "secretsmanager", "ecs", "apigateway", "s3", "route53"]
    tally = fuzz.run(services, 600, 20, seed=11)
    assert tally.flaws == []
    assert sum(tally.ends.values()) > 50


UNNAMED = [
    # service, body, headers, code
    ("iam", {"Version": "2010-05-08"}, {}, "MissingAction"),
    ("ec2", {"Version": "2016-11-15"}, {}, "MissingAction"),
    ("elbv2", {"Action": "DescribeLoadBalancers", "Version": "1999-01-01"}, {}, "InvalidAction"),
    ("kms", b"{}", {"Content_Type": "application/x-amz-json-1.1"}, "UnknownOperationException"),
    ("s3", b"", {}, "MalformedPOSTRequest"),
]


@pytest.mark.parametrize(("service", "body", "headers", "code"), UNNAMED, ids=[case[0] for case in UNNAMED])
def test_a_request_that_names_no_operation_is_refused(send, service, body, headers, code):
    path = "/bucket" if service == "s3" else "/"
    assert send(service, path=path, body=body, **headers)[:2] == (400, code)


PAGES = [
    (
        *("iam", {"Action": "ListVirtualMFADevices", "Version": "2010-05-08", "Marker": "x"}, ""),
        *("ValidationError", "Marker"),
    ),
    ("sns", {"Action": "ListTopics", "Version": "2010-03-31", "NextToken": "x"}, "", "InvalidParameter", "NextToken"),
    ("secretsmanager", b'{"NextToken": "x"}', "secretsmanager.ListSecrets", "InvalidNextTokenException", "NextToken"),
    ("transcribe", b'{"NextToken": "x"}', "Transcribe.ListTranscriptionJobs", "BadRequestException", "NextToken"),
]


@pytest.mark.parametrize(("service", "body", "target", "code", "member"), PAGES, ids=[case[0] for case in PAGES])
def test_a_token_that_no_answer_had_is_refused_by_an_error_that_the_operation_declares(
    send, service, body, target, code, member
):
    headers = {"X_Amz_Target": target} if target else {}
    assert send(service, body=body, **headers) == (400, code, f"The {member} of the request is not valid.")


def test_a_length_of_pages_that_is_no_number_is_refused(send):
    said = 400, "InvalidInput", "The MaxItems of the request is not a number."
    assert send("route53", "GET", "/2013-04-01/hostedzone?maxitems=many") == said


def test_what_is_not_there_is_the_error_of_the_operation_for_that(send):
    assert send("eks", "GET", "/clusters/none/node-groups") == (404, "ResourceNotFoundException", "none was not found")


def test_the_body_of_a_request_that_has_none_is_not_read(send):
    assert send("apigateway", "GET", "/apikeys", b"\xff[[[")[0] == 200
    assert send("route53", "GET", "/2013-04-01/hostedzone", b"<unclosed")[0] == 200


@pytest.mark.parametrize("content_type", ["application/cbor", "application/x-amz-cbor-1.1"])
def test_cbor_is_named_as_what_is_not_read(send, content_type):
    status, code, message = send("kinesis", body=b"\xbf\xff", Content_Type=content_type)
    assert (status, code) == (501, "NotImplementedException")
    assert message.startswith("moto, behind Dynastep, reads no CBOR: have the client of kinesis send JSON or forms")


@pytest.mark.parametrize("text", ["\x0b", "\uffff", "\ufffe"])
def test_text_that_xml_cannot_carry_is_written_by_its_number(send, text):
    body = {"Action": "DeleteDhcpOptions", "Version": "2016-11-15", "DhcpOptionsId": f"a{text}b"}
    status, code, message = send("ec2", body=body)
    assert (status, code) == (400, "InvalidDhcpOptionsId.Malformed")
    assert f"a\\x{ord(text):02x}b" in message


def test_a_time_that_is_none_is_refused(send):
    body = json.dumps({"CreationTimeAfter": "yesterday"}).encode()
    assert send("sagemaker", body=body, X_Amz_Target="SageMaker.ListModels")[:2] == (400, "SerializationException")


def test_of_a_name_that_comes_twice_the_first_counts(send):
    body = urlencode([("Action", "ListUsers"), ("MaxItems", "x"), ("MaxItems", "1"), ("Version", "2010-05-08")])
    assert send("iam", body=body.encode(), Content_Type=FORM)[1] == "MalformedInput"


@pytest.mark.parametrize("service", ["sqs", "kms", "iam", "lambda"])
def test_a_body_that_grows_beyond_all_bounds_is_refused(send, service):
    assert len(BOMB) < 100_000 < len(gzip.decompress(BOMB))
    status, _, _ = send(
        service, path="/2015-03-31/functions" if service == "lambda" else "/", body=BOMB, Content_Encoding="gzip"
    )
    assert status == 413
