"""What the optimized integrations need, as AWS's page of each demands. Data.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/service-integration-iam-templates.html and the page of each
integration ("IAM policies"); the rules of EventBridge by which ``.sync`` hears of the end of jobs are named there, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True)
class Grant:
    """Some actions on some resources.

    A resource is a template: ``{p}``, ``{r}`` and ``{a}`` are partition, region and account, ``{TableName}`` is an
    argument of the Task. Where an argument is not known, ``dynamic`` is meant instead.
    """

    actions: str
    resources: tuple[str, ...]
    dynamic: tuple[str, ...] = ()
    """The same as ``resources`` if empty."""
    waiting: str = ""
    """Further actions on the same resources, for ``.sync``."""
    sync: bool = False
    """Whether it is for ``.sync`` alone."""
    condition: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    optional: bool = False
    """Whether it is not needed where the Task leaves the argument out."""


def _rule(name: str) -> Grant:
    """The rule of EventBridge by which Step Functions hears that a job has ended."""
    return Grant(
        "events:PutTargets events:PutRule events:DescribeRule",
        (f"arn:{{p}}:events:{{r}}:{{a}}:rule/StepFunctionsGetEvent{name}Rule",),
        sync=True,
    )


def _pass(role: str, service: str = "", dynamic: str = "arn:{p}:iam::{a}:role/*") -> Grant:
    """The right to hand a role to a service."""
    condition = {"StringEquals": {"iam:PassedToService": service}} if service else {}
    return Grant("iam:PassRole", (role,), (dynamic,), condition=condition)


def _linked(service: str, role: str) -> Grant:
    """The right to have the role made that a service needs once in every account."""
    return Grant(
        "iam:CreateServiceLinkedRole",
        (f"arn:{{p}}:iam::{{a}}:role/aws-service-role/{service}/{role}",),
        condition={"StringLike": {"iam:AWSServiceName": service}},
    )


_EVERYTHING: Final = ("*",)

# Athena reads and writes its tables and results with the rights of whoever asks.
_ATHENA: Final = ("arn:{p}:athena:{r}:{a}:workgroup/*",)
_ATHENA_DATA: Final = (
    Grant(
        "s3:GetBucketLocation s3:GetObject s3:ListBucket s3:ListBucketMultipartUploads s3:ListMultipartUploadParts "
        "s3:AbortMultipartUpload s3:CreateBucket s3:PutObject",
        ("arn:{p}:s3:::*",),
    ),
    Grant(
        "glue:CreateDatabase glue:GetDatabase glue:GetDatabases glue:UpdateDatabase glue:DeleteDatabase "
        "glue:CreateTable glue:UpdateTable glue:GetTable glue:GetTables glue:DeleteTable glue:BatchDeleteTable "
        "glue:BatchCreatePartition glue:CreatePartition glue:UpdatePartition glue:GetPartition glue:GetPartitions "
        "glue:BatchGetPartition glue:DeletePartition glue:BatchDeletePartition",
        (
            "arn:{p}:glue:{r}:{a}:catalog",
            "arn:{p}:glue:{r}:{a}:database/*",
            "arn:{p}:glue:{r}:{a}:table/*",
            "arn:{p}:glue:{r}:{a}:userDefinedFunction/*",
        ),
    ),
    Grant("lakeformation:GetDataAccess", _EVERYTHING),
)

_PROJECT: Final = ("arn:{p}:codebuild:{r}:{a}:project/{ProjectName}",)
_ANY_PROJECT: Final = ("arn:{p}:codebuild:{r}:*:project/*",)
_CLUSTER: Final = ("arn:{p}:elasticmapreduce:{r}:{a}:cluster/{ClusterId}",)
_ANY_CLUSTER: Final = ("arn:{p}:elasticmapreduce:*:*:cluster/*",)
_VIRTUAL: Final = "arn:{p}:emr-containers:{r}:{a}:/virtualclusters/"
_APPLICATIONS: Final = "arn:{p}:emr-serverless:{r}:{a}:/applications/"
_APPLICATION: Final = ((f"{_APPLICATIONS}{{ApplicationId}}",), (f"{_APPLICATIONS}*",))
_SERVERLESS: Final = _linked("ops.emr-serverless.amazonaws.com", "AWSServiceRoleForAmazonEMRServerless*")


def _sagemaker(kind: str, arn: str, rule: str, role: str = "{RoleArn}") -> tuple[Grant, ...]:
    """A job of SageMaker; its name may be followed by what SageMaker adds."""
    job = f"arn:{{p}}:sagemaker:{{r}}:{{a}}:{arn}/"
    waiting = f"sagemaker:Describe{kind} sagemaker:Stop{kind}"
    return (
        Grant(f"sagemaker:Create{kind}", (f"{job}{{{kind}Name}}*",), (f"{job}*",), waiting=waiting),
        Grant("sagemaker:ListTags", _EVERYTHING),
        _pass(role, "sagemaker.amazonaws.com"),
        _rule(f"sForSageMaker{rule}Jobs"),
    )


GRANTS: Final[Mapping[tuple[str, str], tuple[Grant, ...]]] = {
    ("athena", "startQueryExecution"): (
        Grant(
            "athena:StartQueryExecution athena:GetDataCatalog",
            ("arn:{p}:athena:{r}:{a}:workgroup/{WorkGroup}", "arn:{p}:athena:{r}:{a}:datacatalog/*"),
            ("arn:{p}:athena:{r}:{a}:workgroup/*", "arn:{p}:athena:{r}:{a}:datacatalog/*"),
            waiting="athena:StopQueryExecution athena:GetQueryExecution",
        ),
        *_ATHENA_DATA,
    ),
    ("athena", "stopQueryExecution"): (Grant("athena:StopQueryExecution", _ATHENA),),
    ("athena", "getQueryExecution"): (Grant("athena:GetQueryExecution", _ATHENA),),
    ("athena", "getQueryResults"): (
        Grant("athena:GetQueryResults", _ATHENA),
        Grant("s3:GetObject", ("arn:{p}:s3:::*",)),
    ),
    ("batch", "submitJob"): (
        Grant("batch:SubmitJob", _EVERYTHING, waiting="batch:DescribeJobs batch:TerminateJob"),
        _rule("sForBatchJobs"),
    ),
    ("bedrock", "invokeModel"): (
        Grant(
            "bedrock:InvokeModel",
            ("arn:{p}:bedrock:{r}::foundation-model/{ModelId}",),
            ("arn:{p}:bedrock:{r}::foundation-model/*",),
        ),
    ),
    ("bedrock", "createModelCustomizationJob"): (
        Grant(
            "bedrock:CreateModelCustomizationJob bedrock:CreateTags",
            (
                "arn:{p}:bedrock:{r}::foundation-model/{BaseModelIdentifier}",
                "arn:{p}:bedrock:{r}:{a}:custom-model/*",
                "arn:{p}:bedrock:{r}:{a}:model-customization-job/*",
            ),
            (
                "arn:{p}:bedrock:{r}::foundation-model/*",
                "arn:{p}:bedrock:{r}:{a}:custom-model/*",
                "arn:{p}:bedrock:{r}:{a}:model-customization-job/*",
            ),
        ),
        Grant(
            "bedrock:GetModelCustomizationJob bedrock:StopModelCustomizationJob",
            ("arn:{p}:bedrock:{r}:{a}:model-customization-job/*",),
            sync=True,
        ),
        _pass("{RoleArn}"),
    ),
    ("codebuild", "startBuild"): (
        Grant("codebuild:StartBuild", _PROJECT, _ANY_PROJECT, "codebuild:StopBuild codebuild:BatchGetBuilds"),
        _rule("ForCodeBuildStartBuild"),
    ),
    ("codebuild", "startBuildBatch"): (
        Grant(
            *("codebuild:StartBuildBatch", _PROJECT, _ANY_PROJECT),
            "codebuild:StopBuildBatch codebuild:BatchGetBuildBatches",
        ),
        _rule("ForCodeBuildStartBuildBatch"),
    ),
    ("codebuild", "retryBuildBatch"): (
        Grant(
            *("codebuild:RetryBuildBatch", _ANY_PROJECT, _ANY_PROJECT),
            "codebuild:StopBuildBatch codebuild:BatchGetBuildBatches",
        ),
        _rule("ForCodeBuildStartBuildBatch"),
    ),
    ("codebuild", "stopBuild"): (Grant("codebuild:StopBuild", _ANY_PROJECT),),
    ("codebuild", "stopBuildBatch"): (Grant("codebuild:StopBuildBatch", _ANY_PROJECT),),
    ("codebuild", "deleteBuildBatch"): (Grant("codebuild:DeleteBuildBatch", _ANY_PROJECT),),
    ("codebuild", "batchDeleteBuilds"): (Grant("codebuild:BatchDeleteBuilds", _ANY_PROJECT),),
    ("codebuild", "batchGetReports"): (
        Grant("codebuild:BatchGetReports", ("arn:{p}:codebuild:{r}:*:report-group/*",)),
    ),
    ("databrew", "startJobRun"): (
        Grant(
            *("databrew:StartJobRun", ("arn:{p}:databrew:{r}:{a}:job/*",)),
            waiting="databrew:ListJobRuns databrew:StopJobRun",
        ),
    ),
    **{
        ("dynamodb", f"{verb}Item"): (
            Grant(f"dynamodb:{verb.capitalize()}Item", ("arn:{p}:dynamodb:{r}:{a}:table/{TableName}",), _EVERYTHING),
        )
        for verb in ("get", "put", "update", "delete")
    },
    ("ecs", "runTask"): (
        Grant("ecs:RunTask", ("arn:{p}:ecs:{r}:{a}:task-definition/{TaskDefinition}",), _EVERYTHING),
        Grant("ecs:StopTask ecs:DescribeTasks", _EVERYTHING, sync=True),
        _rule("sForECSTask"),
    ),
    ("eks", "call"): (),
    ("eks", "runJob"): (),
    ("eks", "createCluster"): (
        Grant("eks:CreateCluster", _EVERYTHING),
        Grant("eks:DescribeCluster eks:DeleteCluster", ("arn:{p}:eks:{r}:{a}:cluster/*",), sync=True),
        _pass("{RoleArn}", "eks.amazonaws.com"),
    ),
    ("eks", "createNodegroup"): (
        Grant("ec2:DescribeSubnets eks:CreateNodegroup", _EVERYTHING),
        Grant("eks:DescribeNodegroup eks:DeleteNodegroup", ("arn:{p}:eks:{r}:{a}:nodegroup/*",), sync=True),
        Grant("iam:GetRole iam:ListAttachedRolePolicies", ("arn:{p}:iam::{a}:role/*",)),
        _pass("{NodeRole}", "eks.amazonaws.com"),
    ),
    ("eks", "createFargateProfile"): (
        Grant("eks:CreateFargateProfile", _EVERYTHING),
        Grant(
            *("eks:DescribeFargateProfile eks:DeleteFargateProfile", ("arn:{p}:eks:{r}:{a}:fargateprofile/*",)),
            sync=True,
        ),
        _pass("{PodExecutionRoleArn}", "eks.amazonaws.com"),
    ),
    ("eks", "deleteCluster"): (
        Grant(
            *("eks:DeleteCluster", ("arn:{p}:eks:{r}:{a}:cluster/{Name}",), ("arn:{p}:eks:{r}:{a}:cluster/*",)),
            "eks:DescribeCluster",
        ),
    ),
    ("eks", "deleteNodegroup"): (
        Grant(
            "eks:DeleteNodegroup",
            ("arn:{p}:eks:{r}:{a}:nodegroup/{ClusterName}/{NodegroupName}/*",),
            ("arn:{p}:eks:{r}:{a}:nodegroup/*",),
            "eks:DescribeNodegroup",
        ),
    ),
    ("eks", "deleteFargateProfile"): (
        Grant(
            "eks:DeleteFargateProfile",
            ("arn:{p}:eks:{r}:{a}:fargateprofile/{ClusterName}/{FargateProfileName}/*",),
            ("arn:{p}:eks:{r}:{a}:fargateprofile/*",),
            "eks:DescribeFargateProfile",
        ),
    ),
    ("elasticmapreduce", "addStep"): (
        Grant(
            *("elasticmapreduce:AddJobFlowSteps", _CLUSTER, _ANY_CLUSTER),
            "elasticmapreduce:DescribeStep elasticmapreduce:CancelSteps",
        ),
        _rule("ForEMRAddJobFlowSteps"),
    ),
    ("elasticmapreduce", "cancelStep"): (Grant("elasticmapreduce:CancelSteps", _CLUSTER, _ANY_CLUSTER),),
    ("elasticmapreduce", "createCluster"): (
        Grant(
            *("elasticmapreduce:RunJobFlow", _EVERYTHING),
            waiting="elasticmapreduce:DescribeCluster elasticmapreduce:TerminateJobFlows",
        ),
        *(
            Grant(
                "iam:PassRole", (f"arn:{{p}}:iam::{{a}}:role/{{{role}}}",), ("arn:{p}:iam::{a}:role/*",), optional=True
            )
            for role in ("ServiceRole", "JobFlowRole", "AutoScalingRole")
        ),
        _rule("ForEMRRunJobFlow"),
    ),
    ("elasticmapreduce", "setClusterTerminationProtection"): (
        Grant("elasticmapreduce:SetTerminationProtection", _CLUSTER, _ANY_CLUSTER),
    ),
    ("elasticmapreduce", "modifyInstanceFleetByName"): (
        Grant("elasticmapreduce:ModifyInstanceFleet elasticmapreduce:ListInstanceFleets", _CLUSTER, _ANY_CLUSTER),
    ),
    ("elasticmapreduce", "modifyInstanceGroupByName"): (
        Grant("elasticmapreduce:ModifyInstanceGroups elasticmapreduce:ListInstanceGroups", _CLUSTER, _EVERYTHING),
    ),
    ("elasticmapreduce", "terminateCluster"): (
        Grant("elasticmapreduce:TerminateJobFlows", _CLUSTER, _ANY_CLUSTER, waiting="elasticmapreduce:DescribeCluster"),
        _rule("ForEMRTerminateJobFlows"),
    ),
    ("emr-containers", "createVirtualCluster"): (
        Grant("emr-containers:CreateVirtualCluster", _EVERYTHING),
        _linked("emr-containers.amazonaws.com", "AWSServiceRoleForAmazonEMRContainers"),
    ),
    ("emr-containers", "deleteVirtualCluster"): (
        Grant(
            "emr-containers:DeleteVirtualCluster",
            (f"{_VIRTUAL}{{Id}}",),
            (f"{_VIRTUAL}*",),
            "emr-containers:DescribeVirtualCluster",
        ),
    ),
    ("emr-containers", "startJobRun"): (
        Grant(
            "emr-containers:StartJobRun",
            (f"{_VIRTUAL}{{VirtualClusterId}}",),
            (f"{_VIRTUAL}*",),
            condition={"StringEquals": {"emr-containers:ExecutionRoleArn": "{ExecutionRoleArn}"}},
        ),
        Grant(
            "emr-containers:DescribeJobRun emr-containers:CancelJobRun",
            (f"{_VIRTUAL}{{VirtualClusterId}}/jobruns/*",),
            (f"{_VIRTUAL}*",),
            sync=True,
        ),
    ),
    ("emr-serverless", "createApplication"): (
        Grant("emr-serverless:CreateApplication", ("arn:{p}:emr-serverless:{r}:{a}:/*",)),
        Grant("emr-serverless:GetApplication emr-serverless:DeleteApplication", (f"{_APPLICATIONS}*",), sync=True),
        _rule("sForEMRServerlessApplication"),
        _SERVERLESS,
    ),
    ("emr-serverless", "startApplication"): (
        Grant(
            *("emr-serverless:StartApplication", *_APPLICATION),
            "emr-serverless:GetApplication emr-serverless:StopApplication",
        ),
        _rule("sForEMRServerlessApplication"),
    ),
    ("emr-serverless", "stopApplication"): (
        Grant("emr-serverless:StopApplication", *_APPLICATION, "emr-serverless:GetApplication"),
        _rule("sForEMRServerlessApplication"),
    ),
    ("emr-serverless", "deleteApplication"): (
        Grant("emr-serverless:DeleteApplication", *_APPLICATION, "emr-serverless:GetApplication"),
        _rule("sForEMRServerlessApplication"),
    ),
    ("emr-serverless", "startJobRun"): (
        Grant("emr-serverless:StartJobRun", *_APPLICATION),
        _pass("{ExecutionRoleArn}", "emr-serverless.amazonaws.com"),
        Grant(
            "emr-serverless:GetJobRun emr-serverless:CancelJobRun",
            (f"{_APPLICATIONS}{{ApplicationId}}/jobruns/*",),
            (f"{_APPLICATIONS}*",),
            sync=True,
        ),
        _rule("sForEMRServerlessJob"),
    ),
    ("emr-serverless", "cancelJobRun"): (
        Grant(
            "emr-serverless:CancelJobRun",
            (f"{_APPLICATIONS}{{ApplicationId}}/jobruns/{{JobRunId}}",),
            (f"{_APPLICATIONS}*",),
            "emr-serverless:GetJobRun",
        ),
        _rule("sForEMRServerlessJob"),
    ),
    ("glue", "startJobRun"): (
        Grant("glue:StartJobRun", _EVERYTHING, waiting="glue:GetJobRun glue:GetJobRuns glue:BatchStopJobRun"),
    ),
    ("mediaconvert", "createJob"): (
        Grant("iam:PassRole", _EVERYTHING),
        Grant("mediaconvert:CreateJob", _EVERYTHING, waiting="mediaconvert:GetJob mediaconvert:CancelJob"),
        _rule("sForMediaConvertJob"),
    ),
    ("sagemaker", "createHyperParameterTuningJob"): _sagemaker(
        "HyperParameterTuningJob", "hyper-parameter-tuning-job", "Tuning", "{TrainingJobDefinition.RoleArn}"
    ),
    ("sagemaker", "createLabelingJob"): _sagemaker("LabelingJob", "labeling-job", "Labeling"),
    ("sagemaker", "createProcessingJob"): _sagemaker("ProcessingJob", "processing-job", "Processing"),
    ("sagemaker", "createTrainingJob"): _sagemaker("TrainingJob", "training-job", "Training"),
    ("sagemaker", "createTransformJob"): _sagemaker("TransformJob", "transform-job", "Transform"),
    ("sqs", "sendMessage"): (Grant("sqs:SendMessage", ("{QueueUrl}",), _EVERYTHING),),
}
"""Service and action of an integration -> what it needs. Integrations that are not here: ``writing``."""
