"""What EventBridge refuses, in the words that were recorded on AWS (../shared/facts/neighbours.md)."""

from __future__ import annotations

import json

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from dynastep import emulator

ACCOUNT = "111122223333"
ENTRY = {"Source": "mine", "DetailType": "told", "Detail": '{"a": 1}'}
QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:q"
ID = r"Member must satisfy regular expression pattern: [\.\-_A-Za-z0-9]+"
CONNECTION = r"^arn:aws([a-z]|\-)*:events:([a-z]|\d|\-)*:([0-9]{12})?:connection\/[\.\-_A-Za-z0-9]+\/[\-A-Za-z0-9]+$"
ABSENT, INVALID = "ResourceNotFoundException", "ValidationException"
TIMES = {"EventStartTime": 0, "EventEndTime": 1}


def arn(kind):
    return f"arn:aws:events:us-east-1:{ACCOUNT}:{kind}"


def replay(archive, bus):
    return {"ReplayName": "r", "EventSourceArn": arn(f"archive/{archive}"), "Destination": {"Arn": arn(bus)}, **TIMES}


def broken(*problems):
    return f"{len(problems)} validation error{'s' if len(problems) > 1 else ''} detected: " + "; ".join(problems)


def unfit(value, place, words):
    return f"Value '{value}' at '{place}' failed to satisfy constraint: {words}"


ENTRY_AS_JAVA = (
    'PutEventsRequestEntry(time=null, source=mine, resources=null, detailType=told, detail={"a": 1}, '
    "eventBusName=null, traceHeader=null, kmsKeyIdentifier=null, internalMetadata=null)"
)
REFUSED = [
    # operation, parameters, code, message
    (
        *("describe_api_destination", {"Name": "d"}, ABSENT),
        "Failed to describe the api-destination(s). An api-destination 'd' does not exist.",
    ),
    (
        "create_api_destination",
        {"Name": "d", "ConnectionArn": "invalid", "InvocationEndpoint": "https://here", "HttpMethod": "FETCH"},
        INVALID,
        broken(
            unfit("invalid", "connectionArn", f"Member must satisfy regular expression pattern: {CONNECTION}"),
            unfit(
                "FETCH",
                "httpMethod",
                "Member must satisfy enum value set: [POST, GET, HEAD, OPTIONS, PUT, PATCH, DELETE]",
            ),
        ),
    ),
    ("describe_archive", {"ArchiveName": "a"}, ABSENT, "Archive a does not exist."),
    ("delete_archive", {"ArchiveName": "a"}, ABSENT, "Archive a does not exist."),
    (
        *("update_archive", {"ArchiveName": "a"}, INVALID),
        "At least one of EventPattern, RetentionDays or Description must be provided.",
    ),
    (
        *("start_replay", replay("kept", "event-bus/other"), INVALID),
        "Parameter Destination.Arn is not valid. Reason: Cross event bus replay is not permitted.",
    ),
    (
        *("start_replay", replay("none", "event-bus/default"), INVALID),
        "Parameter EventSourceArn is not valid. Reason: Archive none does not exist.",
    ),
    ("describe_replay", {"ReplayName": "r"}, ABSENT, "Replay r does not exist."),
    (
        *("put_events", {"Entries": [ENTRY] * 11}, INVALID),
        broken(
            unfit(f"[{', '.join([ENTRY_AS_JAVA] * 11)}]", "entries", "Member must have length less than or equal to 10")
        ),
    ),
    (
        *("put_events", {"Entries": [{**ENTRY, "Detail": json.dumps({"a": "x" * 1_048_570})}]}, INVALID),
        "Total size of the entries in the request is over the limit.",
    ),
    ("create_event_bus", {"Name": "mine"}, "ResourceAlreadyExistsException", "Event bus mine already exists."),
    ("delete_event_bus", {"Name": "default"}, INVALID, "Cannot delete event bus default."),
    ("describe_rule", {"Name": "none"}, ABSENT, "Rule none does not exist on EventBus default."),
    ("delete_rule", {"Name": "busy"}, INVALID, "Rule can't be deleted since it has targets."),
    (
        *("put_targets", {"Rule": "busy", "Targets": [{"Id": "!@#$@!#$", "Arn": QUEUE}]}, INVALID),
        broken(unfit("!@#$@!#$", "targets.1.member.id", ID)),
    ),
    (
        *("put_targets", {"Rule": "busy", "Targets": [{"Id": "i" * 65, "Arn": QUEUE}]}, INVALID),
        broken(unfit("i" * 65, "targets.1.member.id", "Member must have length less than or equal to 64")),
    ),
    (
        *("put_targets", {"Rule": "busy", "Targets": [{"Id": "t", "Arn": QUEUE, "InputPath": "$", "Input": "1"}]}),
        *(INVALID, "Only one of Input, InputPath, or InputTransformer must be provided for target t."),
    ),
    ("test_event_pattern", {"Event": "plain", "EventPattern": '{"a": [1]}'}, INVALID, "Parameter Event is not valid."),
    *(
        ("put_rule", {"Name": "r", "ScheduleExpression": text}, INVALID, "Parameter ScheduleExpression is not valid.")
        for text in ("cron(0 1 * * * *)", "cron(1)", "rate(10 years)", "rate()", "every day")
    ),
    (
        *("put_rule", {"Name": "r", "ScheduleExpression": "rate(1 day)", "EventBusName": "mine"}, INVALID),
        "ScheduleExpression is supported only on the default event bus.",
    ),
    (
        "list_tags_for_resource",
        {"ResourceARN": arn("rule/mine/gone")},
        ABSENT,
        "Rule gone does not exist on EventBus mine.",
    ),
]


@pytest.fixture(scope="module")
def events():
    with emulator(account=ACCOUNT) as dynastep:
        client = dynastep.client("events", config=Config(parameter_validation=False))
        client.create_event_bus(Name="mine")
        client.create_archive(ArchiveName="kept", EventSourceArn=arn("event-bus/default"))
        client.put_rule(Name="busy", EventPattern='{"source": ["mine"]}')
        client.put_targets(Rule="busy", Targets=[{"Id": "t", "Arn": QUEUE}])
        yield client


@pytest.mark.parametrize(("operation", "parameters", "code", "message"), REFUSED)
def test_eventbridge_refuses(events, operation, parameters, code, message):
    with pytest.raises(ClientError) as refusal:
        getattr(events, operation)(**parameters)
    assert refusal.value.response["Error"] == {"Code": code, "Message": message}


MALFORMED = [
    ({"Source": ""}, "InvalidArgument", "Parameter Source is not valid. Reason: Source is a required argument."),
    (
        {"DetailType": ""},
        "InvalidArgument",
        "Parameter DetailType is not valid. Reason: DetailType is a required argument.",
    ),
    ({"Detail": ""}, "InvalidArgument", "Parameter Detail is not valid. Reason: Detail is a required argument."),
    *(({"Detail": text}, "MalformedDetail", "Detail is malformed.") for text in ('"a"', "[1]", '{"a"', '"{}"')),
]


@pytest.mark.parametrize(("changed", "code", "message"), MALFORMED)
def test_an_entry_that_is_none_is_refused_by_itself(events, changed, code, message):
    said = events.put_events(Entries=[{**ENTRY, **changed}, ENTRY])
    assert (said["FailedEntryCount"], said["Entries"][0]) == (1, {"ErrorCode": code, "ErrorMessage": message})
    assert said["Entries"][1].keys() == {"EventId"}


TARGET = {"Id": "t", "Arn": QUEUE}
MACHINE = f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:m"
KEY = {"ApiKeyAuthParameters": {"ApiKeyName": "k", "ApiKeyValue": "v"}}
NO_RULE, NO_BUS = "Rule none does not exist on EventBus default.", "Event bus none does not exist."


def target(**changed):
    return {"Rule": "busy", "Targets": [{**TARGET, **changed}]}


def transformed(template, **paths):
    return target(InputTransformer={"InputPathsMap": paths, "InputTemplate": template})


ALSO = [
    *[(operation, {"Name": "none"}, ABSENT, NO_RULE) for operation in ("enable_rule", "disable_rule")],
    ("list_targets_by_rule", {"Rule": "none"}, ABSENT, NO_RULE),
    ("put_targets", {"Rule": "none", "Targets": [TARGET]}, ABSENT, NO_RULE),
    ("remove_targets", {"Rule": "none", "Ids": ["t"]}, ABSENT, NO_RULE),
    ("delete_rule", {"Name": "busy", "EventBusName": "none"}, ABSENT, NO_BUS),
    ("list_tags_for_resource", {"ResourceARN": arn("event-bus/none")}, ABSENT, NO_BUS),
    ("tag_resource", {"ResourceARN": arn("event-bus/none"), "Tags": []}, ABSENT, NO_BUS),
    ("untag_resource", {"ResourceARN": arn("rule/none"), "TagKeys": ["a"]}, ABSENT, NO_RULE),
    ("put_targets", target(Arn=MACHINE), INVALID, f"RoleArn is required for target {MACHINE}."),
    (
        *("put_targets", {"Rule": "busy", "Targets": [{**TARGET, "Id": str(number)} for number in range(5)]}),
        *("LimitExceededException", "The requested resource exceeds the maximum number allowed."),
    ),
    (
        *("put_targets", target(Input="x"), INVALID),
        "JSON syntax error in input for target t : Unrecognized token 'x': was expecting (JSON String, Number, Array, "
        "Object or token 'null', 'true' or 'false') at [Source: (String)\"x\"; line: 1, column: 2]",
    ),
    ("put_targets", target(InputPath="x"), INVALID, "Invalid InputPath for target t : Syntax error near offset 0."),
    (
        *("put_targets", transformed('"<a> <b>"', a="$.x"), INVALID),
        "InputTemplate for target t contains invalid placeholder b.",
    ),
    ("delete_event_bus", {"Name": "mine"}, INVALID, "Event bus can't be deleted since it has rules."),
    (
        "create_connection",
        {"Name": "known", "AuthorizationType": "API_KEY", "AuthParameters": KEY},
        *("ResourceAlreadyExistsException", "Connection known already exists."),
    ),
    *[
        (operation, {"Name": "none"}, ABSENT, "Connection 'none' does not exist.")
        for operation in ("update_connection", "delete_connection", "deauthorize_connection")
    ],
    (
        *("describe_connection", {"Name": "none"}, ABSENT),
        "Failed to describe the connection(s). Connection 'none' does not exist.",
    ),
    (
        "create_api_destination",
        {
            "Name": "d",
            "ConnectionArn": arn("connection/none/1"),
            "InvocationEndpoint": "https://here",
            "HttpMethod": "POST",
        },
        *(ABSENT, f"Connection '{arn('connection/none/1')}' does not exist."),
    ),
]


@pytest.fixture(scope="module")
def more(events):
    events.put_rule(Name="on", EventBusName="mine", EventPattern='{"source": ["mine"]}')
    events.create_connection(Name="known", AuthorizationType="API_KEY", AuthParameters=KEY)
    return events


@pytest.mark.parametrize(("operation", "parameters", "code", "message"), ALSO)
def test_eventbridge_refuses_also(more, operation, parameters, code, message):
    with pytest.raises(ClientError) as refusal:
        getattr(more, operation)(**parameters)
    assert refusal.value.response["Error"] == {"Code": code, "Message": message}
    assert [each["Id"] for each in more.list_targets_by_rule(Rule="busy")["Targets"]] == ["t"]


def test_what_a_rule_has_not_cannot_be_removed(more):
    text = "Rule 'busy' on EventBus 'default' does not contain Target with Id 'none'."
    failed = {"TargetId": "none", "ErrorCode": ABSENT, "ErrorMessage": text}
    assert more.remove_targets(Rule="busy", Ids=["none"])["FailedEntries"] == [failed]


def test_nobody_sends_what_aws_sends(more):
    answer = more.put_events(Entries=[ENTRY, {**ENTRY, "Source": "aws.s3"}, ENTRY])
    assert [each.get("ErrorMessage") for each in answer["Entries"]] == [None, "Not authorized for the source.", None]
    assert answer["FailedEntryCount"] == 1


SECRETS = [
    ("API_KEY", KEY, {"ApiKeyAuthParameters": {"ApiKeyName": "k"}}),
    (
        "BASIC",
        {
            "BasicAuthParameters": {"Username": "u", "Password": "p"},
            "InvocationHttpParameters": {
                "HeaderParameters": [
                    {"Key": "a", "Value": "1", "IsValueSecret": True},
                    {"Key": "b", "Value": "2", "IsValueSecret": False},
                ]
            },
        },
        {
            "BasicAuthParameters": {"Username": "u"},
            "InvocationHttpParameters": {
                "HeaderParameters": [
                    {"Key": "a", "IsValueSecret": True},
                    {"Key": "b", "Value": "2", "IsValueSecret": False},
                ]
            },
        },
    ),
]


@pytest.mark.parametrize(("kind", "given", "shown"), SECRETS)
def test_the_secrets_of_a_connection_are_not_shown(dynastep, kind, given, shown):
    events = dynastep.client("events")
    made = events.create_connection(Name="c", AuthorizationType=kind, AuthParameters=given)
    assert events.describe_connection(Name="c")["AuthParameters"] == shown
    endpoint = {"InvocationEndpoint": "https://example.com", "HttpMethod": "POST"}
    events.create_api_destination(Name="d", ConnectionArn=made["ConnectionArn"], **endpoint)
    found = events.describe_api_destination(Name="d")
    assert (found["ApiDestinationState"], found["InvocationRateLimitPerSecond"]) == ("ACTIVE", 300)
    assert events.deauthorize_connection(Name="c")["ConnectionState"] == "DEAUTHORIZING"
    assert events.describe_connection(Name="c")["ConnectionState"] == "DEAUTHORIZED"
    assert events.describe_api_destination(Name="d")["ApiDestinationState"] == "INACTIVE"
    assert [each["Name"] for each in events.list_connections(NamePrefix="c", Limit=1)["Connections"]] == ["c"]
    assert events.list_connections(NamePrefix="x")["Connections"] == []


def test_a_bus_says_what_it_is(dynastep):
    events = dynastep.client("events")
    assert events.create_event_bus(Name="b", Description="first")["Description"] == "first"
    dynastep.clock.advance(60)
    assert events.update_event_bus(Name="b", Description="second")["Description"] == "second"
    (listed,) = events.list_event_buses(NamePrefix="b")["EventBuses"]
    assert (listed["Description"], (listed["LastModifiedTime"] - listed["CreationTime"]).total_seconds()) == (
        "second",
        60,
    )
