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
