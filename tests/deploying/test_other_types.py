"""Resources of many services in stacks: each is made, found by its service, changed where it can be, and goes again."""

from __future__ import annotations

import json

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
    stacks.create({"Resources": {"P": resource("Cognito::UserPool", EmailAuthenticationMessage="m")}})
    assert "Dynastep does not handle EmailAuthenticationMessage of AWS::Cognito::UserPool" in stacks.failure()


def test_a_property_that_nothing_changes_fails_the_update(stacks):
    def template(text):
        return {"Resources": {"R": resource("CodeCommit::Repository", RepositoryName="r", RepositoryDescription=text)}}

    stacks.create(template("a"))
    stacks.update(template("b"))
    text = "Dynastep cannot change RepositoryDescription of AWS::CodeCommit::Repository in place"
    assert text in stacks.failure()
    assert stacks.one()["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
