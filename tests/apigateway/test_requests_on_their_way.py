"""What a request and an answer of a REST API are on their way: paths, headers, bodies of bytes."""

from __future__ import annotations

import base64
import json

import pytest
from botocore.exceptions import ClientError

PIXELS = b"\x89PNG\xff"
TEXT = base64.b64encode(PIXELS)


@pytest.mark.parametrize(
    ("sent", "path", "parameter"),
    [
        ("/bills/a%2Bb", "/bills/a%2Bb", "a%2Bb"),
        ("/bills/a+b", "/bills/a+b", "a+b"),
        ("//bills/7", "/bills/7", "7"),
    ],
)
def test_an_event_has_the_path_as_it_was_sent(rest, behind, ask, sent, path, parameter):
    api = rest()
    api.method("GET", "bills/{id}", type="AWS_PROXY", uri=behind(lambda event: {"body": json.dumps(event)}))
    event = ask(api.deploy(), "GET", sent).json
    assert (event["path"], event["pathParameters"]) == (path, {"id": parameter})


def test_a_template_has_the_path_decoded(rest, behind, ask):
    api = rest()
    uri = behind(lambda event: event)
    template = {"application/json": '{"id": "$input.params("id")"}'}
    api.method("GET", "bills/{id}", type="AWS", uri=uri, requestTemplates=template)
    assert ask(api.deploy(), "GET", "/bills/a%2Bb").json == {"id": "a+b"}


def test_a_mapped_parameter_is_in_the_event_unless_the_request_has_one(rest, behind, ask):
    api = rest()
    mapped = {
        "integration.request.header.X-New": "'made'",
        "integration.request.header.X-Old": "'made'",
        "integration.request.querystring.new": "'made'",
        "integration.request.querystring.old": "'made'",
    }
    uri = behind(lambda event: {"body": json.dumps(event)})
    api.method("GET", type="AWS_PROXY", uri=uri, requestParameters=mapped)
    event = ask(api.deploy(), "GET", "/?old=sent", headers={"X-Old": "sent"}).json
    assert (event["headers"]["X-New"], event["headers"]["X-Old"]) == ("made", "sent")
    assert event["queryStringParameters"] == {"new": "made", "old": "sent"}


def test_some_headers_are_told_to_nobody(rest, behind, ask):
    api = rest()
    api.method("POST", type="AWS_PROXY", uri=behind(lambda event: {"body": json.dumps(event["headers"])}))
    sent = {"Te": "trailers", "Max-Forwards": "1", "X-Own": "1", "Content-Md5": "x", "Server": "me", "Trailer": "x"}
    headers = ask(api.deploy(), "POST", "/", body={"a": 1}, headers=sent).json
    assert headers["X-Own"] == "1"
    assert not {"te", "max-forwards", "content-md5", "server", "trailer", "content-length"} & {*map(str.lower, headers)}


@pytest.mark.parametrize("kind", ["REGIONAL", "EDGE"])
def test_cloudfront_tells_an_api_at_the_edge_who_asks(rest, behind, ask, kind):
    api = rest(endpointConfiguration={"types": [kind]})
    api.method("GET", type="AWS_PROXY", uri=behind(lambda event: {"body": json.dumps(event["headers"])}))
    headers = ask(api.deploy(), "GET", "/").json
    assert headers.get("CloudFront-Viewer-Country") == ("US" if kind == "EDGE" else None)
    assert ("Via" in headers, "X-Amz-Cf-Id" in headers) == (kind == "EDGE",) * 2


@pytest.mark.parametrize("kind", ["AWS", "AWS_PROXY"])
@pytest.mark.parametrize(("verb", "status"), [("POST", 200), ("GET", 500), ("PUT", 500)])
def test_a_function_is_called_by_post(rest, behind, ask, kind, verb, status):
    api = rest()
    api.method("GET", type=kind, uri=behind(lambda _: {}), integrationHttpMethod=verb)
    assert ask(api.deploy(), "GET", "/").status == status


@pytest.mark.parametrize(
    ("kind", "header", "status"),
    [
        ("AWS_PROXY", "Content-Length", 500),
        ("AWS_PROXY", "Transfer-Encoding", 500),
        ("AWS_PROXY", "Authorization", 500),
        ("AWS_PROXY", "Te", 500),
        ("AWS_PROXY", "User-Agent", 200),
        ("HTTP", "Content-Length", 500),
        ("HTTP", "Authorization", 200),
        ("HTTP", "Te", 200),
    ],
)
def test_some_headers_cannot_be_mapped(rest, behind, ask, web_server, kind, header, status):
    api = rest()
    uri = web_server.url if kind == "HTTP" else behind(lambda _: {})
    api.method("GET", type=kind, uri=uri, requestParameters={f"integration.request.header.{header}": "'1'"})
    said = ask(api.deploy(), "GET", "/")
    assert said.status == status
    if status == 500:
        assert said.json == {"message": "Internal server error"}


def test_some_headers_of_an_answer_have_another_name(rest, ask):
    api = rest()
    mapped = {f"method.response.header.{name}": "'1'" for name in ("Date", "X-Own", "WWW-Authenticate")}
    response = {"statusCode": "200", "responseParameters": mapped}
    template = {"application/json": '{"statusCode": 200}'}
    api.method("GET", type="MOCK", requestTemplates=template, responses=[response])
    headers = ask(api.deploy(), "GET", "/").headers
    assert {headers[f"x-amzn-Remapped-{name}"] for name in ("Date", "WWW-Authenticate")} == {"1"}
    assert (headers["X-Own"], headers.get("WWW-Authenticate")) == ("1", None)


@pytest.mark.parametrize("kind", ["HTTP", "HTTP_PROXY"])
def test_a_server_is_told_the_type_of_a_body_and_the_trace(rest, ask, web_server, kind):
    api = rest()
    api.method("ANY", type=kind, uri=web_server.url, integrationHttpMethod="POST")
    api.deploy()
    sent = {"Content-Encoding": "identity", "Via": "1.1 me", "Content-Type": "application/json"}
    ask(api.id, "POST", "/", body=b"{}", headers=sent)
    assert web_server.header("Content-Type") == "application/json"
    assert web_server.header("X-Amzn-Trace-Id").startswith("Root=1-")
    assert (web_server.header("Content-Encoding"), web_server.header("Via")) == (None, None)
    ask(api.id, "GET", "/")
    assert web_server.header("Content-Type") is None


@pytest.mark.parametrize(
    ("kind", "shown"), [("MOCK", False), ("HTTP_PROXY", False), ("HTTP", True), ("AWS_PROXY", True), ("AWS", True)]
)
def test_an_answer_shows_its_trace(rest, behind, ask, web_server, kind, shown):
    api = rest()
    uri = {"uri": web_server.url if "HTTP" in kind else behind(lambda _: {})} if kind != "MOCK" else {}
    template = {"application/json": '{"statusCode": 200}'} if kind == "MOCK" else {}
    api.method("GET", type=kind, requestTemplates=template, **uri)
    trace = ask(api.deploy(), "GET", "/", headers={"X-Amzn-Trace-Id": "Root=1-5-a"}).headers.get("X-Amzn-Trace-Id")
    assert str(trace).startswith("Root=1-5-a;Parent=") == shown


REQUESTS = [
    # binary media types, content type, content handling, what was sent, what goes on
    ((), "image/png", None, PIXELS, PIXELS.decode(errors="replace").encode()),
    ((), "image/png", "CONVERT_TO_TEXT", PIXELS, PIXELS.decode(errors="replace").encode()),
    ((), "image/png", "CONVERT_TO_BINARY", TEXT, PIXELS),
    (("image/png",), "image/png", None, PIXELS, PIXELS),
    (("image/png",), "image/png", "CONVERT_TO_TEXT", PIXELS, TEXT),
    (("image/png",), "image/png", "CONVERT_TO_BINARY", PIXELS, PIXELS),
    (("image/png",), "text/plain", None, b"plain", b"plain"),
    (("image/png",), "text/plain", "CONVERT_TO_TEXT", b"plain", b"plain"),
    (("image/png",), "text/plain", "CONVERT_TO_BINARY", TEXT, PIXELS),
]


@pytest.mark.parametrize(("types", "media", "handling", "sent", "received"), REQUESTS)
def test_a_request_goes_on_as_bytes_or_as_text(dynastep, rest, ask, types, media, handling, sent, received):
    bucket = f"bucket-{dynastep.account}"
    dynastep.client("s3").create_bucket(Bucket=bucket)
    api = rest(binaryMediaTypes=list(types))
    given = {"contentHandling": handling} if handling else {}
    uri, role = f"arn:aws:apigateway:us-east-1:s3:path/{bucket}/a", f"arn:aws:iam::{dynastep.account}:role/r"
    api.method("PUT", type="AWS", uri=uri, credentials=role, integrationHttpMethod="PUT", **given)
    assert ask(api.deploy(), "PUT", "/", body=sent, headers={"Content-Type": media}).status == 200
    assert dynastep.client("s3").get_object(Bucket=bucket, Key="a")["Body"].read() == received


ANSWERS = [
    # type of what is behind, Accept, content handling, what is behind, the answer
    ("image/png", "image/png", None, PIXELS, PIXELS),
    ("image/png", "text/plain", None, PIXELS, TEXT),
    ("image/png", "image/png", "CONVERT_TO_TEXT", PIXELS, TEXT),
    ("image/png", "text/plain", "CONVERT_TO_BINARY", PIXELS, PIXELS),
    ("text/plain", "text/plain", None, b"plain", b"plain"),
    ("text/plain", "image/png", None, TEXT, PIXELS),
    ("text/plain", "image/png", "CONVERT_TO_TEXT", TEXT, TEXT),
    ("text/plain", "text/plain", "CONVERT_TO_BINARY", TEXT, PIXELS),
]


@pytest.mark.parametrize(("media", "accepted", "handling", "held", "answer"), ANSWERS)
def test_an_answer_comes_as_bytes_or_as_text(rest, ask, web_server, media, accepted, handling, held, answer):
    web_server.answers = [(200, {"Content-Type": media}, held)]
    api = rest(binaryMediaTypes=["image/png"])
    response = {"statusCode": "200", **({"contentHandling": handling} if handling else {})}
    api.method("GET", type="HTTP", uri=web_server.url, integrationHttpMethod="GET", responses=[response])
    said = ask(api.deploy(), "GET", "/", headers={"Accept": accepted})
    assert (said.status, said.body) == (200, answer)


def _document(value):
    integration = {"type": "http", "httpMethod": "GET", "uri": "http://x.test"}
    integration["requestParameters"] = {"integration.request.querystring.a": value}
    operation = {"x-amazon-apigateway-integration": integration, "responses": {}}
    model = {"type": "object", "description": "A bill.", "required": ["b", "a"]}
    return json.dumps(
        {
            "swagger": "2.0",
            "info": {"title": "api", "version": "1"},
            "paths": {"/bills": {"get": operation}},
            "definitions": {"Bill": model},
        }
    ).encode()


WARNING = (
    "Invalid format for 'requestParameters'. Expected type string for property 'integration.request.querystring.a' "
    "of resource '/bills' and method 'GET' but got 'true'"
)


def test_an_import_warns_of_what_it_leaves_out(dynastep):
    gateway = dynastep.client("apigateway")
    made = gateway.import_rest_api(body=_document(True))
    assert made["warnings"] == [WARNING]
    found = {each["path"]: each for each in gateway.get_resources(restApiId=made["id"])["items"]}
    at = {"restApiId": made["id"], "resourceId": found["/bills"]["id"], "httpMethod": "GET"}
    assert gateway.get_integration(**at).get("requestParameters", {}) == {}
    with pytest.raises(ClientError) as refused:
        gateway.import_rest_api(body=_document(True), failOnWarnings=True)
    assert WARNING in refused.value.response["Error"]["Message"]
    assert len(gateway.get_rest_apis()["items"]) == 1
    assert "warnings" not in gateway.import_rest_api(body=_document("'a'"))


def test_an_imported_model_has_its_description_and_sorted_names(dynastep):
    gateway = dynastep.client("apigateway")
    api = gateway.import_rest_api(body=_document("'a'"))["id"]
    model = gateway.get_model(restApiId=api, modelName="Bill")
    assert (model["description"], json.loads(model["schema"])["required"]) == ("A bill.", ["a", "b"])
