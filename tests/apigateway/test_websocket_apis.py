"""WebSocket APIs over WebSockets: from a handshake to its end, and what speaks to clients meanwhile."""

from __future__ import annotations

import asyncio
import json
from urllib.parse import urlencode

import pytest
import urllib3
from botocore.exceptions import ClientError
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

SELECTION = "$request.body.action"


@pytest.fixture
def gateway(dynastep):
    return dynastep.client("apigatewayv2")


@pytest.fixture
def sockets(gateway):
    """Make a WebSocket API of routes: ``sockets({"$connect": {"IntegrationUri": ...}})``; its id."""

    def make(routes, *, responds=(), authorizer=None, variables=None):
        made = gateway.create_api(Name="chat", ProtocolType="WEBSOCKET", RouteSelectionExpression=SELECTION)
        api = made["ApiId"]
        for key, integration in routes.items():
            responses = integration.pop("responses", ())
            given = {"IntegrationType": "AWS_PROXY", **integration}
            behind = gateway.create_integration(ApiId=api, **given)["IntegrationId"]
            for response in responses:
                gateway.create_integration_response(ApiId=api, IntegrationId=behind, **response)
            more = authorizer(api) if authorizer is not None and key == "$connect" else {}
            route = gateway.create_route(ApiId=api, RouteKey=key, Target=f"integrations/{behind}", **more)["RouteId"]
            if key in responds:
                gateway.create_route_response(ApiId=api, RouteId=route, RouteResponseKey="$default")
        gateway.create_deployment(ApiId=api)
        gateway.create_stage(ApiId=api, StageName="prod", AutoDeploy=False, StageVariables=variables or {})
        gateway.create_deployment(ApiId=api, StageName="prod")
        return made

    return make


def talk(api, conversation, *, headers=None, stage="prod", **query):
    """Connect, and hold a conversation with the client: ``async def conversation(client)``."""

    async def inside():
        url = f"{api['ApiEndpoint']}/{stage}" + (f"?{urlencode(query)}" if query else "")
        client = await websocket_connect(HTTPRequest(url, headers=headers, connect_timeout=10))
        stream = client.protocol.stream
        try:
            return await asyncio.wait_for(conversation(client), 20)
        finally:
            client.close()
            for _ in range(500):
                if stream.closed():
                    break
                await asyncio.sleep(0.01)

    return asyncio.run(inside())


HANDSHAKE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
}


def refused(api, *, headers=None, stage="prod", **query):
    """The status that refuses a handshake."""
    url = f"{api['ApiEndpoint']}/{stage}".replace("ws://", "http://") + (f"?{urlencode(query)}" if query else "")
    with urllib3.PoolManager(retries=False) as pool:
        return pool.request("GET", url, headers={**HANDSHAKE, **(headers or {})}).status


async def said(client, *messages):
    """Say something, and hear as much."""
    for message in messages:
        await client.write_message(message if isinstance(message, str) else json.dumps(message))
    return [await client.read_message() for _ in messages]


@pytest.fixture
def echo(dynastep):
    """A function that answers with its event."""
    return uri(dynastep.function("echo", lambda event: {"statusCode": 200, "body": json.dumps(event)}))


def uri(arn):
    return f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations"


def test_a_message_reaches_the_route_that_it_selects(sockets, echo):
    api = sockets(
        {"join": {"IntegrationUri": echo}, "$default": {"IntegrationUri": echo}},
        responds=("join", "$default"),
        variables={"colour": "red"},
    )
    answers = talk(api, lambda client: said(client, {"action": "join", "n": 1}, {"action": "none"}, "no JSON"))
    joined, other, plain = map(json.loads, answers)
    assert joined["body"] == '{"action": "join", "n": 1}'
    assert joined["stageVariables"] == {"colour": "red"}
    context = joined["requestContext"]
    expected = {
        "routeKey": "join",
        "eventType": "MESSAGE",
        "messageDirection": "IN",
        "stage": "prod",
        "apiId": api["ApiId"],
        "domainName": f"{api['ApiId']}.execute-api.us-east-1.amazonaws.com",
    }
    assert {name: context[name] for name in expected} == expected
    assert context["identity"]["sourceIp"] == "127.0.0.1"
    assert {each["requestContext"]["connectionId"] for each in (joined, other, plain)} == {context["connectionId"]}
    assert [each["requestContext"]["routeKey"] for each in (other, plain)] == ["$default"] * 2


def test_what_no_route_wants_is_forbidden_and_what_fails_is_an_error(dynastep, sockets):
    def fail(_event):
        raise ValueError("no")

    api = sockets({"fail": {"IntegrationUri": uri(dynastep.function("fail", fail))}})
    none, failed = talk(api, lambda client: said(client, {"action": "none"}, {"action": "fail"}))
    assert json.loads(none)["message"] == "Forbidden"
    assert json.loads(failed)["message"] == "Internal server error"
    assert set(json.loads(none)) == {"message", "connectionId", "requestId"}


def test_connections_come_and_go(dynastep, sockets, kept_events):
    keep, events = kept_events
    api = sockets({"$connect": {"IntegrationUri": keep}, "$disconnect": {"IntegrationUri": keep}})

    async def leave(client):
        client.close(4001, "bye")

    talk(api, leave, headers={"X-Who": "me"}, colour="red")
    came, went = events(2)
    assert came["requestContext"]["eventType"] == "CONNECT"
    assert (came["headers"]["X-Who"], came["queryStringParameters"]) == ("me", {"colour": "red"})
    context = went["requestContext"]
    assert (context["routeKey"], context["eventType"]) == ("$disconnect", "DISCONNECT")
    assert (context["disconnectStatusCode"], context["disconnectReason"]) == (4001, "bye")
    assert context["connectionId"] == came["requestContext"]["connectionId"]


@pytest.fixture
def kept_events(dynastep):
    """A function that keeps its events, and what waits for so many of them."""
    found = []

    def keep(event):
        found.append(event)
        return {"statusCode": 200}

    def wait(count):
        import time

        until = time.monotonic() + 10
        while len(found) < count and time.monotonic() < until:
            time.sleep(0.01)
        return found

    return uri(dynastep.function("keep", keep)), wait


@pytest.mark.parametrize(("status", "told"), [(403, 403), (200, None), (500, 500)])
def test_a_function_may_refuse_a_client(dynastep, sockets, status, told):
    arn = dynastep.function("who", lambda _: {"statusCode": status})
    api = sockets({"$connect": {"IntegrationUri": uri(arn)}})

    async def stay(_client):
        return None

    if told is None:
        talk(api, stay)
        return
    assert refused(api) == told


@pytest.mark.parametrize(("who", "told"), [("me", None), ("you", 403), (None, 401)])
def test_an_authorizer_lets_clients_in(dynastep, gateway, sockets, echo, who, told):
    def decide(event):
        effect = "Allow" if event["queryStringParameters"]["who"] == "me" else "Deny"
        statement = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": event["methodArn"]}
        return {"principalId": "p", "policyDocument": {"Statement": [statement]}, "context": {"n": 1}}

    def authorizer(api):
        made = gateway.create_authorizer(
            ApiId=api,
            Name="a",
            AuthorizerType="REQUEST",
            AuthorizerUri=uri(dynastep.function("decide", decide)),
            IdentitySource=["route.request.querystring.who"],
        )
        return {"AuthorizationType": "CUSTOM", "AuthorizerId": made["AuthorizerId"]}

    api = sockets(
        {"$connect": {"IntegrationUri": echo}, "$default": {"IntegrationUri": echo}},
        responds=("$default",),
        authorizer=authorizer,
    )
    query = {} if who is None else {"who": who}
    if told is None:
        talk(api, lambda client: said(client, "hello"), **query)
        return
    assert refused(api, **query) == told


def test_the_management_api_speaks_to_clients(dynastep, sockets, echo):
    api = sockets({"$default": {"IntegrationUri": echo}}, responds=("$default",))
    manager = dynastep.client("apigatewaymanagementapi")

    async def conversation(client):
        (answer,) = await said(client, "hello")
        at = {"ConnectionId": json.loads(answer)["requestContext"]["connectionId"]}
        await asyncio.to_thread(lambda: manager.post_to_connection(**at, Data=b"news"))
        heard = await client.read_message()
        shown = await asyncio.to_thread(lambda: manager.get_connection(**at))
        await asyncio.to_thread(lambda: manager.delete_connection(**at))
        assert await client.read_message() is None
        return heard, shown

    heard, shown = talk(api, conversation)
    assert heard == "news"
    assert shown["Identity"]["SourceIp"] == "127.0.0.1"
    assert shown["ConnectedAt"] <= shown["LastActiveAt"]
    with pytest.raises(ClientError) as refusal:
        manager.post_to_connection(ConnectionId="none", Data=b"x")
    assert refusal.value.response["Error"]["Code"] == "GoneException"
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 410


def test_a_message_that_is_too_long_is_refused(dynastep, sockets, echo):
    api = sockets({"$default": {"IntegrationUri": echo}}, responds=("$default",))
    manager = dynastep.client("apigatewaymanagementapi")

    async def conversation(client):
        (answer,) = await said(client, "hello")
        return json.loads(answer)["requestContext"]["connectionId"]

    async def long(client):
        name = await conversation(client)
        with pytest.raises(ClientError, match="PayloadTooLargeException"):
            await asyncio.to_thread(lambda: manager.post_to_connection(ConnectionId=name, Data=b"x" * 131_073))

    talk(api, long)


def test_a_mock_answers_by_its_templates(sockets):
    mock = {
        "IntegrationType": "MOCK",
        "RequestTemplates": {"200": '{"statusCode": 200}'},
        "TemplateSelectionExpression": "200",
        "responses": [
            {"IntegrationResponseKey": "$default", "ResponseTemplates": {"$default": '{"said": $input.json("$")}'}},
            {
                "IntegrationResponseKey": "/200/",
                "ResponseTemplates": {"200": '{"by": "$context.connectionId"}'},
                "TemplateSelectionExpression": "200",
            },
        ],
    }
    api = sockets({"ping": mock}, responds=("ping",))
    (answer,) = talk(api, lambda client: said(client, {"action": "ping"}))
    assert json.loads(answer)["by"].endswith("=")


def test_a_machine_behind_a_route_is_started(dynastep, sockets):
    machines = dynastep.client("stepfunctions")
    role = f"arn:aws:iam::{dynastep.account}:role/r"
    definition = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}})
    arn = machines.create_state_machine(name="m", definition=definition, roleArn=role)["stateMachineArn"]
    start = {
        "IntegrationType": "AWS",
        "IntegrationMethod": "POST",
        "IntegrationUri": "arn:aws:apigateway:us-east-1:states:action/StartExecution",
        "CredentialsArn": role,
        "RequestTemplates": {
            "$default": json.dumps({"stateMachineArn": arn, "input": "$util.escapeJavaScript($input.json('$'))"})
        },
    }
    api = sockets({"start": start}, responds=("start",))
    (answer,) = talk(api, lambda client: said(client, {"action": "start", "n": 7}))
    execution = machines.describe_execution(executionArn=json.loads(answer)["executionArn"])
    assert (execution["status"], json.loads(execution["output"])) == ("SUCCEEDED", {"action": "start", "n": 7})


@pytest.mark.parametrize("stage", ["none", "prod/more"])
def test_what_is_no_stage_is_forbidden(sockets, echo, stage):
    api = sockets({"$default": {"IntegrationUri": echo}})
    assert refused(api, stage=stage) == 403


def test_pages_of_elsewhere_do_not_connect(sockets, echo):
    api = sockets({"$default": {"IntegrationUri": echo}}, responds=("$default",))
    talk(api, lambda client: said(client, "hello"), headers={"Origin": "http://localhost:3000"})
    assert refused(api, headers={"Origin": "http://elsewhere.example"}) == 403
