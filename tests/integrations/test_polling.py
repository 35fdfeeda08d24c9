"""Workflows that start what takes a while through ``aws-sdk`` and look until it is there: EC2, RDS, a dead letter."""

from __future__ import annotations

import json


def sdk(action, parameters, **fields):
    """A Task on ``aws-sdk``."""
    return {"Type": "Task", "Resource": f"arn:aws:states:::aws-sdk:{action}", "Parameters": parameters, **fields}


def polling(start, look, status, wanted):
    """Start, wait, look, and again until a status is the wanted one."""
    again = {"Variable": status, "StringEquals": wanted, "Next": "Done"}
    return {
        "StartAt": "Start",
        "States": {
            "Start": {**start, "ResultPath": "$.started", "Next": "Pause"},
            "Pause": {"Type": "Wait", "Seconds": 15, "Next": "Look"},
            "Look": {**look, "ResultPath": "$.seen", "Next": "There?"},
            "There?": {"Type": "Choice", "Choices": [again], "Default": "Pause"},
            "Done": {"Type": "Succeed"},
        },
    }


def image(dynastep):
    """Any image."""
    return dynastep.client("ec2").describe_images()["Images"][0]["ImageId"]


def test_an_instance_runs_and_is_stopped(dynastep):
    run = {"ImageId": image(dynastep), "MinCount": 1, "MaxCount": 1, "InstanceType": "t3.micro"}
    ids = {"InstanceIds.$": "$.started.Instances[*].InstanceId"}
    started = polling(
        sdk("ec2:runInstances", run),
        sdk("ec2:describeInstances", ids),
        "$.seen.Reservations[0].Instances[0].State.Name",
        "running",
    )
    execution = dynastep.run(started)
    assert execution.path == ["Start", "Pause", "Look", "There?", "Done"]
    assert execution.output["started"]["Instances"][0]["State"]["Name"] == "pending"
    instance = execution.output["seen"]["Reservations"][0]["Instances"][0]
    assert (instance["InstanceType"], instance["State"]) == ("t3.micro", {"Code": 16, "Name": "running"})
    ended = dynastep.run(
        {"StartAt": "Stop", "States": {"Stop": sdk("ec2:stopInstances", {"InstanceIds.$": "$.ids"}, End=True)}},
        {"ids": [instance["InstanceId"]]},
    )
    assert ended.output["StoppingInstances"][0]["CurrentState"]["Name"] == "stopping"
    (stopped,) = dynastep.client("ec2").describe_instances(InstanceIds=[instance["InstanceId"]])["Reservations"]
    assert stopped["Instances"][0]["State"]["Name"] == "stopped"


def test_a_database_becomes_available(dynastep):
    create = {"DbInstanceIdentifier": "orders", "DbInstanceClass": "db.t4g.micro", "Engine": "postgres"}
    login = {"AllocatedStorage": 20, "MasterUsername": "root", "MasterUserPassword": "long enough"}
    started = polling(
        sdk("rds:createDBInstance", {**create, **login}),
        sdk("rds:describeDBInstances", {"DbInstanceIdentifier": "orders"}),
        "$.seen.DbInstances[0].DbInstanceStatus",
        "available",
    )
    execution = dynastep.run(started)
    assert execution.status == "SUCCEEDED", execution.cause
    (database,) = execution.output["seen"]["DbInstances"]
    assert (database["Engine"], database["DbInstanceStatus"]) == ("postgres", "available")
    assert database["DbInstanceArn"].endswith(":db:orders")


def test_a_missing_database_can_be_caught_by_name(dynastep):
    catch = [{"ErrorEquals": ["Rds.DbInstanceNotFoundException"], "Next": "Gone"}]
    look = sdk("rds:describeDBInstances", {"DbInstanceIdentifier": "none"}, Catch=catch, End=True)
    execution = dynastep.run({"StartAt": "Look", "States": {"Look": look, "Gone": {"Type": "Succeed"}}})
    assert execution.path == ["Look", "Gone"]


def test_a_message_that_is_not_handled_becomes_a_dead_letter(dynastep):
    sqs = dynastep.client("sqs")
    letters = sqs.create_queue(QueueName="letters")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=letters, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 2})
    work = sqs.create_queue(QueueName="work", Attributes={"RedrivePolicy": policy})["QueueUrl"]
    receive = {"QueueUrl": work, "VisibilityTimeout": 0, "MessageSystemAttributeNames": ["ApproximateReceiveCount"]}
    taken = {"Variable": "$.got.Messages", "IsPresent": True, "Next": "Pause"}
    send = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage"}
    states = {
        "Send": {
            **send,
            "Parameters": {"QueueUrl": work, "MessageBody": {"order": 1}},
            "ResultPath": "$.sent",
            "Next": "Take",
        },
        "Take": sdk("sqs:receiveMessage", receive, ResultPath="$.got", Next="Any?"),
        "Any?": {"Type": "Choice", "Choices": [taken], "Default": "Look"},
        "Pause": {"Type": "Wait", "Seconds": 30, "Next": "Take"},
        "Look": sdk("sqs:receiveMessage", {"QueueUrl": letters}, End=True),
    }
    execution = dynastep.run({"StartAt": "Send", "States": states})
    assert execution.path.count("Take") == 3
    (letter,) = execution.output["Messages"]
    assert letter["Body"] == '{"order":1}'


def test_waiting_for_a_message_takes_the_machines_time_and_no_other(dynastep):
    queue = dynastep.client("sqs").create_queue(QueueName="work")["QueueUrl"]
    receive = {"QueueUrl": queue, "WaitTimeSeconds": 20}
    send = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "End": True}
    sends = {
        "StartAt": "Pause",
        "States": {
            "Pause": {"Type": "Wait", "Seconds": 5, "Next": "Send"},
            "Send": {**send, "Parameters": {"QueueUrl": queue, "MessageBody": "hello"}},
        },
    }
    receives = {"StartAt": "Take", "States": {"Take": sdk("sqs:receiveMessage", receive, End=True)}}
    empty = dynastep.run(receives)
    assert (empty.output, empty.elapsed) == ({}, 20)
    both = {"Type": "Parallel", "Branches": [receives, sends], "End": True}
    execution = dynastep.run({"StartAt": "Both", "States": {"Both": both}})
    assert execution.output[0]["Messages"][0]["Body"] == "hello"
    assert 5 <= execution.elapsed <= 6


def test_a_task_need_not_wait_as_long_as_its_queue_would(dynastep):
    queue = dynastep.client("sqs").create_queue(QueueName="work")["QueueUrl"]
    take = sdk("sqs:receiveMessage", {"QueueUrl": queue, "WaitTimeSeconds": 20}, TimeoutSeconds=3, End=True)
    execution = dynastep.run({"StartAt": "Take", "States": {"Take": take}})
    assert (execution.error, execution.elapsed) == ("States.Timeout", 3)
