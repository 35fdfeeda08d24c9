"""What guards a stack, and who is told of it: stack policies, rollback triggers, types and roles, topics."""

from __future__ import annotations

import json

import pytest
from simple_stacks import parameter, refused, simple

TOPIC = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": {"Ref": "Name"}}}
TEMPLATE = {"Parameters": {"Name": {"Type": "String"}}, "Resources": {"T": TOPIC, "P": parameter()}}
INVALID = ("ValidationError", "Error validating stack policy: Invalid stack policy")


def named(value):
    return [{"ParameterKey": "Name", "ParameterValue": value}]


def statement(effect="Deny", action="Update:*", resource="*", **more):
    return {"Effect": effect, "Action": action, "Principal": "*", "Resource": resource, **more}


def policy(*statements):
    return json.dumps({"Statement": statements})


ALLOW = statement("Allow")
OF_TOPICS = {"Condition": {"StringEquals": {"ResourceType": ["AWS::SNS::Topic"]}}}
DENIED = "Action denied by stack policy: Statement [#1] does not allow [{}] for resource [LogicalResourceId/{}];"
REPLACED, DELETED = DENIED.format("Update:Replace", "T"), DENIED.format("Update:Delete", "P")

# statements, whether the topic is renamed and the parameter removed, or only its value changed -> the reason
RULES = [
    ([statement(), ALLOW], "rename", REPLACED),
    ([ALLOW, statement()], "rename", DENIED.format("Update:Replace", "T").replace("#1", "#2")),
    ([statement(action="Update:Replace"), ALLOW], "rename", REPLACED),
    ([statement(action=["Update:Replace", "Update:Delete"]), ALLOW], "change", None),
    ([statement(action="Update:Modify"), ALLOW], "rename", None),
    ([statement(action="Update:Modify"), ALLOW], "change", DENIED.format("Update:Modify", "P")),
    ([statement(action="Update:Delete"), ALLOW], "remove", DELETED),
    ([statement(resource="LogicalResourceId/T"), ALLOW], "rename", REPLACED),
    ([statement(resource="LogicalResourceId/*"), ALLOW], "rename", REPLACED),
    ([statement(resource="LogicalResourceId/Q*"), ALLOW], "rename", None),
    ([statement(**OF_TOPICS), ALLOW], "rename", REPLACED),
    ([statement(**OF_TOPICS), ALLOW], "change", None),
    ([statement(Condition={"StringLike": {"ResourceType": "AWS::SSM::*"}}), ALLOW], "rename", None),
    ([statement("Allow", resource="LogicalResourceId/P")], "rename", "Action not allowed by stack policy"),
    ([statement("Allow", resource="LogicalResourceId/P")], "change", None),
    ([{"Effect": "Allow", "NotAction": "Update:Replace", "Principal": "*", "Resource": "*"}], "change", None),
    (
        [{"Effect": "Allow", "Action": "Update:*", "Principal": "*", "NotResource": "LogicalResourceId/T"}],
        "rename",
        "Action not allowed by stack policy",
    ),
    ([], "rename", None),
]


@pytest.mark.parametrize(("statements", "change", "reason"), RULES)
def test_a_stack_policy_says_what_an_update_may_do(stacks, formation, statements, change, reason):
    stacks.create(TEMPLATE, Parameters=named("one"))
    before = stacks.physical()
    formation.set_stack_policy(StackName="s", StackPolicyBody=policy(*statements))
    resources = {"T": TOPIC, "P": parameter("w" if change == "change" else "v")}
    if change == "remove":
        del resources["P"]
    name = "two" if change == "rename" else "one"
    stacks.update({**TEMPLATE, "Resources": resources}, Parameters=named(name))
    if reason is None:
        assert stacks.one()["StackStatus"] == "UPDATE_COMPLETE"
    else:
        assert stacks.failure() == reason
        assert stacks.one()["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
        assert stacks.physical() == before


def test_a_stack_policy_comes_with_a_stack_and_its_updates(stacks, formation, dynastep):
    bucket = f"policies-{dynastep.account}"
    s3 = dynastep.client("s3")
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="p.json", Body=policy(ALLOW).encode())
    url = f"https://{bucket}.s3.amazonaws.com/p.json"

    def body():
        return formation.get_stack_policy(StackName="s").get("StackPolicyBody")

    stacks.create(TEMPLATE, Parameters=named("one"))
    assert body() is None
    formation.set_stack_policy(StackName="s", StackPolicyURL=url)
    assert body() == policy(ALLOW)
    passing = {"StackPolicyDuringUpdateBody": policy(statement())}
    stacks.update(TEMPLATE, Parameters=named("two"), **passing)
    assert (stacks.failure(), body()) == (REPLACED, policy(ALLOW))
    stacks.update(TEMPLATE, Parameters=named("two"), StackPolicyBody=policy(statement()))  # not yet in force
    assert (stacks.one()["StackStatus"], body()) == ("UPDATE_COMPLETE", policy(statement()))
    stacks.update(TEMPLATE, Parameters=named("three"))
    assert stacks.one()["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    formation.set_stack_policy(StackName="s", StackPolicyBody="{}")
    stacks.update(TEMPLATE, Parameters=named("three"))
    assert (stacks.one()["StackStatus"], body()) == ("UPDATE_COMPLETE", "{}")
    stacks.create(simple(), "t", StackPolicyBody=policy(ALLOW))
    assert formation.get_stack_policy(StackName="t")["StackPolicyBody"] == policy(ALLOW)
    both = ("ValidationError", "You cannot specify both StackPolicyURL and StackPolicyBody")
    assert refused(formation.set_stack_policy, StackName="s", StackPolicyBody="{}", StackPolicyURL=url) == both


@pytest.mark.parametrize(
    "body",
    [
        "text",
        "[]",
        policy({**statement(), "Principal": "me"}),
        policy(statement(action="Delete:*")),
        policy(statement(effect="Perhaps")),
        policy(statement(resource="T")),
        policy({"Effect": "Deny", "Principal": "*", "Resource": "*"}),
        policy(statement(Condition={"StringEquals": {"Region": "eu"}})),
        policy(statement(Kondition={})),
        json.dumps({"Statements": []}),
    ],
)
def test_what_is_no_stack_policy_is_refused(stacks, formation, body):
    stacks.create(simple())
    assert refused(formation.set_stack_policy, StackName="s", StackPolicyBody=body) == INVALID


def test_a_change_set_is_held_to_the_stack_policy(stacks, formation):
    stacks.create(simple())
    formation.set_stack_policy(StackName="s", StackPolicyBody=policy(statement()))
    made = formation.create_change_set(StackName="s", ChangeSetName="c", TemplateBody=json.dumps(simple("w")))
    formation.execute_change_set(ChangeSetName=made["Id"])
    assert stacks.failure() == DENIED.format("Update:Modify", "P")
    assert formation.describe_change_set(ChangeSetName=made["Id"])["ExecutionStatus"] == "EXECUTE_FAILED"


# Rollback triggers


def trigger(arn, kind="AWS::CloudWatch::Alarm", minutes=None):
    triggers = {"RollbackTriggers": [{"Arn": arn, "Type": kind}]}
    return triggers if minutes is None else {**triggers, "MonitoringTimeInMinutes": minutes}


@pytest.fixture
def alarm(dynastep):
    """Puts an alarm into a state; its ARN."""
    metrics = dynastep.client("cloudwatch")
    metrics.put_metric_alarm(
        AlarmName="a",
        MetricName="m",
        Namespace="n",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="ignore",
    )

    def put(state):
        metrics.set_alarm_state(AlarmName="a", StateValue=state, StateReason="test")
        return metrics.describe_alarms(AlarmNames=["a"])["MetricAlarms"][0]["AlarmArn"]

    return put


def test_an_alarm_takes_an_update_back_while_it_is_watched(stacks, dynastep, alarm):
    configuration = trigger(alarm("OK"), minutes=5)
    dynastep.clock.mode = "manual"
    stacks.create(simple())
    stacks.update(simple("w"), RollbackConfiguration=configuration)
    assert stacks.one()["RollbackConfiguration"] == configuration
    dynastep.clock.advance(240)
    assert stacks.one()["StackStatus"] == "UPDATE_IN_PROGRESS"
    dynastep.clock.advance(61)
    assert stacks.one()["StackStatus"] == "UPDATE_COMPLETE"
    stacks.update(simple("x"))  # the configuration stays
    arn = alarm("ALARM")
    dynastep.clock.advance(60)
    assert stacks.one()["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    [reason] = [reason for _, status, reason in stacks.events() if status == "UPDATE_ROLLBACK_IN_PROGRESS"]
    assert reason == f"Rollback triggers in ALARM or missing: [{arn}]. Rollback requested by user."
    name = stacks.physical()["P"]
    assert dynastep.client("ssm").get_parameter(Name=name)["Parameter"]["Value"] == "w"


def test_an_alarm_that_is_not_there_takes_a_creation_back(stacks, dynastep):
    arn = f"arn:aws:cloudwatch:us-east-1:{dynastep.account}:alarm:absent"
    stacks.create(simple(), RollbackConfiguration=trigger(arn))
    assert stacks.one()["StackStatus"] == "ROLLBACK_COMPLETE"


@pytest.mark.parametrize(
    ("configuration", "message"),
    [
        (trigger("abc", "Another"), "Rollback Trigger Type not supported"),
        (
            trigger("arn:aws:cloudwatch:us-east-1:123456789012:example-name"),
            "RelativeId of a Rollback Trigger's ARN is incorrect",
        ),
    ],
)
def test_what_is_no_trigger_is_refused(stacks, formation, configuration, message):
    stacks.create(simple())
    asked = {"StackName": "s", "UsePreviousTemplate": True, "RollbackConfiguration": configuration}
    assert refused(formation.update_stack, **asked) == ("ValidationError", message)


# Types and roles


@pytest.mark.parametrize("allowed", [["AWS::EC2:*"], ["AWS::EC2::*"], ["AWS::SSM::Document", "AWS::S3::Bucket"]])
def test_a_type_that_the_request_does_not_allow_is_refused(formation, allowed):
    text = f"Resource type AWS::SSM::Parameter is not allowed by parameter ResourceTypes [{', '.join(allowed)}]"
    asked = {"StackName": "s", "TemplateBody": json.dumps(simple()), "ResourceTypes": allowed}
    assert refused(formation.create_stack, **asked) == ("ValidationError", text)


@pytest.mark.parametrize("allowed", [["AWS::*"], ["AWS::SSM::*"], ["AWS::SSM::Parameter"]])
def test_a_type_that_the_request_allows_is_made(stacks, allowed):
    stacks.create(simple(), ResourceTypes=allowed)
    assert stacks.one()["StackStatus"] == "CREATE_COMPLETE"


@pytest.mark.parametrize(
    ("effect", "principal", "taken"),
    [
        ("Allow", {"Service": "cloudformation.amazonaws.com"}, True),
        ("Allow", {"Service": ["lambda.amazonaws.com", "cloudformation.amazonaws.com"]}, True),
        ("Allow", {"Service": "lambda.amazonaws.com"}, False),
        ("Deny", {"AWS": "arn:aws:iam::123456789012:root"}, False),
    ],
)
def test_a_role_has_to_trust_cloudformation(stacks, formation, dynastep, effect, principal, taken):
    trust = {"Statement": [{"Effect": effect, "Action": "sts:AssumeRole", "Principal": principal}]}
    iam = dynastep.client("iam")
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    if taken:
        stacks.create(simple(), RoleARN=role)
        assert stacks.one()["RoleARN"] == role
    else:
        expected = ("ValidationError", f"Role {role} is invalid or cannot be assumed")
        body = json.dumps(simple())
        assert refused(formation.create_stack, StackName="s", TemplateBody=body, RoleARN=role) == expected


# Topics


def test_the_topics_of_a_stack_are_told_of_its_events(stacks, dynastep):
    topics, queues = dynastep.client("sns"), dynastep.client("sqs")
    topic = topics.create_topic(Name="told")["TopicArn"]
    url = queues.create_queue(QueueName="told")["QueueUrl"]
    queue = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topics.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    stack_id = stacks.create(simple(), NotificationARNs=[topic], ClientRequestToken="t-1")

    def told():
        found = []
        while messages := queues.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                body = json.loads(message["Body"])
                assert body["Subject"] == "AWS CloudFormation Notification"
                found.append(dict(line.split("=", 1) for line in body["Message"].splitlines()))
                queues.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found

    first = told()
    described = [(each["LogicalResourceId"].strip("'"), each["ResourceStatus"].strip("'")) for each in first]
    assert sorted(described) == sorted((name, status) for name, status, _ in stacks.events())
    made = next(each for each in first if each["ResourceStatus"] == "'CREATE_COMPLETE'" and "'P'" in each.values())
    assert made["StackId"] == f"'{stack_id}'"
    assert made["Namespace"] == f"'{dynastep.account}'"
    assert made["ResourceProperties"] == '\'{"Type":"String","Value":"v"}\''
    assert made["ClientRequestToken"] == "'t-1'"
    assert list(made)[:3] == ["StackId", "Timestamp", "EventId"]
    stacks.client.delete_stack(StackName="s")
    assert {each["ResourceStatus"] for each in told()} == {"'DELETE_IN_PROGRESS'", "'DELETE_COMPLETE'"}


def test_a_topic_that_is_not_there_stops_no_stack(stacks, dynastep, caplog):
    stacks.create(simple(), NotificationARNs=[f"arn:aws:sns:us-east-1:{dynastep.account}:absent"])
    assert stacks.one()["StackStatus"] == "CREATE_COMPLETE"
    assert "A topic of the stack s was not told of its events" in caplog.text
