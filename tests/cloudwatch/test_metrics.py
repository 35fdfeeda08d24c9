"""Metrics of what has happened, and alarms that watch them, on the clock."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import pytest
from botocore.exceptions import ClientError

MACHINE = {
    "StartAt": "Choose",
    "States": {
        "Choose": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.fail", "BooleanEquals": True, "Next": "Fail"}],
            "Default": "Wait",
        },
        "Fail": {"Type": "Fail", "Error": "E"},
        "Wait": {"Type": "Wait", "Seconds": 2, "End": True},
    },
}


@pytest.fixture
def cloudwatch(dynastep):
    return dynastep.client("cloudwatch")


@pytest.fixture
def total(dynastep, cloudwatch):
    """A statistic of the last hour: ``total("AWS/Lambda", "Errors", FunctionName="f")``."""

    def read(namespace, name, *, stat="Sum", **dimensions):
        now = datetime.fromtimestamp(dynastep.clock.now(), timezone.utc)
        found = cloudwatch.get_metric_statistics(
            Namespace=namespace,
            MetricName=name,
            Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
            StartTime=now - timedelta(hours=1),
            EndTime=now + timedelta(minutes=1),
            Period=7200,
            Statistics=[stat],
        )["Datapoints"]
        return found[0][stat] if found else None

    return read


def test_executions_are_counted(dynastep, total):
    machines = dynastep.client("stepfunctions")
    role = f"arn:aws:iam::{dynastep.account}:role/r"
    arn = machines.create_state_machine(name="m", definition=json.dumps(MACHINE), roleArn=role)["stateMachineArn"]
    for fail in (True, False, False):
        started = machines.start_execution(stateMachineArn=arn, input=json.dumps({"fail": fail}))["executionArn"]
        machines.describe_execution(executionArn=started)
    counted = {
        name: total("AWS/States", name, StateMachineArn=arn)
        for name in ("ExecutionsStarted", "ExecutionsSucceeded", "ExecutionsFailed", "ExecutionsAborted")
    }
    assert counted == {
        "ExecutionsStarted": 3.0,
        "ExecutionsSucceeded": 2.0,
        "ExecutionsFailed": 1.0,
        "ExecutionsAborted": None,
    }
    assert total("AWS/States", "ExecutionTime", stat="Maximum", StateMachineArn=arn) == 2000.0


def test_invocations_are_counted(dynastep, total):
    def handle(event):
        if event["fail"]:
            raise ValueError("no")

    dynastep.function("f", handle)
    for fail in (True, False, False):
        dynastep.client("lambda").invoke(FunctionName="f", Payload=json.dumps({"fail": fail}))
    assert total("AWS/Lambda", "Invocations", FunctionName="f") == 3.0
    assert total("AWS/Lambda", "Errors", FunctionName="f") == 1.0
    assert total("AWS/Lambda", "Errors", stat="Average", FunctionName="f") == pytest.approx(1 / 3)
    assert total("AWS/Lambda", "Invocations") == 3.0


def test_requests_to_tables_are_counted(dynastep, total):
    tables = dynastep.client("dynamodb")
    tables.create_table(
        TableName="bills",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    for number in range(3):
        tables.put_item(TableName="bills", Item={"id": {"S": str(number)}})
    once = {"ConditionExpression": "attribute_not_exists(id)"}
    with pytest.raises(ClientError):
        tables.put_item(TableName="bills", Item={"id": {"S": "1"}}, **once)
    put = {"TableName": "bills", "Operation": "PutItem"}
    assert total("AWS/DynamoDB", "SuccessfulRequestLatency", stat="SampleCount", **put) == 3.0
    assert total("AWS/DynamoDB", "ConditionalCheckFailedRequests", **put) == 1.0


def test_metrics_are_listed_and_computed(dynastep, cloudwatch):
    dynastep.function("f", lambda _: None)
    dynastep.client("lambda").invoke(FunctionName="f")
    listed = cloudwatch.list_metrics(Namespace="AWS/Lambda", MetricName="Errors", Dimensions=[{"Name": "FunctionName"}])
    assert [each["Dimensions"] for each in listed["Metrics"]] == [[{"Name": "FunctionName", "Value": "f"}]]
    now = datetime.fromtimestamp(dynastep.clock.now(), timezone.utc)
    metric = {"Namespace": "AWS/Lambda", "Dimensions": [{"Name": "FunctionName", "Value": "f"}]}
    queries = [
        {"Id": "rate", "Expression": "100 * errors / calls", "Label": "Errors in percent"},
        *(
            {
                "Id": key,
                "MetricStat": {"Metric": {**metric, "MetricName": name}, "Period": 60, "Stat": "Sum"},
                "ReturnData": False,
            }
            for key, name in (("errors", "Errors"), ("calls", "Invocations"))
        ),
    ]
    stretch = {"StartTime": now - timedelta(minutes=5), "EndTime": now + timedelta(minutes=1)}
    (found,) = cloudwatch.get_metric_data(MetricDataQueries=queries, **stretch)["MetricDataResults"]
    assert (found["Id"], found["Label"], found["Values"]) == ("rate", "Errors in percent", [0.0])


def test_data_of_ones_own_are_kept_as_given(dynastep, cloudwatch, total):
    at = datetime.fromtimestamp(dynastep.clock.now() - 120, timezone.utc)
    summary = {"SampleCount": 2, "Sum": 30, "Minimum": 10, "Maximum": 20}
    cloudwatch.put_metric_data(
        Namespace="Shop",
        MetricData=[
            {"MetricName": "Price", "Value": 5, "Unit": "Count", "Timestamp": at},
            {"MetricName": "Price", "Values": [1, 2], "Counts": [3, 1], "Unit": "Count", "Timestamp": at},
            {"MetricName": "Price", "StatisticValues": summary, "Unit": "Count", "Timestamp": at},
        ],
    )
    found = {stat: total("Shop", "Price", stat=stat) for stat in ("SampleCount", "Sum", "Minimum", "Maximum")}
    assert found == {"SampleCount": 7.0, "Sum": 40.0, "Minimum": 1.0, "Maximum": 20.0}


# Alarms.


@pytest.fixture
def alarm(dynastep, cloudwatch):
    """An alarm on the metric Errors of Shop; what it tells is kept: ``alarm(...)``, ``alarm.told()``, ``alarm.state()``."""
    topic = dynastep.client("sns").create_topic(Name="alarms")["TopicArn"]
    queues = dynastep.client("sqs")
    url = queues.create_queue(QueueName="told")["QueueUrl"]
    queue = f"arn:aws:sqs:us-east-1:{dynastep.account}:told"
    dynastep.client("sns").subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=queue, Attributes={"RawMessageDelivery": "true"}
    )

    def make(name="errors", **settings):
        given = {
            "Namespace": "Shop",
            "MetricName": "Errors",
            "Statistic": "Sum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 0,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching",
            "AlarmActions": [topic],
            "OKActions": [topic],
            "InsufficientDataActions": [topic],
        }
        cloudwatch.put_metric_alarm(AlarmName=name, **given | settings)

    def state(name="errors"):
        found = cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
        return [*found["MetricAlarms"], *found["CompositeAlarms"]][0]["StateValue"]

    def told():
        found = queues.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        for each in found:
            queues.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
        return [json.loads(each["Body"]) for each in found]

    def fail(count=1):
        cloudwatch.put_metric_data(Namespace="Shop", MetricData=[{"MetricName": "Errors", "Value": count}])

    make.state, make.told, make.fail, make.topic = state, told, fail, topic
    return make


def test_an_alarm_changes_its_state_on_the_clock_and_tells_a_topic(dynastep, alarm):
    alarm()
    assert alarm.state() == "INSUFFICIENT_DATA"
    dynastep.clock.advance(minutes=2)
    assert alarm.state() == "OK"
    alarm.fail()
    dynastep.clock.advance(minutes=1)
    assert alarm.state() == "ALARM"
    dynastep.clock.advance(minutes=5)
    assert alarm.state() == "OK"
    told = alarm.told()
    assert [(each["OldStateValue"], each["NewStateValue"]) for each in told] == [
        ("INSUFFICIENT_DATA", "OK"),
        ("OK", "ALARM"),
        ("ALARM", "OK"),
    ]
    message = told[1]
    assert message["AlarmName"] == "errors"
    assert message["NewStateReason"].startswith("Threshold Crossed: 1 out of the last 1 datapoint [1.0 (")
    assert {name: message["Trigger"][name] for name in ("MetricName", "Namespace", "Statistic", "Period")} == {
        "MetricName": "Errors",
        "Namespace": "Shop",
        "Statistic": "SUM",
        "Period": 60,
    }


def test_several_datapoints_have_to_breach(dynastep, alarm):
    alarm(EvaluationPeriods=3, DatapointsToAlarm=2)
    states = []
    for count in (1, 0, 1, 0, 0, 0):
        alarm.fail(count)
        dynastep.clock.advance(minutes=1)
        states.append(alarm.state())
    assert states == ["OK", "OK", "ALARM", "OK", "OK", "OK"]


def test_an_alarm_calls_a_function_and_tells_eventbridge(dynastep, alarm):
    called = []
    arn = dynastep.function("on_alarm", called.append)
    events, queues = dynastep.client("events"), dynastep.client("sqs")
    url = queues.create_queue(QueueName="changes")["QueueUrl"]
    events.put_rule(
        Name="alarms", EventPattern='{"source": ["aws.cloudwatch"], "detail": {"state": {"value": ["ALARM"]}}}'
    )
    queue = f"arn:aws:sqs:us-east-1:{dynastep.account}:changes"
    events.put_targets(Rule="alarms", Targets=[{"Id": "q", "Arn": queue}])
    alarm(AlarmActions=[arn])
    alarm.fail()
    dynastep.clock.advance(minutes=2)
    (event,) = called
    assert (event["source"], event["alarmData"]["alarmName"]) == ("aws.cloudwatch", "errors")
    assert event["alarmData"]["state"]["value"] == "ALARM"
    (body,) = [json.loads(each["Body"]) for each in queues.receive_message(QueueUrl=url)["Messages"]]
    assert body["detail-type"] == "CloudWatch Alarm State Change"
    assert body["detail"]["previousState"]["value"] == "INSUFFICIENT_DATA"
    (metric,) = body["detail"]["configuration"]["metrics"]
    assert metric["metricStat"]["metric"] == {"namespace": "Shop", "name": "Errors", "dimensions": {}}


def test_a_state_that_is_set_acts_and_does_not_last(dynastep, cloudwatch, alarm):
    alarm()
    cloudwatch.set_alarm_state(AlarmName="errors", StateValue="ALARM", StateReason="a test")
    assert [each["NewStateReason"] for each in alarm.told()] == ["a test"]
    assert alarm.state() == "ALARM"
    dynastep.clock.advance(minutes=2)
    assert alarm.state() == "OK"


def test_actions_that_are_disabled_do_not_act(dynastep, cloudwatch, alarm):
    alarm(ActionsEnabled=False)
    alarm.fail()
    dynastep.clock.advance(minutes=2)
    assert (alarm.state(), alarm.told()) == ("ALARM", [])


def test_a_composite_alarm_follows_its_rule(dynastep, cloudwatch, alarm):
    alarm("a")
    alarm("b", MetricName="Other")
    cloudwatch.put_composite_alarm(AlarmName="both", AlarmRule="ALARM(a) AND NOT ALARM(b)", AlarmActions=[alarm.topic])
    alarm.fail()
    dynastep.clock.advance(minutes=2)
    assert (alarm.state("a"), alarm.state("b"), alarm.state("both")) == ("ALARM", "OK", "ALARM")
    assert "both" in {each["AlarmName"] for each in alarm.told()}
    with pytest.raises(ClientError, match="AlarmRule must be a valid expression"):
        cloudwatch.put_composite_alarm(AlarmName="none", AlarmRule="ALARM(a) AND")


def test_an_alarm_watches_how_many_messages_a_queue_has(dynastep, alarm):
    queues = dynastep.client("sqs")
    url = queues.create_queue(QueueName="dead")["QueueUrl"]
    alarm(
        Namespace="AWS/SQS",
        MetricName="ApproximateNumberOfMessagesVisible",
        Dimensions=[{"Name": "QueueName", "Value": "dead"}],
        Statistic="Maximum",
    )
    dynastep.clock.advance(hours=1)
    assert alarm.state() == "OK"
    queues.send_message(QueueUrl=url, MessageBody="dead")
    dynastep.clock.advance(minutes=2)
    assert alarm.state() == "ALARM"
    dynastep.clock.advance(days=1)
    assert alarm.state() == "ALARM"
    queues.purge_queue(QueueUrl=url)
    dynastep.clock.advance(minutes=5)
    assert alarm.state() == "OK"


def test_the_changes_of_an_alarm_are_its_history(dynastep, cloudwatch, alarm):
    alarm()
    alarm.fail()
    dynastep.clock.advance(minutes=10)
    found = cloudwatch.describe_alarm_history(AlarmName="errors", ScanBy="TimestampAscending")["AlarmHistoryItems"]
    assert [each["HistorySummary"] for each in found] == [
        "Alarm updated from INSUFFICIENT_DATA to ALARM",
        "Alarm updated from ALARM to OK",
    ]


def test_an_alarm_that_is_deleted_watches_no_more(dynastep, cloudwatch, alarm):
    alarm()
    cloudwatch.delete_alarms(AlarmNames=["errors"])
    alarm.fail()
    dynastep.clock.advance(minutes=5)
    assert alarm.told() == []
