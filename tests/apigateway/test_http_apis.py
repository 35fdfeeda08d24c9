"""HTTP APIs over HTTP, from the request to what is behind them and back."""

from __future__ import annotations

import json

import pytest

MACHINE = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Parameters": {"got.$": "$"}, "End": True}}}


@pytest.fixture
def http(dynastep):
    """Make an HTTP API with one route: ``http("GET /a", integrationUri=...)``; its id."""
    gateway = dynastep.client("apigatewayv2")

    def make(route, *, settings=None, stage="$default", variables=None, **integration):
        made = gateway.create_api(Name="api", ProtocolType="HTTP", **(settings or {}))["ApiId"]
        add(made, route, **integration)
        gateway.create_stage(ApiId=made, StageName=stage, AutoDeploy=True, StageVariables=variables or {})
        return made

    def add(api, route, *, authorizer=None, **integration):
        integration = {"IntegrationType": "AWS_PROXY", "PayloadFormatVersion": "2.0", **integration}
        behind = gateway.create_integration(ApiId=api, **integration)["IntegrationId"]
        more = {} if authorizer is None else {"AuthorizationType": "CUSTOM", "AuthorizerId": authorizer}
        gateway.create_route(ApiId=api, RouteKey=route, Target=f"integrations/{behind}", **more)

    make.add = add
    make.gateway = gateway
    return make


def test_a_function_gets_an_event_of_format_2(dynastep, http, ask):
    arn = dynastep.function("behind", lambda event: event)
    api = http("POST /bills/{id}", IntegrationUri=arn, variables={"colour": "red"})
    headers = {"X-A": "1", "Cookie": "a=1; b=2", "User-Agent": "me"}
    said = ask(api, "POST", "/bills/a%20b?q=1&q=2&r=3", body={"n": 1}, headers=headers, stage="$default")
    assert (said.status, said.headers["Content-Type"]) == (200, "application/json")
    event = said.json
    host = f"{api}.execute-api.us-east-1.amazonaws.com"
    assert event.pop("headers").items() >= {"x-a": "1", "host": host, "content-type": "application/json"}.items()
    context = event.pop("requestContext")
    assert (context.pop("time"), context.pop("timeEpoch")) != (None, None)
    assert context == {
        "accountId": dynastep.account,
        "apiId": api,
        "domainName": host,
        "domainPrefix": api,
        "http": {
            "method": "POST",
            "path": "/bills/a%20b",
            "protocol": "HTTP/1.1",
            "sourceIp": "127.0.0.1",
            "userAgent": "me",
        },
        "requestId": said.headers["Apigw-Requestid"],
        "routeKey": "POST /bills/{id}",
        "stage": "$default",
    }
    assert event == {
        "version": "2.0",
        "routeKey": "POST /bills/{id}",
        "rawPath": "/bills/a%20b",
        "rawQueryString": "q=1&q=2&r=3",
        "cookies": ["a=1", "b=2"],
        "queryStringParameters": {"q": "1,2", "r": "3"},
        "pathParameters": {"id": "a b"},
        "stageVariables": {"colour": "red"},
        "body": '{"n": 1}',
        "isBase64Encoded": False,
    }


def test_a_function_may_get_an_event_of_format_1(dynastep, http, ask):
    arn = dynastep.function("behind", lambda event: {"statusCode": 200, "body": json.dumps(event)})
    api = http("GET /a/{id}", IntegrationUri=arn, PayloadFormatVersion="1.0", stage="test")
    event = ask(api, "GET", "/a/7?q=1", stage="test").json
    assert (event["version"], event["resource"], event["path"]) == ("1.0", "/a/{id}", "/test/a/7")
    assert event["multiValueQueryStringParameters"] == {"q": ["1"]}
    assert (event["requestContext"]["resourcePath"], event["pathParameters"]) == ("/a/{id}", {"id": "7"})


INTERNAL = {"message": "Internal Server Error"}


@pytest.mark.parametrize(
    ("version", "answer", "status", "body"),
    [
        ("2.0", {"statusCode": 201, "body": "made"}, 201, b"made"),
        ("2.0", {"any": 1}, 200, b'{"any":1}'),
        ("2.0", "text", 200, b"text"),
        ("2.0", None, 200, b"null"),
        ("2.0", {"statusCode": 200, "cookies": ["a=1"]}, 200, b""),
        ("1.0", {"statusCode": 201, "body": "made"}, 201, b"made"),
        ("1.0", {"any": 1}, 500, json.dumps(INTERNAL, separators=(",", ":")).encode()),
    ],
)
def test_what_a_function_answers(dynastep, http, ask, version, answer, status, body):
    arn = dynastep.function("behind", lambda _: answer)
    api = http("GET /a", IntegrationUri=arn, PayloadFormatVersion=version)
    said = ask(api, "GET", "/a", stage="$default")
    assert (said.status, said.body.replace(b'": ', b'":')) == (status, body)


ROUTES = ["GET /pets/{id}", "ANY /pets/{id}", "GET /pets/cat", "ANY /{proxy+}", "$default"]


@pytest.mark.parametrize(
    ("verb", "path", "route"),
    [
        ("GET", "/pets/7", "GET /pets/{id}"),
        ("POST", "/pets/7", "ANY /pets/{id}"),
        ("GET", "/pets/cat", "GET /pets/cat"),
        ("POST", "/pets/cat", "ANY /pets/{id}"),
        ("GET", "/a/b", "ANY /{proxy+}"),
        ("GET", "/", "$default"),
    ],
)
def test_the_closest_route_answers(dynastep, http, ask, verb, path, route):
    arn = dynastep.function("behind", lambda event: {"statusCode": 200, "body": event["routeKey"]})
    api = http(ROUTES[0], IntegrationUri=arn)
    for more in ROUTES[1:]:
        http.add(api, more, IntegrationUri=arn)
    assert ask(api, verb, path, stage="$default").body.decode() == route


def test_what_an_api_does_not_have_is_not_found(dynastep, http, ask):
    api = http("GET /a", IntegrationUri=dynastep.function("behind", lambda _: {}))
    said = ask(api, "POST", "/a", stage="$default")
    assert (said.status, said.json) == (404, {"message": "Not Found"})


def test_state_machines_are_started_and_stopped_without_a_function(dynastep, http, ask):
    machines = dynastep.client("stepfunctions")
    role = f"arn:aws:iam::{dynastep.account}:role/r"
    express = machines.create_state_machine(
        name="express", definition=json.dumps(MACHINE), roleArn=role, type="EXPRESS"
    )["stateMachineArn"]
    waits = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 3600, "End": True}}}
    standard = machines.create_state_machine(name="standard", definition=json.dumps(waits), roleArn=role)
    api = http(
        "POST /sync",
        IntegrationSubtype="StepFunctions-StartSyncExecution",
        PayloadFormatVersion="1.0",
        CredentialsArn=role,
        RequestParameters={"StateMachineArn": express, "Input": "$request.body"},
    )
    start = {"StateMachineArn": standard["stateMachineArn"], "Input": '{"id": "$request.path.id"}'}
    for route, subtype, parameters in [
        ("POST /start/{id}", "StartExecution", start),
        ("POST /stop", "StopExecution", {"ExecutionArn": "$request.querystring.arn", "Cause": "enough"}),
    ]:
        more = {"PayloadFormatVersion": "1.0", "CredentialsArn": role, "RequestParameters": parameters}
        http.add(api, route, IntegrationSubtype=f"StepFunctions-{subtype}", **more)
    said = ask(api, "POST", "/sync", body={"n": 1}, stage="$default")
    assert (said.status, said.json["status"], json.loads(said.json["output"])) == (200, "SUCCEEDED", {"got": {"n": 1}})
    arn = ask(api, "POST", "/start/7", stage="$default").json["executionArn"]
    assert ask(api, "POST", f"/stop?arn={arn}", stage="$default").status == 200
    found = machines.describe_execution(executionArn=arn)
    assert (found["status"], found["cause"], found["input"]) == ("ABORTED", "enough", '{"id": "7"}')


def test_a_message_is_sent_without_a_function(dynastep, http, ask):
    queues = dynastep.client("sqs")
    url = queues.create_queue(QueueName="orders")["QueueUrl"]
    api = http(
        "POST /",
        IntegrationSubtype="SQS-SendMessage",
        PayloadFormatVersion="1.0",
        CredentialsArn=f"arn:aws:iam::{dynastep.account}:role/r",
        RequestParameters={"QueueUrl": url, "MessageBody": "$request.body.order"},
    )
    said = ask(api, "POST", "/", body={"order": "tea"}, stage="$default")
    assert said.status == 200
    assert [each["Body"] for each in queues.receive_message(QueueUrl=url)["Messages"]] == ["tea"]


CORS = {
    "CorsConfiguration": {
        "AllowOrigins": ["https://app.example"],
        "AllowMethods": ["GET", "POST"],
        "AllowHeaders": ["x-own"],
        "MaxAge": 60,
    }
}


def test_an_api_answers_pages_as_its_cors_says(dynastep, http, ask):
    api = http("GET /a", settings=CORS, IntegrationUri=dynastep.function("behind", lambda _: {}))
    origin = {"Origin": "https://app.example"}
    asks = {**origin, "Access-Control-Request-Method": "GET"}
    preflight = ask(api, "OPTIONS", "/a", headers=asks, stage="$default")
    allowed = {name: value for name, value in preflight.headers.items() if name.lower().startswith("access-control")}
    assert (preflight.status, allowed) == (
        204,
        {
            "Access-Control-Allow-Origin": "https://app.example",
            "Access-Control-Allow-Methods": "GET,POST",
            "Access-Control-Allow-Headers": "x-own",
            "Access-Control-Max-Age": "60",
        },
    )
    said = ask(api, "GET", "/a", headers=origin, stage="$default")
    assert (said.status, said.headers["Access-Control-Allow-Origin"]) == (200, "https://app.example")
    assert ask(api, "GET", "/a", headers={"Origin": "https://other.example"}, stage="$default").status == 403


@pytest.mark.parametrize(("who", "status"), [("me", 200), ("you", 403), (None, 401)])
def test_a_function_says_simply_who_may(dynastep, http, ask, who, status):
    behind = dynastep.function("behind", lambda event: event["requestContext"]["authorizer"]["lambda"])
    arn = dynastep.function(
        "who", lambda event: {"isAuthorized": event["headers"]["x-who"] == "me", "context": {"n": [1]}}
    )
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations"
    api = http("GET /open", IntegrationUri=behind)
    authorizer = http.gateway.create_authorizer(
        ApiId=api,
        Name="a",
        AuthorizerType="REQUEST",
        AuthorizerUri=uri,
        IdentitySource=["$request.header.X-Who"],
        AuthorizerPayloadFormatVersion="2.0",
        EnableSimpleResponses=True,
    )["AuthorizerId"]
    http.add(api, "GET /closed", IntegrationUri=behind, authorizer=authorizer)
    said = ask(api, "GET", "/closed", headers={"X-Who": who} if who else {}, stage="$default")
    assert said.status == status
    if status == 200:
        assert said.json == {"n": [1]}
