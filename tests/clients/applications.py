"""One application of a dozen services, as four tools make it: what is there, what it does, and what is left."""

from __future__ import annotations

import json
import time
from typing import Any

import boto3

REGIONS = ("us-east-1", "eu-west-1")
ACCOUNT = "000000000000"


def client(url: str, service: str, region: str = "us-east-1") -> Any:
    """A client of a server."""
    return boto3.client(
        service,
        region_name=region,
        endpoint_url=url,
        aws_access_key_id=ACCOUNT,
        aws_secret_access_key="secret",
    )


def end_state(url: str) -> dict[str, Any]:
    """The application as its services describe it, less what each tool calls by a name of its own."""
    queue = f"{url}/{ACCOUNT}/orders"
    table = client(url, "dynamodb").describe_table(TableName="orders")["Table"]
    states = client(url, "stepfunctions")
    machine = f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:order"
    alias = states.describe_state_machine_alias(stateMachineAliasArn=f"{machine}:live")
    definition = json.loads(states.describe_state_machine(stateMachineArn=machine)["definition"])
    function = client(url, "lambda").get_function_configuration(FunctionName="check-order")
    attributes = client(url, "sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    [subscription] = client(url, "sns").list_subscriptions()["Subscriptions"]
    raw = client(url, "sns").get_subscription_attributes(SubscriptionArn=subscription["SubscriptionArn"])["Attributes"]
    rule = client(url, "events").describe_rule(Name="orders")
    [target] = client(url, "events").list_targets_by_rule(Rule="orders")["Targets"]
    schedule = client(url, "scheduler").get_schedule(Name="orders")
    [group] = client(url, "logs").describe_log_groups(logGroupNamePrefix="/orders")["logGroups"]
    [alarm] = client(url, "cloudwatch").describe_alarms(AlarmNames=["orders"])["MetricAlarms"]
    return {
        "table": (table["KeySchema"], table["BillingModeSummary"]["BillingMode"], table["SSEDescription"]["Status"]),
        "comment": definition["Comment"],
        "versions": [route["stateMachineVersionArn"].rpartition(":")[2] for route in alias["routingConfiguration"]],
        "function": [function[name] for name in ("Runtime", "Handler", "Timeout", "Environment", "Role")],
        "queue": (attributes["VisibilityTimeout"], json.loads(attributes["RedrivePolicy"])),
        "subscription": (subscription["Protocol"], subscription["Endpoint"], raw["RawMessageDelivery"]),
        "rule": (json.loads(rule["EventPattern"]), rule["State"]),
        "target": (target["Id"], target["Arn"], target["InputPath"]),
        "schedule": (schedule["ScheduleExpression"], schedule["Target"]["Arn"], schedule["Target"]["Input"]),
        "bucket": client(url, "s3").get_bucket_versioning(Bucket="orders-receipts")["Status"],
        "limit": client(url, "ssm").get_parameter(Name="/orders/limit")["Parameter"]["Value"],
        "key": client(url, "secretsmanager").get_secret_value(SecretId="orders-key")["SecretString"],
        "log": group["retentionInDays"],
        "alarm": [alarm[name] for name in ("Namespace", "MetricName", "Threshold", "ComparisonOperator")],
        "role": client(url, "iam").get_role(RoleName="orders")["Role"]["Arn"],
    }


EXPECTED: dict[str, Any] = {
    "table": ([{"AttributeName": "id", "KeyType": "HASH"}], "PAY_PER_REQUEST", "ENABLED"),
    "comment": "first",
    "versions": ["1"],
    "function": [
        *("python3.12", "index.handler", 7, {"Variables": {"LIMIT": "100"}}),
        f"arn:aws:iam::{ACCOUNT}:role/orders",
    ],
    "queue": ("30", {"deadLetterTargetArn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:orders-dead", "maxReceiveCount": 3}),
    "subscription": ("sqs", f"arn:aws:sqs:us-east-1:{ACCOUNT}:orders", "true"),
    "rule": ({"source": ["shop"], "detail-type": ["placed"]}, "ENABLED"),
    "target": ("flow", f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:order", "$.detail"),
    "schedule": ("cron(0 3 * * ? *)", f"arn:aws:sqs:us-east-1:{ACCOUNT}:orders", '"nightly"'),
    "bucket": "Enabled",
    "limit": "100",
    "key": "opensesame",
    "log": 7,
    "alarm": ["AWS/States", "ExecutionsFailed", 1.0, "GreaterThanOrEqualToThreshold"],
    "role": f"arn:aws:iam::{ACCOUNT}:role/orders",
}
"""What every tool makes of it."""


def use(url: str, order: str) -> dict[str, Any]:
    """Place an order by an event: what the state machine has kept, and what the queue was told."""
    detail = json.dumps({"id": order, "amount": 90})
    entry = {"Source": "shop", "DetailType": "placed", "Detail": detail}
    assert client(url, "events").put_events(Entries=[entry])["FailedEntryCount"] == 0
    queue = f"{url}/{ACCOUNT}/orders"
    [message] = client(url, "sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=20)["Messages"]
    client(url, "sqs").delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    item = client(url, "dynamodb").get_item(TableName="orders", Key={"id": {"S": order}}, ConsistentRead=True)["Item"]
    states = client(url, "stepfunctions")
    alias = f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:order:live"
    started = states.start_execution(stateMachineArn=alias, input=json.dumps({"id": f"{order}-2", "amount": 900}))
    ended = states.describe_execution(executionArn=started["executionArn"])
    while ended["status"] == "RUNNING":
        time.sleep(0.1)
        ended = states.describe_execution(executionArn=started["executionArn"])
    assert ended["status"] == "SUCCEEDED", ended
    [second] = client(url, "sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=20)["Messages"]
    client(url, "sqs").delete_message(QueueUrl=queue, ReceiptHandle=second["ReceiptHandle"])
    return {"item": item, "told": [message["Body"], second["Body"]], "output": json.loads(ended["output"])}


def does(order: str) -> dict[str, Any]:
    """What ``use`` finds of an application that works."""
    return {
        "item": {"id": {"S": order}, "fits": {"BOOL": True}},
        "told": [order, f"{order}-2"],
        "output": {"id": f"{order}-2", "amount": 900, "checked": {"fits": False}},
    }


def left(url: str) -> set[str]:
    """The names of what there is, in each region, less what tools keep for themselves."""
    found: set[str] = set()
    for region in REGIONS:

        def add(service: str, operation: str, member: str, name: str | None, where: str = region) -> None:
            for each in getattr(client(url, service, where), operation)().get(member, ()):
                found.add(f"{where} {service} {each if name is None else each[name]}")

        add("dynamodb", "list_tables", "TableNames", None)
        add("stepfunctions", "list_state_machines", "stateMachines", "name")
        add("lambda", "list_functions", "Functions", "FunctionName")
        add("sqs", "list_queues", "QueueUrls", None)
        add("sns", "list_topics", "Topics", "TopicArn")
        add("sns", "list_subscriptions", "Subscriptions", "SubscriptionArn")
        add("events", "list_rules", "Rules", "Name")
        add("scheduler", "list_schedules", "Schedules", "Name")
        add("secretsmanager", "list_secrets", "SecretList", "Name")
        add("ssm", "describe_parameters", "Parameters", "Name")
        add("logs", "describe_log_groups", "logGroups", "logGroupName")
        add("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName")
        add("cloudformation", "describe_stacks", "Stacks", "StackName")
    for service, operation, member, name in (
        ("s3", "list_buckets", "Buckets", "Name"),
        ("iam", "list_roles", "Roles", "RoleName"),
    ):
        for each in getattr(client(url, service), operation)().get(member, ()):
            found.add(f"{service} {each[name]}")
    kept = ("aws-sam-cli-managed", "cdk-", "CDKToolkit", "/cdk-bootstrap", "cloudformation-custom-resource-response")
    return {name for name in found if not name.rpartition(" ")[2].startswith(kept) and "/aws/lambda/" not in name}
