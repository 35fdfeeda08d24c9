"""The page about integrations names every one of them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from botocore.validate import ParamValidator

from emulator.integrations.optimized import ACTIONS, parameters_of

PAGE = Path(__file__).parents[2] / "docs" / "integrations.md"


SUFFIXES = {"token": ".waitForTaskToken", "`.sync`": ".sync", "`.sync:2`": ".sync:2"}


def listed():
    """Service, action and suffixes of every row, in order."""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| `") and len(cells) == 4:
            services, actions = (re.findall(r"`([\w-]+)`", cell) for cell in cells[:2])
            suffixes = frozenset({"", *(SUFFIXES[word] for word in cells[2].split())})
            if len(services) == 1:
                yield from (((services[0], action), suffixes) for action in actions)
            else:
                yield from ((named, suffixes) for named in zip(services, actions, strict=True))


def test_the_page_lists_every_optimized_integration_once_and_how_it_waits():
    assert sorted(listed()) == sorted((name, action.suffixes) for name, action in ACTIONS.items())


ID = "arn:aws:iam::123456789012:role/r"
CLUSTER = {"ClusterName": "c", "CertificateAuthority": "CERT", "Endpoint": "https://e.example"}
POD_JOB = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j"}, "spec": {"template": {}}}
STEP = {"Name": "s", "ActionOnFailure": "CONTINUE", "HadoopJarStep": {"Jar": "command-runner.jar", "Args": ["a"]}}
RESOURCES = {"ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}}
DRIVER = {"SparkSubmitJobDriver": {"EntryPoint": "s3://b/a.py", "SparkSubmitParameters": "--conf a=b"}}
S3 = {"S3Uri": "s3://b/k"}
EXAMPLES: dict[str, list[dict[str, object]]] = {
    "apigateway:invoke": [
        {
            "ApiEndpoint": "a.execute-api.us-east-1.amazonaws.com",
            "Method": "POST",
            "Stage": "prod",
            "Path": "bills",
            "Headers": {"k": ["v1", "v2"]},
            "QueryParameters": {"id": ["1"]},
            "RequestBody": {"b": ["my"]},
            "AllowNullValues": True,
            "AuthType": "RESOURCE_POLICY",
        }
    ],
    "athena:startQueryExecution": [
        {"QueryString": "SELECT 1", "WorkGroup": "primary", "ResultConfiguration": {"OutputLocation": "s3://b"}}
    ],
    "athena:stopQueryExecution": [{"QueryExecutionId": "q"}],
    "athena:getQueryExecution": [{"QueryExecutionId": "q"}],
    "athena:getQueryResults": [{"QueryExecutionId": "q"}],
    "batch:submitJob": [
        {
            "JobName": "j",
            "JobQueue": "q",
            "JobDefinition": "d",
            "Parameters": {"a": "b"},
            "ContainerOverrides": {"Environment": [{"Name": "n", "Value": "v"}]},
        }
    ],
    "bedrock:invokeModel": [
        {"ModelId": "m", "Body": {"prompt": "p"}, "ContentType": "application/json", "Accept": "*/*"},
        {"ModelId": "m", "Input": S3, "Output": S3},
    ],
    "bedrock:createModelCustomizationJob": [
        {
            "BaseModelIdentifier": "m",
            "CustomModelName": "c",
            "JobName": "j",
            "RoleArn": ID,
            "HyperParameters": {"epochCount": "1"},
            "TrainingDataConfig": S3,
            "OutputDataConfig": S3,
        }
    ],
    "bedrockagentcore:invokeHarness": [
        {
            "HarnessArn": "arn:aws:bedrock-agentcore:us-east-1:123456789012:harness/h-abcdefghij",
            "RuntimeSessionId": "s" * 33,
            "Messages": [{"Role": "user", "Content": [{"Text": "hello"}]}],
        }
    ],
    "codebuild:startBuild": [{"ProjectName": "p"}],
    "codebuild:startBuildBatch": [{"ProjectName": "p"}],
    "codebuild:retryBuildBatch": [{"Id": "b", "RetryType": "RETRY_FAILED_BUILDS"}],
    "codebuild:stopBuild": [{"Id": "b"}],
    "codebuild:batchDeleteBuilds": [{"Ids": ["b"]}],
    "codebuild:batchGetReports": [{"ReportArns": ["r"]}],
    "codebuild:stopBuildBatch": [{"Id": "b"}],
    "codebuild:deleteBuildBatch": [{"Id": "b"}],
    "databrew:startJobRun": [{"Name": "j"}],
    "dynamodb:getItem": [{"TableName": "t", "Key": {"id": {"S": "1"}}}],
    "dynamodb:putItem": [{"TableName": "t", "Item": {"id": {"S": "1"}}}],
    "dynamodb:updateItem": [
        {
            "TableName": "t",
            "Key": {"id": {"S": "1"}},
            "UpdateExpression": "SET a = :a",
            "ExpressionAttributeValues": {":a": {"N": "1"}},
        }
    ],
    "dynamodb:deleteItem": [{"TableName": "t", "Key": {"id": {"S": "1"}}}],
    "ecs:runTask": [
        {
            "Cluster": "c",
            "TaskDefinition": "d",
            "LaunchType": "FARGATE",
            "PropagateTags": "TASK_DEFINITION",
            "NetworkConfiguration": {"AwsvpcConfiguration": {"Subnets": ["s"], "AssignPublicIp": "ENABLED"}},
            "Overrides": {"ContainerOverrides": [{"Name": "n", "Command": ["c"], "Environment": [{"Name": "n"}]}]},
        }
    ],
    "eks:call": [{**CLUSTER, "Method": "GET", "Path": "/api", "QueryParameters": {"l": ["a"]}, "RequestBody": {}}],
    "eks:createCluster": [{"Name": "c", "RoleArn": ID, "ResourcesVpcConfig": {"SubnetIds": ["a", "b"]}}],
    "eks:createFargateProfile": [
        {"ClusterName": "c", "FargateProfileName": "p", "PodExecutionRoleArn": ID, "Selectors": [{"Namespace": "n"}]}
    ],
    "eks:createNodegroup": [{"ClusterName": "c", "NodegroupName": "n", "NodeRole": ID, "Subnets": ["a", "b"]}],
    "eks:deleteCluster": [{"Name": "c"}],
    "eks:deleteFargateProfile": [{"ClusterName": "c", "FargateProfileName": "p"}],
    "eks:deleteNodegroup": [{"ClusterName": "c", "NodegroupName": "n"}],
    "eks:runJob": [{**CLUSTER, "Namespace": "n", "LogOptions": {"RetrieveLogs": True}, "Job": POD_JOB}],
    "elasticmapreduce:addStep": [{"ClusterId": "j", "Step": STEP, "ExecutionRoleArn": ID}],
    "elasticmapreduce:cancelStep": [{"ClusterId": "j", "StepId": "s"}],
    "elasticmapreduce:createCluster": [
        {
            "Name": "c",
            "ReleaseLabel": "emr-6.6.0",
            "ServiceRole": ID,
            "JobFlowRole": ID,
            "LogUri": "s3://b",
            "Applications": [{"Name": "Hive"}],
            "VisibleToAllUsers": True,
            "Instances": {"KeepJobFlowAliveWhenNoSteps": True, "InstanceFleets": [{"InstanceFleetType": "MASTER"}]},
        }
    ],
    "elasticmapreduce:modifyInstanceFleetByName": [
        {"ClusterId": "j", "InstanceFleetName": "f", "InstanceFleet": {"TargetOnDemandCapacity": 8}}
    ],
    "elasticmapreduce:modifyInstanceGroupByName": [
        {"ClusterId": "j", "InstanceGroupName": "g", "InstanceGroup": {"InstanceCount": 8}}
    ],
    "elasticmapreduce:setClusterTerminationProtection": [{"ClusterId": "j", "TerminationProtected": False}],
    "elasticmapreduce:terminateCluster": [{"ClusterId": "j"}],
    "emr-containers:createVirtualCluster": [
        {"Name": "v", "ContainerProvider": {"Id": "c", "Type": "EKS", "Info": {"EksInfo": {"Namespace": "n"}}}}
    ],
    "emr-containers:deleteVirtualCluster": [{"Id": "v"}],
    "emr-containers:startJobRun": [
        {"Name": "j", "VirtualClusterId": "v", "ExecutionRoleArn": ID, "ReleaseLabel": "emr-6.2.0", "JobDriver": DRIVER}
    ],
    "emr-serverless:createApplication": [{"Name": "a", "ReleaseLabel": "emr-6.9.0", "Type": "SPARK"}],
    "emr-serverless:startApplication": [{"ApplicationId": "a"}],
    "emr-serverless:stopApplication": [{"ApplicationId": "a"}],
    "emr-serverless:deleteApplication": [{"ApplicationId": "a"}],
    "emr-serverless:startJobRun": [
        {"ApplicationId": "a", "ExecutionRoleArn": ID, "JobDriver": {"SparkSubmit": {"EntryPoint": "s3://b/a.jar"}}}
    ],
    "emr-serverless:cancelJobRun": [{"ApplicationId": "a", "JobRunId": "r"}],
    "events:putEvents": [{"Entries": [{"Detail": {"M": "m"}, "DetailType": "d", "EventBusName": "b", "Source": "s"}]}],
    "glue:startJobRun": [{"JobName": "j", "Arguments": {"--a": "b"}}],
    "http:invoke": [
        {
            "ApiEndpoint": "https://e.example",
            "Method": "POST",
            "RequestBody": {"a": 1},
            "Headers": {"k": "v"},
            "Authentication": {"ConnectionArn": "c"},
            "QueryParameters": {"q": ["a"]},
            "Transform": {"RequestBodyEncoding": "URL_ENCODED", "RequestEncodingOptions": {"ArrayFormat": "INDICES"}},
        },
        {"ApiEndpoint": "https://e.example", "Method": "GET", "InvocationConfig": {"ConnectionArn": "c"}},
    ],
    "lambda:invoke": [
        {"FunctionName": "f", "Payload": {"a": 1}, "InvocationType": "Event", "Qualifier": "1", "ClientContext": "e30="}
    ],
    "mediaconvert:createJob": [{"Role": ID, "Settings": {"OutputGroups": [], "Inputs": [{"FileInput": "s3://b"}]}}],
    "sagemaker:createEndpoint": [{"EndpointName": "e", "EndpointConfigName": "c"}],
    "sagemaker:createEndpointConfig": [
        {
            "EndpointConfigName": "c",
            "ProductionVariants": [{"VariantName": "v", "ModelName": "m", "InitialInstanceCount": 1}],
        }
    ],
    "sagemaker:createHyperParameterTuningJob": [
        {
            "HyperParameterTuningJobName": "j",
            "HyperParameterTuningJobConfig": {
                "Strategy": "Bayesian",
                "ResourceLimits": {"MaxNumberOfTrainingJobs": 1, "MaxParallelTrainingJobs": 1},
            },
        }
    ],
    "sagemaker:createLabelingJob": [
        {
            "LabelingJobName": "j",
            "LabelAttributeName": "l",
            "RoleArn": ID,
            "OutputConfig": {"S3OutputPath": "s3://b"},
            "InputConfig": {"DataSource": {"S3DataSource": {"ManifestS3Uri": "s3://b"}}},
            "HumanTaskConfig": {
                "NumberOfHumanWorkersPerDataObject": 1,
                "PreHumanTaskLambdaArn": "f",
                "TaskDescription": "d",
                "TaskTimeLimitInSeconds": 30,
                "TaskTitle": "t",
                "UiConfig": {"UiTemplateS3Uri": "s3://b"},
                "WorkteamArn": "w",
                "AnnotationConsolidationConfig": {"AnnotationConsolidationLambdaArn": "f"},
            },
        }
    ],
    "sagemaker:createModel": [
        {"ModelName": "m", "ExecutionRoleArn": ID, "PrimaryContainer": {"Image": "i", "ModelDataUrl": "s3://b"}}
    ],
    "sagemaker:createProcessingJob": [
        {
            "ProcessingJobName": "j",
            "RoleArn": ID,
            "AppSpecification": {"ImageUri": "i"},
            "ProcessingResources": RESOURCES,
        }
    ],
    "sagemaker:createTrainingJob": [
        {
            "TrainingJobName": "j",
            "RoleArn": ID,
            "OutputDataConfig": {"S3OutputPath": "s3://b"},
            "AlgorithmSpecification": {"TrainingImage": "i", "TrainingInputMode": "File"},
            "ResourceConfig": {"InstanceCount": 1, "InstanceType": "ml.m4.xlarge", "VolumeSizeInGB": 1},
            "StoppingCondition": {"MaxRuntimeInSeconds": 1},
        }
    ],
    "sagemaker:createTransformJob": [
        {
            "TransformJobName": "j",
            "ModelName": "m",
            "TransformOutput": {"S3OutputPath": "s3://b"},
            "TransformInput": {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://b"}}},
            "TransformResources": {"InstanceCount": 1, "InstanceType": "ml.m4.xlarge"},
        }
    ],
    "sagemaker:updateEndpoint": [{"EndpointName": "e", "EndpointConfigName": "c"}],
    "sns:publish": [
        {
            "TopicArn": "t",
            "Message": {"a": 1},
            "Subject": "s",
            "MessageGroupId": "g",
            "MessageAttributes": {"a": {"DataType": "String", "StringValue": "v"}},
        },
        {"PhoneNumber": "+1", "Message": "m"},
    ],
    "sqs:sendMessage": [
        {
            "QueueUrl": "q",
            "MessageBody": {"a": 1},
            "DelaySeconds": 1,
            "MessageGroupId": "g",
            "MessageAttributes": {"a": {"DataType": "String", "StringValue": "v"}},
        }
    ],
    "states:startExecution": [{"StateMachineArn": "m", "Name": "n", "Input": {"a": {"b": 1}}}],
}
"""What a Task has on the page of its integration, by the names of the members there."""
FOUND = {
    "elasticmapreduce:modifyInstanceFleetByName": {"InstanceFleet": {"InstanceFleetId": "i"}},
    "elasticmapreduce:modifyInstanceGroupByName": {"InstanceGroups": [{"InstanceGroupId": "i"}]},
}
"""What the integration finds by the name that it is given."""
CASES = [(name, example) for name, examples in EXAMPLES.items() for example in examples]


def test_every_integration_has_an_example():
    assert sorted(EXAMPLES) == sorted(":".join(name) for name in ACTIONS)


@pytest.mark.parametrize(("name", "example"), CASES, ids=[name for name, _ in CASES])
def test_a_definition_as_on_its_page_is_accepted(dynastep, name, example):
    """With every way to wait that the integration has."""
    for suffix in sorted(ACTIONS[tuple(name.split(":"))].suffixes):
        state = {"Type": "Task", "Resource": f"arn:aws:states:::{name}{suffix}", "Parameters": example, "End": True}
        answer = dynastep.client("stepfunctions").validate_state_machine_definition(
            definition=json.dumps({"StartAt": "S", "States": {"S": state}})
        )
        assert answer["diagnostics"] == []


@pytest.mark.parametrize(("name", "example"), CASES, ids=[name for name, _ in CASES])
def test_its_call_has_the_members_that_the_service_takes(name, example):
    """Tokens that AWS's SDKs would fill in are named apart; what only the integration has is no member of the call."""
    service, action = name.split(":")
    if name == "bedrockagentcore:invokeHarness" and ACTIONS[service, action].model() is None:
        pytest.skip("the botocore that is installed does not know the service")
    taken = parameters_of(service, action)
    taken.check_start(example)
    model = ACTIONS[service, action].model()
    if model is None or model.input_shape is None:
        assert taken.request(example).keys() == example.keys()
        return
    own = {key: value for key, value in example.items() if key not in ACTIONS[service, action].added}
    params = {**dict.fromkeys(taken.tokens, "0" * 36), **taken.request(own), **FOUND.get(name, {})}
    report = ParamValidator().validate(params, model.input_shape)
    assert not report.has_errors(), report.generate_report()


def test_the_tokens_of_jobs_are_filled_in(dynastep):
    parameters = {"Name": "a", "ReleaseLabel": "emr-6.9.0", "Type": "SPARK"}
    resource = "arn:aws:states:::emr-serverless:createApplication"
    state = {"Type": "Task", "Resource": resource, "Parameters": parameters, "End": True}
    execution = dynastep.run({"StartAt": "S", "States": {"S": state}})
    assert execution.status == "SUCCEEDED", execution.cause
    assert execution.output["Name"] == "a"
