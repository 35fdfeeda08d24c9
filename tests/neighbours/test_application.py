"""One application of a dozen services: it ends in the same state by a real clock and by a virtual one.

An order comes to an API, which runs an Express machine, whose function writes it into a table. The table's stream goes
through a pipe to a Standard machine, which packs the order for two seconds and sends it to a queue, from which a function ships
it. An order that cannot be shipped is tried once and becomes a dead letter; an alarm watches those and tells a topic,
and a rule of EventBridge writes the alarm's change into a log. A schedule counts the orders each night, and keeps the
count as an object.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import urllib3

from dynastep import emulator

ACCOUNT, REGION = "123456789012", "us-east-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/app"


def arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


TOLD = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/told"
TAKE = {
    "StartAt": "Take",
    "States": {
        "Take": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": "take", "Payload.$": "$"},
            "OutputPath": "$.Payload",
            "End": True,
        }
    },
}
PACK = {
    "StartAt": "Pack",
    "States": {
        "Pack": {"Type": "Wait", "Seconds": 2, "Next": "Send"},
        "Send": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage",
            "Parameters": {
                "QueueUrl": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/parcels",
                "MessageBody.$": "$[0]",
            },
            "End": True,
        },
    },
}
COUNT = {
    "StartAt": "Scan",
    "States": {
        "Scan": {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:dynamodb:scan",
            "Parameters": {"TableName": "orders"},
            "ResultSelector": {"count.$": "$.Count"},
            "Next": "Keep",
        },
        "Keep": {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:s3:putObject",
            "Parameters": {"Bucket": "counts-of-orders", "Key": "latest", "Body.$": "$"},
            "Next": "Tell",
        },
        "Tell": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage",
            "Parameters": {"QueueUrl": TOLD, "MessageBody": {"AlarmName": "orders are counted"}},
            "End": True,
        },
    },
}


class Application:
    """The application, put up in an emulator."""

    def __init__(self, dynastep: Any) -> None:
        self.dynastep = dynastep
        self.client = dynastep.client
        self._tables()
        self._queues()
        self._functions()
        self._machines()
        self.api = self._api()
        self._alarm()

    def _tables(self) -> None:
        for name in ("orders", "shipped"):
            self.client("dynamodb").create_table(
                TableName=name,
                KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                BillingMode="PAY_PER_REQUEST",
                StreamSpecification={"StreamEnabled": name == "orders", "StreamViewType": "NEW_IMAGE"}
                if name == "orders"
                else {"StreamEnabled": False},
            )
        self.client("s3").create_bucket(Bucket="counts-of-orders")

    def _queues(self) -> None:
        queues = self.client("sqs")
        for name in ("dead", "told"):
            queues.create_queue(QueueName=name)
        redrive = json.dumps({"deadLetterTargetArn": arn("sqs", "dead"), "maxReceiveCount": 1})
        queues.create_queue(QueueName="parcels", Attributes={"VisibilityTimeout": "1", "RedrivePolicy": redrive})

    def _functions(self) -> None:
        table = self.client("dynamodb")

        def take(order: Any) -> Any:
            item = {"id": {"S": order["id"]}, "what": {"S": order["what"]}}
            table.put_item(TableName="orders", Item=item, ConditionExpression="attribute_not_exists(id)")
            return {"taken": order["id"]}

        def ship(event: Any) -> None:
            for record in event["Records"]:
                order = json.loads(record["body"])
                if order["what"] == "piano":
                    raise ValueError("too heavy")
                table.put_item(TableName="shipped", Item={"id": {"S": order["id"]}})
                said = json.dumps({"AlarmName": f"{order['id']} is shipped"})
                self.client("sqs").send_message(QueueUrl=TOLD, MessageBody=said)

        self.dynastep.function("take", take)
        self.dynastep.function("ship", ship)
        parcels = {"FunctionName": "ship", "EventSourceArn": arn("sqs", "parcels"), "BatchSize": 1}
        self.client("lambda").create_event_source_mapping(**parcels)

    def _machines(self) -> None:
        machines = self.client("stepfunctions")
        for name, definition, kind in (
            ("take", TAKE, "EXPRESS"),
            ("pack", PACK, "STANDARD"),
            ("count", COUNT, "STANDARD"),
        ):
            machines.create_state_machine(name=name, definition=json.dumps(definition), roleArn=ROLE, type=kind)
        stream = self.client("dynamodb").describe_table(TableName="orders")["Table"]["LatestStreamArn"]
        image = "<$.dynamodb.NewImage.{}.S>"
        order = json.dumps({"id": image.format("id"), "what": image.format("what")})
        self.client("pipes").create_pipe(
            Name="packing",
            RoleArn=ROLE,
            Source=stream,
            SourceParameters={"DynamoDBStreamParameters": {"StartingPosition": "TRIM_HORIZON", "BatchSize": 1}},
            Target=arn("states", "stateMachine:pack"),
            TargetParameters={
                "InputTemplate": order,
                "StepFunctionStateMachineParameters": {"InvocationType": "FIRE_AND_FORGET"},
            },
        )

    def _api(self) -> str:
        gateway = self.client("apigateway")
        made = gateway.create_rest_api(name="shop")
        at = {"restApiId": made["id"], "resourceId": made["rootResourceId"], "httpMethod": "POST"}
        text = "$util.escapeJavaScript($input.json('$'))"
        gateway.put_method(**at, authorizationType="NONE")
        gateway.put_method_response(**at, statusCode="200")
        gateway.put_integration(
            **at,
            type="AWS",
            integrationHttpMethod="POST",
            uri=f"arn:aws:apigateway:{REGION}:states:action/StartSyncExecution",
            credentials=ROLE,
            requestTemplates={
                "application/json": f'{{"stateMachineArn": "{arn("states", "stateMachine:take")}", "input": "{text}"}}'
            },
        )
        shown = {"application/json": '{"status": $input.json("$.status")}'}
        gateway.put_integration_response(**at, statusCode="200", responseTemplates=shown)
        gateway.create_deployment(restApiId=made["id"], stageName="prod")
        return str(made["id"])

    def _alarm(self) -> None:
        topic = self.client("sns").create_topic(Name="alarms")["TopicArn"]
        raw = {"RawMessageDelivery": "true"}
        self.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn("sqs", "told"), Attributes=raw)
        self.client("logs").create_log_group(logGroupName="/alarms")
        events = self.client("events")
        pattern = {"source": ["aws.cloudwatch"], "detail": {"state": {"value": ["ALARM"]}}}
        events.put_rule(Name="alarms", EventPattern=json.dumps(pattern))
        events.put_targets(Rule="alarms", Targets=[{"Id": "log", "Arn": arn("logs", "log-group:/alarms")}])
        self.client("cloudwatch").put_metric_alarm(
            AlarmName="dead letters",
            Namespace="AWS/SQS",
            MetricName="ApproximateNumberOfMessagesVisible",
            Dimensions=[{"Name": "QueueName", "Value": "dead"}],
            Statistic="Maximum",
            Period=10,
            EvaluationPeriods=1,
            Threshold=0,
            ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="notBreaching",
            AlarmActions=[topic],
        )

    def order(self, identity: str, what: str) -> str:
        """Order something; what became of it."""
        body = json.dumps({"id": identity, "what": what}).encode()
        url = f"{self.dynastep.url}/_aws/execute-api/{self.api}/prod/"
        headers = {"Content-Type": "application/json"}
        return str(urllib3.request("POST", url, body=body, headers=headers, retries=False).json()["status"])

    def night(self) -> None:
        """The schedule, which counts at once and then each day."""
        self.client("scheduler").create_schedule(
            Name="nightly",
            ScheduleExpression="rate(1 day)",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": arn("states", "stateMachine:count"), "RoleArn": ROLE, "Input": "{}"},
        )

    def wait(self) -> set[str]:
        """What has been told, once all has happened: two orders are shipped, all counted, and an alarm is raised."""
        queues, told = self.client("sqs"), set()
        for _ in range(6):
            for message in queues.receive_message(QueueUrl=TOLD, WaitTimeSeconds=10).get("Messages", []):
                queues.delete_message(QueueUrl=TOLD, ReceiptHandle=message["ReceiptHandle"])
                told.add(json.loads(message["Body"])["AlarmName"])
            if len(told) == 4:
                break
        return told

    def state(self) -> dict[str, Any]:
        """What is there in the end."""
        tables, machines = self.client("dynamodb"), self.client("stepfunctions")
        dead = self.client("sqs").get_queue_url(QueueName="dead")["QueueUrl"]
        depth = self.client("sqs").get_queue_attributes(QueueUrl=dead, AttributeNames=["ApproximateNumberOfMessages"])
        log = self.client("logs").filter_log_events(logGroupName="/alarms")["events"]
        count = self.client("s3").get_object(Bucket="counts-of-orders", Key="latest")["Body"].read()
        statuses = {
            name: sorted(
                each["status"]
                for each in machines.list_executions(stateMachineArn=arn("states", f"stateMachine:{name}"))[
                    "executions"
                ]
            )
            for name in ("pack", "count")
        }
        return {
            "orders": sorted(item["id"]["S"] for item in tables.scan(TableName="orders")["Items"]),
            "shipped": sorted(item["id"]["S"] for item in tables.scan(TableName="shipped")["Items"]),
            "dead": depth["Attributes"]["ApproximateNumberOfMessages"],
            "changes": [json.loads(each["message"])["detail"]["alarmName"] for each in log],
            "count": json.loads(count),
            "executions": statuses,
        }

    def histories(self) -> list[Any]:
        """The histories of all Standard executions."""
        machines = self.client("stepfunctions")
        found = []
        for name in ("pack", "count"):
            listed = machines.list_executions(stateMachineArn=arn("states", f"stateMachine:{name}"))["executions"]
            found += [machines.get_execution_history(executionArn=each["executionArn"])["events"] for each in listed]
        return found


@contextmanager
def application(clock: str) -> Iterator[Application]:
    starts = {"starts": 1_700_000_000} if clock == "virtual" else {}
    with emulator(clock=clock, account=ACCOUNT, **starts) as dynastep:
        yield Application(dynastep)


def used(clock: str) -> tuple[dict[str, Any], list[Any]]:
    """Use the application as its customers do; its state in the end, and the histories."""
    with application(clock) as app:
        answers = [app.order("1", "lamp"), app.order("2", "piano"), app.order("3", "chair"), app.order("1", "lamp")]
        assert answers == ["SUCCEEDED", "SUCCEEDED", "SUCCEEDED", "FAILED"]
        app.night()
        assert app.wait() == {"1 is shipped", "3 is shipped", "orders are counted", "dead letters"}
        return app.state(), app.histories()


ENDED = {
    "orders": ["1", "2", "3"],
    "shipped": ["1", "3"],
    "dead": "1",
    "changes": ["dead letters"],
    "count": {"count": 3},
    "executions": {"pack": ["SUCCEEDED"] * 3, "count": ["SUCCEEDED"]},
}


@pytest.mark.parametrize("clock", ["virtual", "wall"])
def test_the_application_ends_in_the_same_state_by_any_clock(clock):
    state, _ = used(clock)
    assert state == ENDED


def test_two_virtual_runs_give_the_same_histories():
    (state, histories), (again, repeated) = used("virtual"), used("virtual")
    assert (state, histories) == (again, repeated)
    assert len(histories) == 4


def test_a_month_of_nights_counts_each_night():
    with application("virtual") as app:
        app.order("1", "lamp")
        app.night()
        app.dynastep.clock.advance(days=30)
        counts = app.client("stepfunctions").list_executions(stateMachineArn=arn("states", "stateMachine:count"))
        assert len(counts["executions"]) == 31
