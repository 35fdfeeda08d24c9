"""Marks: what Step Functions adds to the request for a job, so that its service can tell who started it."""

from __future__ import annotations

import json

import pytest
from outcomes import details

VARIABLE = {"Name": "MANAGED_BY_AWS", "Value": "STARTED_BY_STEP_FUNCTIONS"}
TAG = {"Key": "MANAGED_BY_AWS", "Value": "STARTED_BY_STEP_FUNCTIONS"}
OURS = {"Name": "colour", "Value": "red"}
BATCH = {"JobName": "j", "JobQueue": "q", "JobDefinition": "d"}
CONVERT = {"Role": "r", "Settings": {}}


def execution_tag(execution):
    return {"Key": "AWS_STEP_FUNCTIONS_EXECUTION_ARN", "Value": execution.arn}


CASES = [
    ("ecs:runTask", {"TaskDefinition": "d"}, lambda _: {}),
    ("ecs:runTask.waitForTaskToken", {"TaskDefinition": "d"}, lambda _: {}),
    ("ecs:runTask.sync", {"TaskDefinition": "d"}, lambda _: {"StartedBy": "AWS Step Functions"}),
    ("batch:submitJob", BATCH, lambda _: {}),
    ("batch:submitJob.sync", BATCH, lambda _: {"ContainerOverrides": {"Environment": [VARIABLE]}}),
    (
        "batch:submitJob.sync",
        {**BATCH, "ContainerOverrides": {"Command": ["c"], "Environment": [OURS]}},
        lambda _: {"ContainerOverrides": {"Command": ["c"], "Environment": [OURS, VARIABLE]}},
    ),
    ("batch:submitJob.sync", {**BATCH, "EksPropertiesOverride": {}}, lambda _: {}),
    ("sagemaker:createTrainingJob", {"TrainingJobName": "j"}, lambda _: {}),
    *(
        (f"sagemaker:create{kind}.sync", {f"{kind}Name": "j"}, lambda run: {"Tags": [execution_tag(run), TAG]})
        for kind in ("HyperParameterTuningJob", "LabelingJob", "ProcessingJob", "TrainingJob", "TransformJob")
    ),
    (
        "sagemaker:createTransformJob.sync",
        {"TransformJobName": "j", "Tags": [{"Key": "a", "Value": "b"}]},
        lambda run: {"Tags": [{"Key": "a", "Value": "b"}, execution_tag(run), TAG]},
    ),
    ("mediaconvert:createJob", CONVERT, lambda _: {"Tags": {"ManagedByService": "AWSStepFunctions"}}),
    (
        "mediaconvert:createJob.sync",
        {**CONVERT, "Tags": {"a": "b"}},
        lambda _: {"Tags": {"a": "b", "ManagedByService": "AWSStepFunctions"}},
    ),
    ("glue:startJobRun.sync", {"JobName": "j"}, lambda _: {}),
]


@pytest.mark.parametrize(("resource", "parameters", "added"), CASES, ids=[case[0] for case in CASES])
def test_what_is_scheduled_has_the_mark_of_its_integration(call, dynastep, resource, parameters, added):
    """Parameters come by a path, so that those that the service needs beside may be missing at creation."""
    mock = dynastep.mock(resource, {}, checked=False)
    execution = call(resource, None, parameters)
    expected = {**parameters, **added(execution)}
    assert json.loads(details(execution, "TaskScheduled")["parameters"]) == expected
    assert mock.calls == [expected]


def test_the_service_is_told_who_starts_its_task(dynastep, call):
    ecs, network = dynastep.client("ecs"), dynastep.client("ec2")
    ecs.create_cluster(clusterName="jobs")
    container = {"name": "main", "image": "job", "cpu": 1, "memory": 64, "essential": True}
    ecs.register_task_definition(family="job", containerDefinitions=[container])
    subnets = {"Subnets": [network.describe_subnets()["Subnets"][0]["SubnetId"]]}
    where = {"LaunchType": "FARGATE", "NetworkConfiguration": {"AwsvpcConfiguration": subnets}}
    execution = call("ecs:runTask.sync", {"Cluster": "jobs", "TaskDefinition": "job", **where})
    assert execution.output["StartedBy"] == "AWS Step Functions"


def test_a_job_of_sagemaker_shows_its_tags_as_an_object(call):
    described = {
        "TransformJobName": "job",
        "ModelName": "m",
        "TransformInput": {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/"}}},
        "TransformOutput": {"S3OutputPath": "s3://bucket/"},
        "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
        "Tags": [{"Key": "a", "Value": "b"}],
    }
    execution = call("sagemaker:createTransformJob.sync", described)
    assert execution.output["Tags"] == {
        "a": "b",
        "AWS_STEP_FUNCTIONS_EXECUTION_ARN": execution.arn,
        "MANAGED_BY_AWS": "STARTED_BY_STEP_FUNCTIONS",
    }
