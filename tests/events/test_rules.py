"""Rules and buses of EventBridge: what is refused, in AWS's words, and where events go."""

from __future__ import annotations

import json
from datetime import datetime, timezone

import pytest
from botocore.exceptions import ClientError

MODEL = "1 validation error detected: Value '{}' at '{}' failed to satisfy constraint: {}"

ROLE = "arn:aws:iam::123456789012:role/r"


@pytest.fixture
def events(dynastep):
    return dynastep.client("events")


def refused(call, **named):
    with pytest.raises(ClientError) as refusal:
        call(**named)
    return refusal.value.response["Error"]["Code"], refusal.value.response["Error"]["Message"]


def replay(account, bus="default", archive="gone"):
    arn = f"arn:aws:events:us-east-1:{account}"
    day = datetime(2026, 1, 1, tzinfo=timezone.utc)
    return {
        "ReplayName": "replay",
        "EventSourceArn": f"{arn}:archive/{archive}",
        "EventStartTime": day,
        "EventEndTime": day.replace(day=2),
        "Destination": {"Arn": f"{arn}:event-bus/{bus}"},
    }


def test_what_is_not_there(dynastep, events):
    gone, bus = "ResourceNotFoundException", f"arn:aws:events:us-east-1:{dynastep.account}:rule"
    events.create_event_bus(Name="other")
    for said, words in (
        (
            refused(events.describe_api_destination, Name="d"),
            "Failed to describe the api-destination(s). An api-destination 'd' does not exist.",
        ),
        (refused(events.describe_archive, ArchiveName="a"), "Archive a does not exist."),
        (refused(events.describe_replay, ReplayName="r"), "Replay r does not exist."),
        (refused(events.describe_rule, Name="r"), "Rule r does not exist on EventBus default."),
        (refused(events.describe_rule, Name="r", EventBusName="other"), "Rule r does not exist on EventBus other."),
        (
            refused(events.list_tags_for_resource, ResourceARN=f"{bus}/other/r"),
            "Rule r does not exist on EventBus other.",
        ),
        (refused(events.list_tags_for_resource, ResourceARN=f"{bus}/r"), "Rule r does not exist on EventBus default."),
    ):
        assert said == (gone, words)


def test_what_is_not_allowed(dynastep, events):
    events.create_event_bus(Name="other")
    events.put_rule(Name="rule", EventPattern='{"source": ["a"]}')
    target = {"Id": "t", "Arn": f"arn:aws:sqs:us-east-1:{dynastep.account}:q"}
    events.put_targets(Rule="rule", Targets=[target])
    bus = events.describe_event_bus()["Arn"]
    events.create_archive(ArchiveName="kept", EventSourceArn=bus)
    transformer = {"InputTemplate": '"x"'}
    for said, words in (
        (refused(events.delete_event_bus, Name="default"), "Cannot delete event bus default."),
        (refused(events.delete_rule, Name="rule"), "Rule can't be deleted since it has targets."),
        (
            refused(events.update_archive, ArchiveName="gone"),
            "At least one of EventPattern, RetentionDays or Description must be provided.",
        ),
        (
            refused(events.start_replay, **replay(dynastep.account, archive="kept", bus="none")),
            "Parameter Destination.Arn is not valid. Reason: Cross event bus replay is not permitted.",
        ),
        (
            refused(events.start_replay, **replay(dynastep.account)),
            "Parameter EventSourceArn is not valid. Reason: Archive gone does not exist.",
        ),
        (
            refused(
                events.put_targets,
                Rule="rule",
                Targets=[{**target, "InputPath": "$.detail", "InputTransformer": transformer}],
            ),
            "Only one of Input, InputPath, or InputTransformer must be provided for target t.",
        ),
        (
            refused(events.put_targets, Rule="rule", Targets=[{**target, "Id": "!@#$@!#$"}]),
            MODEL.format(
                "!@#$@!#$", "targets.1.member.id", r"Member must satisfy regular expression pattern: [\.\-_A-Za-z0-9]+"
            ),
        ),
        (
            refused(events.put_targets, Rule="rule", Targets=[{**target, "Id": "i" * 65}]),
            MODEL.format("i" * 65, "targets.1.member.id", "Member must have length less than or equal to 64"),
        ),
    ):
        assert said == ("ValidationException", words)
    assert refused(events.create_event_bus, Name="other") == (
        "ResourceAlreadyExistsException",
        "Event bus other already exists.",
    )
    assert events.list_targets_by_rule(Rule="rule")["Targets"] == [target]


def test_events_go_from_bus_to_bus_across_regions_and_accounts_but_not_on(dynastep, events):
    heard = []
    function = dynastep.function("hear", heard.append)
    west = dynastep.client("events", region="us-west-2")
    for client, bus in ((events, "first"), (west, "second"), (west, "third")):
        client.create_event_bus(Name=bus)

    def rule(client, bus, target):
        client.put_rule(Name="on", EventBusName=bus, EventPattern='{"source": ["a"]}')
        client.put_targets(Rule="on", EventBusName=bus, Targets=[{"Id": "1", "Arn": target, "RoleArn": ROLE}])

    account = dynastep.account
    rule(events, "first", f"arn:aws:events:us-west-2:{account}:event-bus/second")
    rule(west, "second", f"arn:aws:events:us-west-2:{account}:event-bus/third")
    rule(west, "third", function)
    entry = {"Source": "a", "DetailType": "d", "Detail": '{"n": 1}', "Resources": ["r"]}
    events.put_events(Entries=[{**entry, "EventBusName": "first"}])
    dynastep.clock.advance(1)
    assert heard == [], "what has come from a bus goes no further than its targets"
    west.put_targets(Rule="on", EventBusName="second", Targets=[{"Id": "2", "Arn": function}])
    events.put_events(Entries=[{**entry, "EventBusName": "first"}])
    dynastep.clock.advance(1)
    ((event),) = heard
    assert (event["region"], event["detail"], event["resources"]) == ("us-east-1", {"n": 1}, ["r"])


def test_put_events_answers_for_each_entry(dynastep, events):
    good = {"Source": "a", "DetailType": "d", "Detail": "{}"}
    answer = events.put_events(
        Entries=[good, {**good, "EventBusName": "gone"}, {**good, "Detail": "x"}, {"Source": "a", "Detail": "{}"}]
    )
    assert [sorted(entry) for entry in answer["Entries"][:2]] == [["EventId"], ["EventId"]]
    assert [entry["ErrorCode"] for entry in answer["Entries"][2:]] == ["MalformedDetail", "InvalidArgument"]
    assert answer["FailedEntryCount"] == 2


def test_a_log_group_gets_events(dynastep, events):
    logs = dynastep.client("logs")
    logs.create_log_group(logGroupName="/aws/events/all")
    events.put_rule(Name="on", EventPattern='{"source": ["a"]}')
    arn = f"arn:aws:logs:us-east-1:{dynastep.account}:log-group:/aws/events/all"
    events.put_targets(Rule="on", Targets=[{"Id": "1", "Arn": arn}])
    events.put_events(Entries=[{"Source": "a", "DetailType": "d", "Detail": '{"n": 1}'}])
    (logged,) = logs.filter_log_events(logGroupName="/aws/events/all")["events"]
    assert json.loads(logged["message"])["detail"] == {"n": 1}


def test_an_archive_replays_into_its_bus_what_came_in_a_time(dynastep, events):
    heard = []
    function = dynastep.function("hear", heard.append)
    bus = events.describe_event_bus()["Arn"]
    archive = events.create_archive(
        ArchiveName="kept", EventSourceArn=bus, EventPattern='{"detail": {"n": [{"numeric": ["<", 3]}]}}'
    )["ArchiveArn"]
    for number in (1, 2, 3):
        events.put_events(Entries=[{"Source": "a", "DetailType": "d", "Detail": json.dumps({"n": number})}])
        dynastep.clock.advance(3600)
    events.put_rule(Name="on", EventPattern='{"source": ["a"]}')
    events.put_targets(Rule="on", Targets=[{"Id": "1", "Arn": function}])
    hour = datetime(2026, 1, 1, 0, 30, tzinfo=timezone.utc)
    events.start_replay(
        ReplayName="again",
        EventSourceArn=archive,
        EventStartTime=hour,
        EventEndTime=hour.replace(hour=12),
        Destination={"Arn": bus},
    )
    dynastep.clock.advance(1)
    ((event),) = heard
    assert (event["detail"], event["replay-name"], event["time"]) == ({"n": 2}, "again", "2026-01-01T01:00:00Z")
    assert events.describe_replay(ReplayName="again")["State"] == "COMPLETED"
