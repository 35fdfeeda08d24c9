"""What moto's services say of time is what the emulator's clock says; credentials end by the time of the machine."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import pytest

from dynastep import Dynastep

TOLD: list[tuple[str, Callable[[Any], object], Callable[[Any], datetime]]] = [
    (
        "s3",
        lambda s3: (s3.create_bucket(Bucket="labels"), s3.put_object(Bucket="labels", Key="1", Body=b"")),
        lambda s3: s3.head_object(Bucket="labels", Key="1")["LastModified"],
    ),
    (
        "iam",
        lambda iam: iam.create_role(
            RoleName="r", AssumeRolePolicyDocument='{"Version": "2012-10-17", "Statement": []}'
        ),
        lambda iam: iam.get_role(RoleName="r")["Role"]["CreateDate"],
    ),
    (
        "ssm",
        lambda ssm: ssm.put_parameter(Name="p", Value="v", Type="String"),
        lambda ssm: ssm.get_parameter(Name="p")["Parameter"]["LastModifiedDate"],
    ),
    (
        "kinesis",
        lambda kinesis: kinesis.create_stream(StreamName="s", ShardCount=1),
        lambda kinesis: kinesis.describe_stream(StreamName="s")["StreamDescription"]["StreamCreationTimestamp"],
    ),
    (
        "secretsmanager",
        lambda secrets: secrets.create_secret(Name="s", SecretString="v"),
        lambda secrets: secrets.describe_secret(SecretId="s")["CreatedDate"],
    ),
    (
        "athena",
        lambda athena: athena.create_work_group(Name="w"),
        lambda athena: athena.list_work_groups()["WorkGroups"][-1]["CreationTime"],
    ),
    (
        "glue",
        lambda glue: glue.create_database(DatabaseInput={"Name": "d"}),
        lambda glue: glue.get_database(Name="d")["Database"]["CreateTime"],
    ),
]


@pytest.mark.parametrize(("service", "make", "told"), TOLD, ids=[service for service, _, _ in TOLD])
def test_a_service_has_the_time_of_the_clock(
    dynastep: Dynastep, service: str, make: Callable[[Any], object], told: Callable[[Any], datetime]
) -> None:
    dynastep.clock.set(datetime(2031, 5, 6, 7, 8, 9, tzinfo=timezone.utc))
    client = dynastep.client(service)
    make(client)
    assert told(client).astimezone(timezone.utc) == datetime(2031, 5, 6, 7, 8, 9, tzinfo=timezone.utc)


def test_credentials_end_by_the_time_of_the_machine(dynastep: Dynastep) -> None:
    """An SDK that takes a role on compares their end with its own time."""
    sts = dynastep.client("sts")
    taken = sts.assume_role(RoleArn="arn:aws:iam::123456789012:role/r", RoleSessionName="test")
    assert 0 < taken["Credentials"]["Expiration"].timestamp() - time.time() <= 3600


@pytest.mark.parametrize("seconds", [{"clock": 0}, {"clock": -13 * 86_400}, {"machine": 0}, {"machine": 3600}])
def test_log_events_of_either_time_are_taken(dynastep: Dynastep, seconds: dict[str, float]) -> None:
    logs = dynastep.client("logs")
    logs.create_log_group(logGroupName="g")
    logs.create_log_stream(logGroupName="g", logStreamName="s")
    now = dynastep.clock.now() + seconds["clock"] if "clock" in seconds else time.time() + seconds["machine"]
    event = {"timestamp": int(1000 * now), "message": "hello"}
    answered = logs.put_log_events(logGroupName="g", logStreamName="s", logEvents=[event])
    assert "rejectedLogEventsInfo" not in answered
    assert len(logs.filter_log_events(logGroupName="g")["events"]) == 1


def test_log_events_of_neither_time_are_rejected(dynastep: Dynastep) -> None:
    logs = dynastep.client("logs")
    logs.create_log_group(logGroupName="g")
    logs.create_log_stream(logGroupName="g", logStreamName="s")
    now = int(1000 * dynastep.clock.now())
    times = [now - 16 * 86_400_000, now, int(1000 * time.time()) + 3 * 3_600_000]
    events = [{"timestamp": each, "message": str(each)} for each in times]
    answered = logs.put_log_events(logGroupName="g", logStreamName="s", logEvents=events)
    assert answered["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 0, "tooNewLogEventStartIndex": 2}
    assert [each["message"] for each in logs.filter_log_events(logGroupName="g")["events"]] == [str(now)]
