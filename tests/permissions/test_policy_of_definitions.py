"""The policy of a definition against AWS's page of each integration: what it demands, literally.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/service-integration-iam-templates.html and the pages that it
names; {r} is the region, {a} the account.
"""

import json
from pathlib import Path

import pytest

from emulator.integrations.operations import find_operation
from emulator.integrations.optimized import ACTIONS
from emulator.permissions.asking import Facts, Place
from emulator.permissions.evaluation import Asked, Policies, Principal, decide
from emulator.permissions.policies import policy
from emulator.permissions.rights import document
from emulator.permissions.writing import Asked as AskedByRun
from emulator.permissions.writing import write

PLACE = Place("123456789012", "us-east-1")
FACTS = Facts(PLACE, "m")
MACHINES = Path(__file__).parents[3] / "shared" / "machines" / "workflows"


def of_rule(name):
    return ("events:PutTargets events:PutRule events:DescribeRule", f"arn:aws:events:{{r}}:{{a}}:rule/{name}")


def passing(role, service=None):
    return ("iam:PassRole", role, *([{"StringEquals": {"iam:PassedToService": service}}] if service else []))


ROLE = "arn:aws:iam::123456789012:role/R"
ANY_ROLE = "arn:aws:iam::{a}:role/*"
S3 = (
    "s3:GetBucketLocation s3:GetObject s3:ListBucket s3:ListBucketMultipartUploads s3:ListMultipartUploadParts s3:AbortMultipartUpload s3:CreateBucket s3:PutObject",
    "arn:aws:s3:::*",
)
GLUE = (
    "glue:CreateDatabase glue:GetDatabase glue:GetDatabases glue:UpdateDatabase glue:DeleteDatabase glue:CreateTable glue:UpdateTable glue:GetTable glue:GetTables glue:DeleteTable glue:BatchDeleteTable glue:BatchCreatePartition glue:CreatePartition glue:UpdatePartition glue:GetPartition glue:GetPartitions glue:BatchGetPartition glue:DeletePartition glue:BatchDeletePartition",
    "arn:aws:glue:{r}:{a}:catalog arn:aws:glue:{r}:{a}:database/* arn:aws:glue:{r}:{a}:table/* arn:aws:glue:{r}:{a}:userDefinedFunction/*",
)
LAKE = ("lakeformation:GetDataAccess", "*")
ATHENA = "arn:aws:athena:{r}:{a}:workgroup/"
CATALOG = " arn:aws:athena:{r}:{a}:datacatalog/*"
BUILD = "arn:aws:codebuild:{r}:"
EMR = "arn:aws:elasticmapreduce:{r}:{a}:cluster/j-1"
ANY_EMR = "arn:aws:elasticmapreduce:*:*:cluster/*"
VIRTUAL = "arn:aws:emr-containers:{r}:{a}:/virtualclusters/"
APPLICATIONS = "arn:aws:emr-serverless:{r}:{a}:/applications/"
SAGEMAKER = "arn:aws:sagemaker:{r}:{a}:"
TAGS = ("sagemaker:ListTags", "*")


def of_sagemaker(kind, arn, rule, *, sync, static):
    name = "j*" if static else "*"
    actions = f"sagemaker:Create{kind}" + (f" sagemaker:Describe{kind} sagemaker:Stop{kind}" if sync else "")
    role = ROLE if static else ANY_ROLE
    rules = [of_rule(f"StepFunctionsGetEventsForSageMaker{rule}JobsRule")] if sync else []
    return [(actions, f"{SAGEMAKER}{arn}/{name}"), TAGS, passing(role, "sagemaker.amazonaws.com"), *rules]


SAGEMAKER_JOBS = [
    ("TrainingJob", "training-job", "Training", {"RoleArn": ROLE}),
    ("ProcessingJob", "processing-job", "Processing", {"RoleArn": ROLE}),
    ("LabelingJob", "labeling-job", "Labeling", {"RoleArn": ROLE}),
    ("HyperParameterTuningJob", "hyper-parameter-tuning-job", "Tuning", {"TrainingJobDefinition": {"RoleArn": ROLE}}),
]

PAGES = [
    # integration, parameters, what its page demands
    ("athena:startQueryExecution", {"WorkGroup": "w"}, [("athena:startQueryExecution athena:getDataCatalog", f"{ATHENA}w{CATALOG}"), S3, GLUE, LAKE]),
    ("athena:startQueryExecution.sync", {"WorkGroup": "w"}, [("athena:startQueryExecution athena:stopQueryExecution athena:getQueryExecution athena:getDataCatalog", f"{ATHENA}w{CATALOG}"), S3, GLUE, LAKE]),
    ("athena:startQueryExecution.sync", {"WorkGroup.$": "$.w"}, [("athena:startQueryExecution athena:stopQueryExecution athena:getQueryExecution athena:getDataCatalog", f"{ATHENA}*{CATALOG}"), S3, GLUE, LAKE]),
    ("athena:startQueryExecution", {"WorkGroup.$": "$.w"}, [("athena:startQueryExecution athena:getDataCatalog", f"{ATHENA}*{CATALOG}"), S3, GLUE, LAKE]),
    ("athena:stopQueryExecution", {}, [("athena:stopQueryExecution", f"{ATHENA}*")]),
    ("athena:getQueryExecution", {}, [("athena:getQueryExecution", f"{ATHENA}*")]),
    ("athena:getQueryResults", {}, [("athena:getQueryResults", f"{ATHENA}*"), ("s3:GetObject", "arn:aws:s3:::*")]),
    ("batch:submitJob", {}, [("batch:SubmitJob", "*")]),
    ("batch:submitJob.sync", {}, [("batch:SubmitJob batch:DescribeJobs batch:TerminateJob", "*"), of_rule("StepFunctionsGetEventsForBatchJobsRule")]),
    ("codebuild:startBuild", {"ProjectName": "p"}, [("codebuild:StartBuild", f"{BUILD}{{a}}:project/p")]),
    ("codebuild:startBuild.sync", {"ProjectName": "p"}, [("codebuild:StartBuild codebuild:StopBuild codebuild:BatchGetBuilds", f"{BUILD}{{a}}:project/p"), of_rule("StepFunctionsGetEventForCodeBuildStartBuildRule")]),
    ("codebuild:startBuild", {"ProjectName.$": "$.p"}, [("codebuild:StartBuild", f"{BUILD}*:project/*")]),
    ("codebuild:startBuild.sync", {"ProjectName.$": "$.p"}, [("codebuild:StartBuild codebuild:StopBuild codebuild:BatchGetBuilds", f"{BUILD}*:project/*"), of_rule("StepFunctionsGetEventForCodeBuildStartBuildRule")]),
    ("codebuild:startBuildBatch.sync", {"ProjectName": "p"}, [("codebuild:StartBuildBatch codebuild:StopBuildBatch codebuild:BatchGetBuildBatches", f"{BUILD}{{a}}:project/p"), of_rule("StepFunctionsGetEventForCodeBuildStartBuildBatchRule")]),
    ("codebuild:stopBuild", {"Id.$": "$.i"}, [("codebuild:StopBuild", f"{BUILD}*:project/*")]),
    ("codebuild:batchDeleteBuilds", {"Ids.$": "$.i"}, [("codebuild:BatchDeleteBuilds", f"{BUILD}*:project/*")]),
    ("codebuild:batchGetReports", {"ReportArns.$": "$.i"}, [("codebuild:BatchGetReports", f"{BUILD}*:report-group/*")]),
    ("databrew:startJobRun", {"Name": "j"}, [("databrew:startJobRun", "arn:aws:databrew:{r}:{a}:job/*")]),
    ("databrew:startJobRun.sync", {"Name": "j"}, [("databrew:startJobRun databrew:listJobRuns databrew:stopJobRun", "arn:aws:databrew:{r}:{a}:job/*")]),
    *((f"dynamodb:{name[0].lower()}{name[1:]}", {"TableName": "t"}, [(f"dynamodb:{name}", "arn:aws:dynamodb:{r}:{a}:table/t")]) for name in ("GetItem", "PutItem", "UpdateItem", "DeleteItem")),
    *((f"dynamodb:{name[0].lower()}{name[1:]}", {"TableName.$": "$.t"}, [(f"dynamodb:{name}", "*")]) for name in ("GetItem", "PutItem", "UpdateItem", "DeleteItem")),
    ("ecs:runTask", {"TaskDefinition": "t"}, [("ecs:RunTask", "arn:aws:ecs:{r}:{a}:task-definition/t")]),
    ("ecs:runTask.waitForTaskToken", {"TaskDefinition": "t"}, [("ecs:RunTask", "arn:aws:ecs:{r}:{a}:task-definition/t")]),
    ("ecs:runTask", {"TaskDefinition.$": "$.t"}, [("ecs:RunTask", "*")]),
    ("ecs:runTask.sync", {"TaskDefinition": "t"}, [("ecs:RunTask", "arn:aws:ecs:{r}:{a}:task-definition/t"), ("ecs:StopTask ecs:DescribeTasks", "*"), of_rule("StepFunctionsGetEventsForECSTaskRule")]),
    ("ecs:runTask.sync", {"TaskDefinition.$": "$.t"}, [("ecs:RunTask ecs:StopTask ecs:DescribeTasks", "*"), of_rule("StepFunctionsGetEventsForECSTaskRule")]),
    ("eks:createCluster.sync", {"Name": "c", "RoleArn": ROLE}, [("eks:CreateCluster", "*"), ("eks:DescribeCluster eks:DeleteCluster", "arn:aws:eks:{r}:{a}:cluster/*"), passing(ROLE, "eks.amazonaws.com")]),
    ("eks:createNodegroup.sync", {"NodeRole": ROLE}, [("ec2:DescribeSubnets eks:CreateNodegroup", "*"), ("eks:DescribeNodegroup eks:DeleteNodegroup", "arn:aws:eks:{r}:{a}:nodegroup/*"), ("iam:GetRole iam:ListAttachedRolePolicies", "arn:aws:iam::{a}:role/*"), passing(ROLE, "eks.amazonaws.com")]),
    ("eks:deleteCluster.sync", {"Name": "ExampleCluster"}, [("eks:DeleteCluster eks:DescribeCluster", "arn:aws:eks:{r}:{a}:cluster/ExampleCluster")]),
    ("eks:deleteNodegroup.sync", {"ClusterName": "ExampleCluster", "NodegroupName": "ExampleNodegroup"}, [("eks:DeleteNodegroup eks:DescribeNodegroup", "arn:aws:eks:{r}:{a}:nodegroup/ExampleCluster/ExampleNodegroup/*")]),
    ("eks:createFargateProfile", {"PodExecutionRoleArn": ROLE}, [("eks:CreateFargateProfile", "*"), passing(ROLE, "eks.amazonaws.com")]),
    ("eks:deleteFargateProfile", {"ClusterName": "c", "FargateProfileName": "f"}, [("eks:DeleteFargateProfile", "arn:aws:eks:{r}:{a}:fargateprofile/c/f/*")]),
    ("eks:call", {}, []),
    ("eks:runJob.sync", {}, []),
    ("elasticmapreduce:addStep.sync", {"ClusterId": "j-1"}, [("elasticmapreduce:AddJobFlowSteps elasticmapreduce:DescribeStep elasticmapreduce:CancelSteps", EMR), of_rule("StepFunctionsGetEventForEMRAddJobFlowStepsRule")]),
    ("elasticmapreduce:addStep.sync", {"ClusterId.$": "$.c"}, [("elasticmapreduce:AddJobFlowSteps elasticmapreduce:DescribeStep elasticmapreduce:CancelSteps", ANY_EMR), of_rule("StepFunctionsGetEventForEMRAddJobFlowStepsRule")]),
    ("elasticmapreduce:cancelStep", {"ClusterId": "j-1"}, [("elasticmapreduce:CancelSteps", EMR)]),
    ("elasticmapreduce:cancelStep", {"ClusterId.$": "$.c"}, [("elasticmapreduce:CancelSteps", ANY_EMR)]),
    ("elasticmapreduce:createCluster.sync", {"ServiceRole": "S"}, [("elasticmapreduce:RunJobFlow elasticmapreduce:DescribeCluster elasticmapreduce:TerminateJobFlows", "*"), passing("arn:aws:iam::{a}:role/S"), of_rule("StepFunctionsGetEventForEMRRunJobFlowRule")]),
    ("elasticmapreduce:setClusterTerminationProtection", {"ClusterId": "j-1"}, [("elasticmapreduce:SetTerminationProtection", EMR)]),
    ("elasticmapreduce:setClusterTerminationProtection", {"ClusterId.$": "$.c"}, [("elasticmapreduce:SetTerminationProtection", ANY_EMR)]),
    ("elasticmapreduce:modifyInstanceFleetByName", {"ClusterId": "j-1"}, [("elasticmapreduce:ModifyInstanceFleet elasticmapreduce:ListInstanceFleets", EMR)]),
    ("elasticmapreduce:modifyInstanceFleetByName", {"ClusterId.$": "$.c"}, [("elasticmapreduce:ModifyInstanceFleet elasticmapreduce:ListInstanceFleets", ANY_EMR)]),
    ("elasticmapreduce:modifyInstanceGroupByName", {"ClusterId": "j-1"}, [("elasticmapreduce:ModifyInstanceGroups elasticmapreduce:ListInstanceGroups", EMR)]),
    ("elasticmapreduce:modifyInstanceGroupByName", {"ClusterId.$": "$.c"}, [("elasticmapreduce:ModifyInstanceGroups elasticmapreduce:ListInstanceGroups", "*")]),
    ("elasticmapreduce:terminateCluster.sync", {"ClusterId": "j-1"}, [("elasticmapreduce:TerminateJobFlows elasticmapreduce:DescribeCluster", EMR), of_rule("StepFunctionsGetEventForEMRTerminateJobFlowsRule")]),
    ("elasticmapreduce:terminateCluster.sync", {"ClusterId.$": "$.c"}, [("elasticmapreduce:TerminateJobFlows elasticmapreduce:DescribeCluster", ANY_EMR), of_rule("StepFunctionsGetEventForEMRTerminateJobFlowsRule")]),
    ("emr-containers:createVirtualCluster", {}, [("emr-containers:CreateVirtualCluster", "*"), ("iam:CreateServiceLinkedRole", "arn:aws:iam::{a}:role/aws-service-role/emr-containers.amazonaws.com/AWSServiceRoleForAmazonEMRContainers", {"StringLike": {"iam:AWSServiceName": "emr-containers.amazonaws.com"}})]),
    ("emr-containers:deleteVirtualCluster", {"Id": "v"}, [("emr-containers:DeleteVirtualCluster", f"{VIRTUAL}v")]),
    ("emr-containers:deleteVirtualCluster.sync", {"Id": "v"}, [("emr-containers:DeleteVirtualCluster emr-containers:DescribeVirtualCluster", f"{VIRTUAL}v")]),
    ("emr-containers:deleteVirtualCluster.sync", {"Id.$": "$.v"}, [("emr-containers:DeleteVirtualCluster emr-containers:DescribeVirtualCluster", f"{VIRTUAL}*")]),
    ("emr-containers:startJobRun", {"VirtualClusterId": "v", "ExecutionRoleArn": ROLE}, [("emr-containers:StartJobRun", f"{VIRTUAL}v", {"StringEquals": {"emr-containers:ExecutionRoleArn": ROLE}})]),
    ("emr-containers:startJobRun.sync", {"VirtualClusterId": "v", "ExecutionRoleArn": ROLE}, [("emr-containers:StartJobRun", f"{VIRTUAL}v", {"StringEquals": {"emr-containers:ExecutionRoleArn": ROLE}}), ("emr-containers:DescribeJobRun emr-containers:CancelJobRun", f"{VIRTUAL}v/jobruns/*")]),
    ("emr-containers:startJobRun.sync", {"VirtualClusterId.$": "$.v", "ExecutionRoleArn": ROLE}, [("emr-containers:StartJobRun", f"{VIRTUAL}*", {"StringEquals": {"emr-containers:ExecutionRoleArn": ROLE}}), ("emr-containers:DescribeJobRun emr-containers:CancelJobRun", f"{VIRTUAL}*")]),
    ("emr-serverless:createApplication.sync", {}, [("emr-serverless:CreateApplication", "arn:aws:emr-serverless:{r}:{a}:/*"), ("emr-serverless:GetApplication emr-serverless:DeleteApplication", f"{APPLICATIONS}*"), of_rule("StepFunctionsGetEventsForEMRServerlessApplicationRule"), ("iam:CreateServiceLinkedRole", "arn:aws:iam::{a}:role/aws-service-role/ops.emr-serverless.amazonaws.com/AWSServiceRoleForAmazonEMRServerless*", {"StringLike": {"iam:AWSServiceName": "ops.emr-serverless.amazonaws.com"}})]),
    ("emr-serverless:startApplication.sync", {"ApplicationId": "x"}, [("emr-serverless:StartApplication emr-serverless:GetApplication emr-serverless:StopApplication", f"{APPLICATIONS}x"), of_rule("StepFunctionsGetEventsForEMRServerlessApplicationRule")]),
    ("emr-serverless:stopApplication", {"ApplicationId.$": "$.x"}, [("emr-serverless:StopApplication", f"{APPLICATIONS}*")]),
    ("emr-serverless:deleteApplication.sync", {"ApplicationId": "x"}, [("emr-serverless:DeleteApplication emr-serverless:GetApplication", f"{APPLICATIONS}x"), of_rule("StepFunctionsGetEventsForEMRServerlessApplicationRule")]),
    ("emr-serverless:startJobRun.sync", {"ApplicationId": "x", "ExecutionRoleArn": ROLE}, [("emr-serverless:StartJobRun", f"{APPLICATIONS}x"), passing(ROLE, "emr-serverless.amazonaws.com"), ("emr-serverless:GetJobRun emr-serverless:CancelJobRun", f"{APPLICATIONS}x/jobruns/*"), of_rule("StepFunctionsGetEventsForEMRServerlessJobRule")]),
    ("emr-serverless:cancelJobRun.sync", {"ApplicationId": "x", "JobRunId": "y"}, [("emr-serverless:CancelJobRun emr-serverless:GetJobRun", f"{APPLICATIONS}x/jobruns/y"), of_rule("StepFunctionsGetEventsForEMRServerlessJobRule")]),
    ("events:putEvents", {"Entries": [{"EventBusName": "b"}]}, [("events:PutEvents", "arn:aws:events:{r}:{a}:event-bus/b")]),
    ("events:putEvents", {"Entries.$": "$.e"}, [("events:PutEvents", "arn:aws:events:*:*:event-bus/*")]),
    ("glue:startJobRun", {"JobName": "j"}, [("glue:StartJobRun", "*")]),
    ("glue:startJobRun.sync", {"JobName": "j"}, [("glue:StartJobRun glue:GetJobRun glue:GetJobRuns glue:BatchStopJobRun", "*")]),
    ("lambda:invoke", {"FunctionName": "f"}, [("lambda:InvokeFunction", "arn:aws:lambda:{r}:{a}:function:f")]),
    ("lambda:invoke", {"FunctionName": "arn:aws:lambda:us-east-1:123456789012:function:f:$LATEST"}, [("lambda:InvokeFunction", "arn:aws:lambda:{r}:{a}:function:f:$LATEST")]),
    ("lambda:invoke", {"FunctionName.$": "$.f"}, [("lambda:InvokeFunction", "arn:aws:lambda:{r}:{a}:function:*")]),
    ("lambda:invoke.waitForTaskToken", {"FunctionName": "f"}, [("lambda:InvokeFunction", "arn:aws:lambda:{r}:{a}:function:f")]),
    ("mediaconvert:createJob", {}, [("iam:PassRole mediaconvert:CreateJob", "*")]),
    ("mediaconvert:createJob.sync", {}, [("iam:PassRole mediaconvert:CreateJob mediaconvert:GetJob mediaconvert:CancelJob", "*"), of_rule("StepFunctionsGetEventsForMediaConvertJobRule")]),
    *((f"sagemaker:create{kind}{suffix}", {f"{kind}Name": "j", **role}, of_sagemaker(kind, arn, rule, sync=bool(suffix), static=True)) for kind, arn, rule, role in SAGEMAKER_JOBS for suffix in ("", ".sync")),
    ("sagemaker:createTrainingJob.sync", {"TrainingJobName.$": "$.j", "RoleArn.$": "$.r"}, of_sagemaker("TrainingJob", "training-job", "Training", sync=True, static=False)),
    ("sagemaker:createTransformJob.sync", {"TransformJobName.$": "$.j"}, of_sagemaker("TransformJob", "transform-job", "Transform", sync=True, static=False)),
    ("sns:publish", {"TopicArn": "arn:aws:sns:us-east-1:123456789012:t"}, [("sns:Publish", "arn:aws:sns:{r}:{a}:t")]),
    ("sns:publish", {"TopicArn.$": "$.t"}, [("sns:Publish", "*")]),
    ("sns:publish", {"PhoneNumber": "+1"}, [("sns:Publish", "*")]),
    ("sns:publish", {"TargetArn": "arn:aws:sns:us-east-1:123456789012:endpoint/x"}, [("sns:Publish", "*")]),
    ("sqs:sendMessage", {"QueueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/q"}, [("sqs:SendMessage", "arn:aws:sqs:{r}:{a}:q")]),
    ("sqs:sendMessage", {"QueueUrl.$": "$.q"}, [("sqs:SendMessage", "*")]),
    ("states:startExecution", {"StateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:n"}, [("states:StartExecution", "arn:aws:states:{r}:{a}:stateMachine:n")]),
    *((f"states:startExecution{suffix}", {"StateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:n"}, [("states:StartExecution", "arn:aws:states:{r}:{a}:stateMachine:n"), ("states:DescribeExecution states:StopExecution", "arn:aws:states:{r}:{a}:execution:n:*"), of_rule("StepFunctionsGetEventsForStepFunctionsExecutionRule")]) for suffix in (".sync", ".sync:2")),
    ("states:startExecution", {"StateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:n:live"}, [("states:StartExecution", "arn:aws:states:{r}:{a}:stateMachine:n", {"ForAnyValue:StringEquals": {"states:StateMachineQualifier": ["live"]}})]),
    ("bedrock:invokeModel", {"ModelId": "m"}, [("bedrock:InvokeModel", "arn:aws:bedrock:{r}::foundation-model/m")]),
    ("bedrock:invokeModel", {"ModelId": "m", "Input": {"S3Uri": "s3://in/x"}, "Output": {"S3Uri": "s3://out/y"}}, [("bedrock:InvokeModel", "arn:aws:bedrock:{r}::foundation-model/m"), ("s3:GetObject", "arn:aws:s3:::in/x"), ("s3:PutObject", "arn:aws:s3:::out/y")]),
    ("apigateway:invoke", {"ApiEndpoint": "abc.execute-api.us-east-1.amazonaws.com", "Method": "GET", "Stage": "prod", "Path": "a", "AuthType": "IAM_ROLE"}, [("execute-api:Invoke", "arn:aws:execute-api:{r}:{a}:abc/prod/GET/a")]),
    ("apigateway:invoke", {"ApiEndpoint.$": "$.e", "Method": "GET", "AuthType": "IAM_ROLE"}, [("execute-api:Invoke", "arn:aws:execute-api:{r}:{a}:*")]),
    ("apigateway:invoke", {"ApiEndpoint": "abc.execute-api.us-east-1.amazonaws.com", "Method": "GET"}, []),
    ("http:invoke", {"ApiEndpoint": "https://api.example.com/x", "Method": "GET", "Authentication": {"ConnectionArn": "arn:aws:events:us-east-1:123456789012:connection/c/1"}}, [("states:InvokeHTTPEndpoint", "arn:aws:states:{r}:{a}:stateMachine:m", {"StringEquals": {"states:HTTPMethod": "GET", "states:HTTPEndpoint": "https://api.example.com/x"}}), ("events:RetrieveConnectionCredentials", "arn:aws:events:{r}:{a}:connection/c/1"), ("secretsmanager:GetSecretValue secretsmanager:DescribeSecret", "arn:aws:secretsmanager:{r}:{a}:secret:events!connection/c/*")]),
    ("aws-sdk:s3:getObject", {"Bucket": "b", "Key.$": "$.k"}, [("s3:GetObject", "arn:aws:s3:::b/*")]),
    ("aws-sdk:dynamodb:query", {"TableName": "t", "IndexName": "i"}, [("dynamodb:Query", "arn:aws:dynamodb:{r}:{a}:table/t/index/i")]),
    ("aws-sdk:secretsmanager:getSecretValue", {"SecretId": "db"}, [("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:{r}:{a}:secret:db-??????")]),
    ("aws-sdk:rekognition:detectLabels", {}, [("rekognition:DetectLabels", "*")]),
    ("aws-sdk:sfn:listStateMachines", {}, [("states:ListStateMachines", "*")]),
]  # fmt: skip


def machine(*states, **more):
    return {"StartAt": "T0", "States": {f"T{index}": state for index, state in enumerate(states)}, **more}


def task(integration, parameters, **more):
    return {
        "Type": "Task",
        "Resource": f"arn:aws:states:::{integration}",
        "Parameters": parameters,
        "End": True,
        **more,
    }


def pairs(statements):
    """Statements as (action in small letters, resource, condition), so that grouping does not matter."""
    return {
        (action.lower(), resource, json.dumps(statement.get("Condition", {}), sort_keys=True))
        for statement in statements
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
        for resource in ([statement["Resource"]] if isinstance(statement["Resource"], str) else statement["Resource"])
    }


def demanded(rows):
    return pairs(
        {
            "Action": row[0].split(),
            "Resource": row[1].replace("{r}", PLACE.region).replace("{a}", PLACE.account).split(),
            **({"Condition": row[2]} if len(row) > 2 else {}),
        }
        for row in rows
    )


def written(definition, facts=FACTS, runs=(), **more):
    return write(definition, facts, find_operation, runs, **more)


@pytest.mark.parametrize(
    ("integration", "parameters", "rows"), PAGES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_the_policy_of_an_integration_is_what_its_page_demands(integration, parameters, rows):
    found = written(machine(task(integration, parameters)))
    assert pairs(document(found.own)["Statement"]) == demanded(rows)
    assert not found.unknown


@pytest.mark.parametrize(
    ("integration", "parameters", "rows"), PAGES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_jsonata_has_the_same_policy(integration, parameters, rows):
    def in_jsonata(value):
        if isinstance(value, dict):
            return {
                name.removesuffix(".$"): "{% $states.input.x %}" if name.endswith(".$") else in_jsonata(item)
                for name, item in value.items()
            }
        return [in_jsonata(item) for item in value] if isinstance(value, list) else value

    state = task(integration, {})
    del state["Parameters"]
    found = written(machine({**state, "Arguments": in_jsonata(parameters)}, QueryLanguage="JSONata"))
    assert pairs(document(found.own)["Statement"]) == demanded(rows)


def test_every_optimized_integration_has_a_policy():
    covered = {tuple(integration.partition(".")[0].split(":")) for integration, _, _ in PAGES}
    left = set(ACTIONS) - covered
    for service, action in left:
        found = written(machine(task(f"{service}:{action}", {})))
        assert found.own, f"{service}:{action}"
        assert not found.unknown
    assert left <= {
        *(("codebuild", name) for name in ("retryBuildBatch", "stopBuildBatch", "deleteBuildBatch")),
        *(("sagemaker", name) for name in ("createEndpoint", "createEndpointConfig", "createModel", "updateEndpoint")),
        ("bedrock", "createModelCustomizationJob"),
        ("bedrockagentcore", "invokeHarness"),
    }


def test_a_function_by_its_arn():
    arn = "arn:aws:lambda:us-east-1:123456789012:function:f"
    found = written(machine({"Type": "Task", "Resource": arn, "End": True}))
    assert pairs(document(found.own)["Statement"]) == demanded([("lambda:InvokeFunction", arn)])


def test_an_activity_needs_nothing():
    arn = "arn:aws:states:us-east-1:123456789012:activity:a"
    assert written(machine({"Type": "Task", "Resource": arn, "End": True})).own == []


def test_a_task_that_takes_on_a_role_needs_its_rights_there():
    other = "arn:aws:iam::444455556666:role/Other"
    found = written(machine(task("sqs:sendMessage", {"QueueUrl.$": "$.q"}, Credentials={"RoleArn": other})))
    assert pairs(document(found.own)["Statement"]) == demanded([("sts:AssumeRole", other)])
    assert pairs(document(found.others[other])["Statement"]) == demanded([("sqs:SendMessage", "*")])
    computed = written(machine(task("sqs:sendMessage", {}, Credentials={"RoleArn.$": "$.r"})))
    assert pairs(document(computed.own)["Statement"]) == demanded([("sts:AssumeRole", "*")])


def distributed(**more):
    return {
        "Type": "Map",
        "Label": "each",
        "End": True,
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            **machine(task("sqs:sendMessage", {"QueueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/q"})),
        },
        **more,
    }


DISTRIBUTED = [
    ("states:StartExecution", "arn:aws:states:{r}:{a}:stateMachine:m"),
    ("states:DescribeExecution states:StopExecution", "arn:aws:states:{r}:{a}:execution:m:*"),
    ("states:RedriveExecution", "arn:aws:states:{r}:{a}:execution:m/each:*"),
    ("sqs:SendMessage", "arn:aws:sqs:{r}:{a}:q"),
]
WRITES = "s3:PutObject s3:GetObject s3:ListMultipartUploadParts s3:AbortMultipartUpload"


@pytest.mark.parametrize(
    ("more", "rows"),
    [
        ({}, []),
        ({"ItemReader": {"Resource": "arn:aws:states:::s3:getObject", "Parameters": {"Bucket": "b", "Key": "k"}}}, [("s3:GetObject", "arn:aws:s3:::b/k")]),
        ({"ItemReader": {"Resource": "arn:aws:states:::s3:getObject", "Parameters": {"Bucket.$": "$.b", "Key.$": "$.k"}}}, [("s3:GetObject", "arn:aws:s3:::*/*")]),
        ({"ItemReader": {"Resource": "arn:aws:states:::s3:listObjectsV2", "Parameters": {"Bucket": "b", "Prefix": "p"}}}, [("s3:ListBucket", "arn:aws:s3:::b")]),
        ({"ResultWriter": {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b", "Prefix": "out"}}}, [(WRITES, "arn:aws:s3:::b/out/*")]),
        ({"ResultWriter": {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b", "Prefix.$": "$.p"}}}, [(WRITES, "arn:aws:s3:::b/*")]),
        ({"ResultWriter": {"WriterConfig": {"OutputType": "JSON"}}}, []),
    ],
)  # fmt: skip
def test_a_distributed_map(more, rows):
    found = written(machine(distributed(**more)))
    assert pairs(document(found.own)["Statement"]) == demanded([*DISTRIBUTED, *rows])


def test_what_the_machine_itself_needs():
    key = "arn:aws:kms:us-east-1:123456789012:key/1"
    found = written(machine({"Type": "Succeed"}), Facts(PLACE, "m", logs=True, traced=True, key=key))
    assert pairs(document(found.own)["Statement"]) == demanded(
        [
            ("logs:CreateLogDelivery logs:GetLogDelivery logs:UpdateLogDelivery logs:DeleteLogDelivery logs:ListLogDeliveries logs:PutResourcePolicy logs:DescribeResourcePolicies logs:DescribeLogGroups", "*"),
            ("xray:PutTraceSegments xray:PutTelemetryRecords xray:GetSamplingRules xray:GetSamplingTargets", "*"),
            ("kms:Decrypt kms:GenerateDataKey", key, {"StringEquals": {"kms:EncryptionContext:aws:states:stateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:m"}}),
            ("kms:GenerateDataKey", key, {"StringEquals": {"kms:EncryptionContext:SourceArn": "arn:aws:logs:us-east-1:123456789012:*"}}),
        ]
    )  # fmt: skip


def test_what_a_template_puts_in_is_a_wildcard():
    found = written(
        machine(
            task("dynamodb:putItem", {"TableName": "${Table}"}),
            task("dynamodb:getItem", {"TableName": "${Stage}-orders"}),
            {"Type": "Task", "Resource": "${FunctionArn}", "End": True},
            {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:${Name}", "End": True},
        )
    )
    rows = [
        ("dynamodb:PutItem", "*"),
        ("dynamodb:GetItem", "arn:aws:dynamodb:{r}:{a}:table/*-orders"),
        ("lambda:InvokeFunction", "arn:aws:lambda:{r}:{a}:function:*"),
    ]
    assert pairs(document(found.own)["Statement"]) == demanded(rows)
    assert found.unknown == ["What T2 needs is not known: its Resource is put in when it is deployed."]


def test_runs_show_what_a_computed_argument_was():
    definition = machine(
        task("dynamodb:putItem", {"TableName.$": "$.t"}), task("sqs:sendMessage", {"QueueUrl.$": "$.q"})
    )
    runs = [AskedByRun("T0", {"TableName": "a"}), AskedByRun("T0", {"TableName": "b"})]
    table = "arn:aws:dynamodb:{r}:{a}:table/"
    put = ("dynamodb:PutItem", f"{table}a {table}b")
    assert pairs(document(written(definition, runs=runs).own)["Statement"]) == demanded([put, ("sqs:SendMessage", "*")])
    assert pairs(document(written(definition, runs=runs, only_runs=True).own)["Statement"]) == demanded([put])


def test_a_right_on_everything_stands_for_the_rights_on_parts():
    found = written(
        machine(
            task("sqs:sendMessage", {"QueueUrl.$": "$.q"}),
            task("sqs:sendMessage", {"QueueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/q"}),
        )
    )
    assert document(found.own)["Statement"] == [{"Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": "*"}]


@pytest.mark.parametrize("file", sorted(MACHINES.glob("*.json")) or [None], ids=lambda file: file.stem if file else "")
def test_the_policy_of_a_real_machine_allows_what_it_says(file):
    if file is None:
        pytest.skip(f"{MACHINES} is absent")
    text = file.read_text(encoding="utf-8")
    found = written(json.loads(text))
    assert all("is put in when it is deployed" in each for each in found.unknown)
    assert found.own or '"Task"' not in text or found.unknown
    rights = policy(document(found.own))
    user = Principal("arn:aws:sts::123456789012:assumed-role/R/x", "123456789012", ROLE, "session")
    for right in found.own:
        context = {
            key.lower(): value if isinstance(value, list) else [value]
            for keys in json.loads(right.condition).values()
            for key, value in keys.items()
        }
        for action in right.actions:
            for resource in right.resources:
                assert decide(Asked(user, action, resource, context=context), Policies([rights]))
