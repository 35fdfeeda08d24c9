"""HTTP Tasks, against a server on this machine."""

from __future__ import annotations

import base64
import json
import socket

import pytest
from outcomes import failure, unusable

from emulator.integrations import web
from emulator.integrations.http_task import made

KEY = {"ApiKeyAuthParameters": {"ApiKeyName": "X-Key", "ApiKeyValue": "hush"}}


@pytest.fixture
def connect(dynastep):
    """Make a connection of EventBridge; the Authentication that names it."""

    def make(kind="API_KEY", parameters=KEY):
        request = {"Name": "site", "AuthorizationType": kind, "AuthParameters": parameters}
        return {"ConnectionArn": dynastep.client("events").create_connection(**request)["ConnectionArn"]}

    return make


@pytest.fixture
def fetch(call, connect, web_server):
    """Run ``http:invoke`` against the server."""

    def run(path="", method="GET", authentication=None, **more):
        request = {
            "ApiEndpoint": web_server.url + path,
            "Method": method,
            "Authentication": authentication or connect(),
        }
        return call("http:invoke", {**request, **more})

    return run


def test_an_answer_is_shown_whole(fetch, web_server):
    web_server.answers = [
        (201, {"Content-Type": "application/json; charset=utf-8", "B": "2", "a": "1"}, '{"x":[1.50]}')
    ]
    execution = fetch("/items")
    assert execution.output == {
        "Headers": {
            "a": ["1"],
            "B": ["2"],
            "Content-Length": ["12"],
            "Content-Type": ["application/json; charset=utf-8"],
        },
        "ResponseBody": {"x": [1.5]},
        "StatusCode": 201,
        "StatusText": "Created",
    }
    assert [event["type"] for event in execution.history][2:5] == ["TaskScheduled", "TaskStarted", "TaskSucceeded"]


def test_a_request_has_what_the_definition_says(fetch, web_server):
    fetch(
        "/items?a=1",
        "POST",
        Headers={"X-Own": "yes", "Accept": ["text/plain", "text/html"]},
        QueryParameters={"b": "ü&", "c": [1, "two"]},
        RequestBody={"n": 1, "s": "ü"},
    )
    (asked,) = web_server.asked
    assert (asked["method"], asked["path"]) == ("POST", "/items?a=1&b=%C3%BC%26&c=1&c=two")
    assert asked["body"] == '{"n":1,"s":"ü"}'
    assert web_server.header("X-Own") == "yes"
    assert [value for name, value in asked["headers"] if name == "Accept"] == ["text/plain", "text/html"]
    assert web_server.header("Content-Type") == "application/json"


def test_step_functions_says_who_calls_and_how_much_it_takes(fetch, web_server):
    fetch()
    assert web_server.header("User-Agent") == "Amazon|StepFunctions|HttpInvoke|us-east-1"
    assert web_server.header("Range") == "bytes=0-262144"


BASIC = {"BasicAuthParameters": {"Username": "me", "Password": "hush"}}


@pytest.mark.parametrize(
    ("kind", "parameters", "header", "value"),
    [
        ("API_KEY", KEY, "X-Key", "hush"),
        ("BASIC", BASIC, "Authorization", f"Basic {base64.b64encode(b'me:hush').decode()}"),
    ],
)
def test_a_connection_shows_who_calls(fetch, connect, web_server, kind, parameters, header, value):
    assert fetch(authentication=connect(kind, parameters)).status == "SUCCEEDED"
    assert web_server.header(header) == value


def test_a_connection_gets_a_token_for_client_credentials(fetch, connect, web_server):
    web_server.answers = [
        (200, {"Content-Type": "application/json"}, '{"access_token":"t0k3n"}'),
        (200, {"Content-Type": "application/json"}, '"in"'),
    ]
    more = {"BodyParameters": [{"Key": "scope", "Value": "all"}], "HeaderParameters": [{"Key": "X-A", "Value": "b"}]}
    oauth = {
        "ClientParameters": {"ClientID": "me", "ClientSecret": "hush"},
        "AuthorizationEndpoint": f"{web_server.url}/token",
        "HttpMethod": "POST",
        "OAuthHttpParameters": more,
    }
    execution = fetch("/items", authentication=connect("OAUTH_CLIENT_CREDENTIALS", {"OAuthParameters": oauth}))
    assert execution.output["ResponseBody"] == "in"
    asked, _ = web_server.asked
    assert (asked["method"], asked["path"], asked["body"]) == (
        "POST",
        "/token",
        "grant_type=client_credentials&scope=all",
    )
    assert web_server.header("Authorization", 0) == f"Basic {base64.b64encode(b'me:hush').decode()}"
    assert web_server.header("X-A", 0) == "b"
    assert web_server.header("Authorization") == "Bearer t0k3n"


def test_a_connection_that_gets_no_token_fails_the_task(fetch, connect, web_server):
    web_server.answer_json({"error": "invalid_client"}, 401)
    client = {"ClientID": "me", "ClientSecret": "no"}
    oauth = {"ClientParameters": client, "AuthorizationEndpoint": f"{web_server.url}/token", "HttpMethod": "POST"}
    execution = fetch(authentication=connect("OAUTH_CLIENT_CREDENTIALS", {"OAuthParameters": oauth}))
    assert failure(execution) == (
        "Events.ConnectionResource.InvalidConnectionState",
        "The authorization endpoint answered 401 and no access token.",
    )


def test_a_connection_adds_parameters_and_has_its_way(fetch, connect, web_server):
    def one(name, value):
        return [{"Key": name, "Value": value, "IsValueSecret": False}]

    extra = {
        "HeaderParameters": one("X-Own", "connection"),
        "QueryStringParameters": one("a", "connection"),
        "BodyParameters": one("k", "connection"),
    }
    fetch(
        "",
        "POST",
        connect(parameters={**KEY, "InvocationHttpParameters": extra}),
        Headers={"x-own": "definition"},
        QueryParameters={"a": "definition", "b": "definition"},
        RequestBody={"k": "definition", "l": 1},
    )
    (asked,) = web_server.asked
    assert asked["path"] == "/?b=definition&a=connection"
    assert json.loads(asked["body"]) == {"k": "connection", "l": 1}
    assert [value for name, value in asked["headers"] if name.lower() == "x-own"] == ["connection"]


@pytest.mark.parametrize(
    ("array_format", "array"),
    [
        (None, "list%5B0%5D=a&list%5B1%5D=b"),
        ("INDICES", "list%5B0%5D=a&list%5B1%5D=b"),
        ("REPEAT", "list=a&list=b"),
        ("BRACKETS", "list%5B%5D=a&list%5B%5D=b"),
        ("COMMAS", "list=a%2Cb"),
    ],
)
def test_a_body_can_be_a_form(fetch, web_server, array_format, array):
    options = {} if array_format is None else {"RequestEncodingOptions": {"ArrayFormat": array_format}}
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    body = {"text": "ü b", "n": 1, "inner": {"deep": {"x": True}}, "list": ["a", "b"]}
    transform = {"RequestBodyEncoding": "URL_ENCODED", **options}
    fetch("", "POST", RequestBody=body, Headers=form, Transform=transform)
    assert web_server.asked[0]["body"] == f"text=%C3%BC+b&n=1&inner%5Bdeep%5D%5Bx%5D=true&{array}"
    assert web_server.header("Content-Type") == form["Content-Type"]


@pytest.mark.parametrize("status", [304, 400, 404, 429, 500, 503])
def test_an_answer_that_is_no_success_is_an_error_of_its_status(fetch, web_server, status):
    web_server.answers = [(status, {"Content-Type": "text/plain"}, "" if status == 304 else "why not")]
    assert failure(fetch()) == (f"States.Http.StatusCode.{status}", "" if status == 304 else "why not")


def test_an_error_can_be_retried_by_its_status(call, connect, web_server):
    web_server.answers = [(503, {}, ""), (200, {"Content-Type": "application/json"}, "1")]
    request = {"ApiEndpoint": web_server.url, "Method": "GET", "Authentication": connect()}
    retry = [{"ErrorEquals": ["States.Http.StatusCode.503"], "IntervalSeconds": 7}]
    execution = call("http:invoke", request, Retry=retry)
    assert (execution.output["ResponseBody"], execution.elapsed) == (1, 7)


def test_a_server_that_does_not_answer_is_a_socket_error(call, connect):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    request = {"ApiEndpoint": f"http://127.0.0.1:{port}/", "Method": "GET", "Authentication": connect()}
    execution = call("http:invoke", request)
    assert execution.error == "States.Http.Socket"
    assert "Connection refused" in execution.cause


def test_an_answer_has_to_come_in_time(call, connect, monkeypatch):
    monkeypatch.setattr(web, "SECONDS", 0.05)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        execution = call("http:invoke", {"ApiEndpoint": url, "Method": "GET", "Authentication": connect()})
    assert execution.error == "States.Http.Socket"
    assert "Read timed out" in execution.cause


@pytest.mark.parametrize(
    ("headers", "body"),
    [({"Content-Type": "image/png"}, "text"), ({"Content-Type": "application/octet-stream"}, "x"), ({}, b"\xff\xfe")],
)
def test_an_answer_that_is_no_text_fails_the_task(fetch, web_server, headers, body):
    web_server.answers = [(200, headers, body)]
    assert fetch().error == "States.Runtime"


@pytest.mark.parametrize(("kind", "text", "body"), [("text/html", "<p>", "<p>"), ("application/json", "{", "{")])
def test_an_answer_that_is_no_json_is_text(fetch, web_server, kind, text, body):
    web_server.answers = [(200, {"Content-Type": kind}, text)]
    assert fetch().output["ResponseBody"] == body


UNUSABLE = [
    ({"Headers": {"Authorization": "x"}}, "The header 'Authorization' is not supported by Step Functions"),
    ({"Headers": {"x-amz-date": "x"}}, "The header 'x-amz-date' is not supported by Step Functions"),
    ({"QueryParameters": "a=1"}, "The value of the field 'QueryParameters' has an invalid format"),
    ({"Method": "BREW"}, "The value of the field 'Method' has an invalid format"),
    ({"ApiEndpoint": "http://example.com/"}, "The ApiEndpoint must be an HTTPS URL"),
    ({"Authentication": {}}, "The field 'ConnectionArn' is required but was missing"),
]


@pytest.mark.parametrize(("wrong", "why"), UNUSABLE)
def test_a_request_that_cannot_be_made_fails_the_task(call, connect, web_server, wrong, why):
    request = {"ApiEndpoint": web_server.url, "Method": "GET", "Authentication": connect(), **wrong}
    assert failure(call("http:invoke", request)) == unusable(request, why)
    assert web_server.asked == []


def test_a_connection_must_exist(dynastep, fetch):
    arn = f"arn:aws:events:us-east-1:{dynastep.account}:connection/none/0"
    said = "Events.ConnectionResource.ResourceNotFound", f"Connection '{arn}' does not exist."
    assert failure(fetch(authentication={"ConnectionArn": arn})) == said


def test_a_request_to_the_outside_is_https():
    arguments = {"ApiEndpoint": "https://api.example.com/v1", "Method": "GET"}
    assert made(arguments, {}, "eu-west-1").url == "https://api.example.com/v1"
    assert [
        web.is_local(url) for url in ("http://a.localhost/", "http://[::1]:8/", "http://127.1.2.3/", "http://a.b/")
    ] == [*(True, True, True, False)]


@pytest.mark.parametrize("revealed", [False, True])
def test_teststate_traces_the_request_and_the_answer(dynastep, connect, web_server, revealed):
    web_server.answers = [(200, {"Content-Type": "application/json"}, '{"x":1}')]
    parameters = {"ApiEndpoint": f"{web_server.url}/a", "Method": "POST", "RequestBody": {"n": 1}}
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::http:invoke",
        "Parameters": {**parameters, "Authentication": connect()},
        "End": True,
    }
    answer = dynastep.client("stepfunctions").test_state(
        definition=json.dumps(state),
        roleArn="arn:aws:iam::000000000000:role/r",
        inspectionLevel="TRACE",
        revealSecrets=revealed,
    )
    assert answer["status"] == "SUCCEEDED"
    request, response = answer["inspectionData"]["request"], answer["inspectionData"]["response"]
    secret = "X-Key: hush, " if revealed else ""
    caller = "User-Agent: Amazon|StepFunctions|HttpInvoke|us-east-1, Range: bytes=0-262144"
    assert request == {
        "protocol": "http",
        "method": "POST",
        "url": f"{web_server.url}/a",
        "headers": f"[Content-Type: application/json, {secret}{caller}]",
        "body": '{"n":1}',
    }
    assert response.pop("headers").startswith("[Content-Type: application/json, ")
    assert response == {"protocol": "http", "statusCode": "200", "statusMessage": "OK", "body": '{"x":1}'}


@pytest.mark.parametrize("level", ["INFO", "DEBUG"])
def test_only_a_trace_shows_the_request(dynastep, connect, web_server, level):
    parameters = {"ApiEndpoint": web_server.url, "Method": "GET", "Authentication": connect()}
    state = {"Type": "Task", "Resource": "arn:aws:states:::http:invoke", "Parameters": parameters, "End": True}
    role = "arn:aws:iam::000000000000:role/r"
    client = dynastep.client("stepfunctions")
    answer = client.test_state(definition=json.dumps(state), roleArn=role, inspectionLevel=level)
    assert "request" not in answer.get("inspectionData", {})


ODD = [5, "", [], {}, None, True, "http://[", "http://127.0.0.1:99999/", "a\nb", {"a": {"b": [1, None]}}, ["x"]]


@pytest.mark.parametrize("odd", ODD, ids=str)
@pytest.mark.parametrize("resource", ["http:invoke", "apigateway:invoke"])
def test_odd_arguments_are_no_defect_of_the_emulator(call, connect, web_server, resource, odd):
    request = {"ApiEndpoint": web_server.url, "Method": "POST"}
    fields = ["ApiEndpoint", "Method", "Headers", "QueryParameters", "RequestBody"]
    if resource == "http:invoke":
        request |= {"Authentication": connect(), "Transform": {"RequestBodyEncoding": "URL_ENCODED"}}
        fields += ["Authentication", "Transform"]
        call(
            resource,
            {**request, "RequestBody": {"a": 1}, "Transform": {**request["Transform"], "RequestEncodingOptions": odd}},
        )
        call(resource, {**request, "Authentication": {"ConnectionArn": odd}})
    for field in fields:
        execution = call(resource, None, {**request, field: odd})
        assert execution.error != "Dynastep.InternalError", (field, execution.cause)
    for name in ("X-A", "a\nb", "ü", ""):
        execution = call(resource, None, {**request, "Headers": {name: odd}})
        assert execution.error != "Dynastep.InternalError", (name, execution.cause)
