"""API destinations: a rule calls a URL with what its connection knows of it."""

from __future__ import annotations

import json

import pytest

ROLE = "arn:aws:iam::123456789012:role/r"


@pytest.fixture
def rule(dynastep, web_server):
    """Make a rule whose target is an API destination, and put an event that it wants."""
    events = dynastep.client("events")

    def make(authorization="BASIC", parameters=None, **target):
        basic = {"BasicAuthParameters": {"Username": "me", "Password": "secret"}}
        connection = events.create_connection(
            Name="c", AuthorizationType=authorization, AuthParameters=parameters or basic
        )["ConnectionArn"]
        destination = events.create_api_destination(
            Name="d",
            ConnectionArn=connection,
            InvocationEndpoint=f"{web_server.url}/orders/*",
            HttpMethod="POST",
        )["ApiDestinationArn"]
        events.put_rule(Name="r", EventPattern='{"source": ["shop"]}')
        events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": destination, "RoleArn": ROLE, **target}])
        events.put_events(Entries=[{"Source": "shop", "DetailType": "Sold", "Detail": '{"n": 7}'}])

    return make


def test_a_destination_is_called_with_its_parameters_and_its_connection_s(rule, web_server):
    rule(
        InputPath="$.detail",
        HttpParameters={
            "PathParameterValues": ["7"],
            "HeaderParameters": {"X-Own": "yes"},
            "QueryStringParameters": {"q": "1"},
        },
    )
    (asked,) = web_server.asked
    assert (asked["method"], asked["path"], json.loads(asked["body"])) == ("POST", "/orders/7?q=1", {"n": 7})
    assert web_server.header("X-Own") == "yes"
    assert web_server.header("Authorization") == "Basic bWU6c2VjcmV0"
    assert web_server.header("User-Agent") == "Amazon/EventBridge/ApiDestinations"


def test_an_api_key_and_more_parameters_of_the_connection(rule, web_server):
    rule(
        "API_KEY",
        {
            "ApiKeyAuthParameters": {"ApiKeyName": "X-Key", "ApiKeyValue": "k"},
            "InvocationHttpParameters": {"BodyParameters": [{"Key": "more", "Value": "m", "IsValueSecret": False}]},
        },
        InputPath="$.detail",
    )
    assert web_server.header("X-Key") == "k"
    assert json.loads(web_server.asked[0]["body"]) == {"n": 7, "more": "m"}


def test_what_a_destination_refuses_goes_to_the_dead_letter_queue(dynastep, rule, web_server, caplog):
    web_server.answers = [(418, {}, "no coffee")]
    sqs = dynastep.client("sqs")
    url = sqs.create_queue(QueueName="dead")["QueueUrl"]
    rule(DeadLetterConfig={"Arn": f"arn:aws:sqs:us-east-1:{dynastep.account}:dead"})
    (message,) = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"])["Messages"]
    assert json.loads(message["Body"])["detail"] == {"n": 7}
    assert "418" in message["MessageAttributes"]["ERROR_MESSAGE"]["StringValue"]
    assert "no coffee" in caplog.text


def dead_letters(dynastep):
    sqs = dynastep.client("sqs")
    url = sqs.create_queue(QueueName="dead")["QueueUrl"]
    return lambda: sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"]).get("Messages", [])


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_destination_that_may_take_it_later_is_called_again(dynastep, rule, web_server, status):
    web_server.answers = [(status, {}, ""), (status, {}, ""), (200, {}, "")]
    letters = dead_letters(dynastep)
    rule(DeadLetterConfig={"Arn": f"arn:aws:sqs:us-east-1:{dynastep.account}:dead"})
    assert len(web_server.asked) == 1
    dynastep.clock.advance(1)
    assert len(web_server.asked) == 2
    dynastep.clock.advance(1)
    assert len(web_server.asked) == 2
    dynastep.clock.advance(1)
    assert len(web_server.asked) == 3
    dynastep.clock.advance(86_400)
    assert len(web_server.asked) == 3
    assert letters() == []


@pytest.mark.parametrize(
    ("policy", "calls", "condition"),
    [
        ({"MaximumRetryAttempts": 3}, 4, "MaximumRetryAttempts"),
        ({"MaximumRetryAttempts": 0}, 1, "MaximumRetryAttempts"),
        ({"MaximumEventAgeInSeconds": 60}, 6, "MaximumEventAgeInSeconds"),
        ({}, 153, "MaximumEventAgeInSeconds"),
    ],
)
def test_a_retry_policy_says_how_often_and_how_long(dynastep, rule, web_server, policy, calls, condition):
    web_server.answers = [(503, {}, "")]
    letters = dead_letters(dynastep)
    rule(DeadLetterConfig={"Arn": f"arn:aws:sqs:us-east-1:{dynastep.account}:dead"}, RetryPolicy=policy)
    dynastep.clock.advance(2 * 86_400)
    assert len(web_server.asked) == calls
    (message,) = letters()
    shown = {name: each["StringValue"] for name, each in message["MessageAttributes"].items()}
    assert (shown["RETRY_ATTEMPTS"], shown["EXHAUSTED_RETRY_CONDITION"]) == (str(calls - 1), condition)
    assert json.loads(message["Body"])["detail"] == {"n": 7}
