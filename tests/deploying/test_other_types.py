"""Resources of many services in stacks: each is made, found by its service, changed where it can be, and goes again."""

from __future__ import annotations

import json

import pytest

TABLE = {
    "Type": "AWS::DynamoDB::Table",
    "Properties": {
        "TableName": "scaled",
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
    },
}
READS = {
    "ServiceNamespace": "dynamodb",
    "ResourceId": "table/scaled",
    "ScalableDimension": "dynamodb:table:ReadCapacityUnits",
}
ALARM = {
    "MetricName": "m",
    "Namespace": "n",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 1,
    "ComparisonOperator": "GreaterThanThreshold",
}
POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "*", "Resource": "*"}],
}


def resource(kind, **properties):
    return {"Type": f"AWS::{kind}", "Properties": properties}


# Resources, of which X is looked at -> how its Ref begins.
MADE = [
    ({"T": TABLE, "X": {**resource("ApplicationAutoScaling::ScalableTarget", **READS, MinCapacity="1", MaxCapacity=9,
                                   RoleARN="arn:aws:iam::123456789012:role/r"), "DependsOn": "T"}},
     "table/scaled|dynamodb:table:ReadCapacityUnits|dynamodb"),
    ({"X": resource("Athena::WorkGroup", Name="queries")}, "queries"),
    ({"A": resource("CloudWatch::Alarm", AlarmName="a", **ALARM),
      "X": resource("CloudWatch::CompositeAlarm", AlarmRule={"Fn::Sub": 'ALARM("${A}")'})}, "s-X-"),
    ({"X": resource("Glue::Database", CatalogId={"Ref": "AWS::AccountId"}, DatabaseInput={"Name": "facts"})}, "facts"),
    ({"U": resource("IAM::User"), "G": resource("IAM::Group"),
      "X": resource("IAM::UserToGroupAddition", GroupName={"Ref": "G"}, Users=[{"Ref": "U"}])}, "s-X-"),
    ({"S": resource("Kinesis::Stream", ShardCount=1),
      "X": resource("Kinesis::StreamConsumer", StreamARN={"Fn::GetAtt": "S.Arn"}, ConsumerName="c")},
     "arn:aws:kinesis:us-east-1:"),
    ({"X": resource("ResourceGroups::Group", Name="mine", ResourceQuery={
        "Type": "TAG_FILTERS_1_0",
        "Query": {"ResourceTypeFilters": ["AWS::AllSupported"], "TagFilters": [{"Key": "a", "Values": ["b"]}]},
    })}, "mine"),
    ({"T": resource("SNS::Topic"),
      "X": resource("SNS::TopicInlinePolicy", TopicArn={"Ref": "T"}, PolicyDocument=POLICY)}, "arn:aws:sns:"),
    ({"Q": resource("SQS::Queue"),
      "X": resource("SQS::QueueInlinePolicy", Queue={"Ref": "Q"}, PolicyDocument=POLICY)}, "http"),
    ({"S": resource("SecretsManager::Secret", SecretString="x"),
      "X": resource("SecretsManager::ResourcePolicy", SecretId={"Ref": "S"}, ResourcePolicy=POLICY)},
     "arn:aws:secretsmanager:"),
]  # fmt: skip


@pytest.mark.parametrize(("resources", "beginning"), MADE, ids=[each[0]["X"]["Type"] for each in MADE])
def test_a_resource_is_made_and_goes_again(stacks, resources, beginning):
    stack_id = stacks.create({"Resources": resources, "Outputs": {"X": {"Value": {"Ref": "X"}}}})
    assert stacks.one()["StackStatus"] == "CREATE_COMPLETE", stacks.failure()
    assert stacks.outputs()["X"].startswith(beginning)
    stacks.client.delete_stack(StackName="s")
    assert stacks.one(stack_id)["StackStatus"] == "DELETE_COMPLETE", stacks.failure(stack_id)


def test_a_table_is_scaled_as_its_policy_says(stacks, dynastep):
    """As ``autoScaleReadCapacity`` of CDK's tables has it."""
    scaling = dynastep.client("application-autoscaling")

    def template(most, percent):
        target = resource("ApplicationAutoScaling::ScalableTarget", **READS, MinCapacity=1, MaxCapacity=most,
                          RoleARN="arn:aws:iam::123456789012:role/r")  # fmt: skip
        tracking = {
            "TargetValue": percent,
            "PredefinedMetricSpecification": {"PredefinedMetricType": "DynamoDBReadCapacityUtilization"},
        }
        policy = resource(
            "ApplicationAutoScaling::ScalingPolicy",
            PolicyName="reads",
            PolicyType="TargetTrackingScaling",
            ScalingTargetId={"Ref": "Target"},
            TargetTrackingScalingPolicyConfiguration=tracking,
        )
        return {"Resources": {"T": TABLE, "Target": {**target, "DependsOn": "T"}, "Policy": policy}}

    def found():
        [target] = scaling.describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"]
        [policy] = scaling.describe_scaling_policies(ServiceNamespace="dynamodb")["ScalingPolicies"]
        return target["MaxCapacity"], policy["TargetTrackingScalingPolicyConfiguration"]["TargetValue"]

    stacks.create(template(9, "70"))
    assert found() == (9, 70.0)
    stacks.update(template(12, 80))
    assert stacks.one()["StackStatus"] == "UPDATE_COMPLETE", stacks.failure()
    assert found() == (12, 80.0)
    stacks.client.delete_stack(StackName="s")
    assert scaling.describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"] == []


def test_policies_are_put_on_what_they_name_and_taken_off(stacks, dynastep):
    queue = resource("SQS::Queue", QueueName="q")
    policy = resource("SQS::QueueInlinePolicy", Queue={"Ref": "Q"}, PolicyDocument=POLICY)
    stacks.create({"Resources": {"Q": queue, "P": policy}})
    queues = dynastep.client("sqs")

    def shown():
        url = queues.get_queue_url(QueueName="q")["QueueUrl"]
        return queues.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"].get("Policy")

    assert json.loads(shown()) == POLICY
    stacks.update({"Resources": {"Q": queue}})
    assert not shown()


def test_a_property_that_the_service_does_not_take_fails_the_resource(stacks):
    stacks.create({"Resources": {"W": resource("Athena::WorkGroup", Name="w", RecursiveDeleteOption=True)}})
    assert "#: extraneous key [RecursiveDeleteOption] is not permitted" in stacks.failure()
