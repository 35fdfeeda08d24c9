"""Jobs: how a ``.sync`` integration sees that what it has started has ended. One table, one way to ask.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-sync, and the states of
each service's jobs in its API reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

JSONObject = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Job:
    """What is asked about a job, and what the answers mean. Texts are JMESPath, of botocore's answers.

    What says where the job is reads ``request`` and ``answer``: those of the operation that has started it.
    """

    ask: str
    """The operation that tells how the job goes."""
    by: Mapping[str, str]
    """Its parameters."""
    status: str
    done: frozenset[str]
    failed: frozenset[str]
    broken: str | None = None
    """What must not be there when it is done."""
    gone: frozenset[str] = frozenset()
    """Error codes that say that it is done: what was to be deleted is not there any more."""
    result: str = "@"
    """What of the answer is the result; this one by Step Functions' names."""
    tagged: bool = False
    """Whether the result also has the tags that the job was started with, as an object: ``{name: value}``."""
    stop: tuple[str, Mapping[str, str]] | None = None
    """The operation that stops it, and its parameters; none where AWS lets it go on."""


def locate(by: Mapping[str, str], request: JSONObject, answer: JSONObject) -> dict[str, Any]:
    """The parameters that name a job."""
    return {name: search(path, {"request": request, "answer": answer}) for name, path in by.items()}


def search(path: str, value: Any) -> Any:
    """What a JMESPath finds."""
    import jmespath  # type: ignore[import-untyped]

    return jmespath.search(path, value)


def pause(look: int) -> float:
    """How many seconds to wait before the first, second... look: one at first, a minute in the end."""
    return min(60.0, 2.0 ** (look // 5))


MOST_LOOKS: Final = 100
"""How often a job is asked about before it is taken for one that does not end."""

WHY: Final = "'Stopped by Step Functions'"


def _job(ask: str, by: Mapping[str, str], status: str, done: str, failed: str, **more: Any) -> Job:
    return Job(ask, by, status, frozenset(done.split()), frozenset(failed.split()), **more)


def _sagemaker(kind: str) -> Job:
    by = {f"{kind}Name": f"request.{kind}Name"}
    stop = (f"Stop{kind}", by)
    return _job(f"Describe{kind}", by, f"{kind}Status", "Completed", "Failed Stopped", tagged=True, stop=stop)


def _application(done: str, failed: str = "") -> Job:
    by = {"applicationId": "request.applicationId || answer.applicationId"}
    return _job("GetApplication", by, "application.state", done, failed)


_BUILD_BATCH: Final = _job(
    "BatchGetBuildBatches",
    {"ids": "[answer.buildBatch.id]"},
    "buildBatches[0].buildBatchStatus",
    "SUCCEEDED",
    "FAILED FAULT TIMED_OUT STOPPED",
    result="{BuildBatch: BuildBatches[0]}",
    stop=("StopBuildBatch", {"id": "answer.buildBatch.id"}),
)
_CLUSTER: Final = {"name": "answer.cluster.name"}
_NODEGROUP: Final = {"clusterName": "request.clusterName", "nodegroupName": "request.nodegroupName"}
_FARGATE: Final = {"clusterName": "request.clusterName", "fargateProfileName": "request.fargateProfileName"}
_GONE: Final = frozenset({"ResourceNotFoundException"})
_SERVERLESS_RUN: Final = {
    "applicationId": "answer.applicationId || request.applicationId",
    "jobRunId": "answer.jobRunId",
}
_CONTAINERS_RUN: Final = {"virtualClusterId": "answer.virtualClusterId", "id": "answer.id"}
_EMR_STATE: Final = "Cluster.Status.State"
_WITH_CLUSTER_ID: Final = "merge(@, {ClusterId: Cluster.Id})"

JOBS: Final[Mapping[tuple[str, str], Job]] = {
    ("athena", "startQueryExecution"): _job(
        "GetQueryExecution",
        {"QueryExecutionId": "answer.QueryExecutionId"},
        "QueryExecution.Status.State",
        "SUCCEEDED",
        "FAILED CANCELLED",
        stop=("StopQueryExecution", {"QueryExecutionId": "answer.QueryExecutionId"}),
    ),
    ("batch", "submitJob"): _job(
        "DescribeJobs",
        {"jobs": "[answer.jobId]"},
        "jobs[0].status",
        "SUCCEEDED",
        "FAILED",
        result="Jobs[0]",
        stop=("TerminateJob", {"jobId": "answer.jobId", "reason": WHY}),
    ),
    ("bedrock", "createModelCustomizationJob"): _job(
        "GetModelCustomizationJob",
        {"jobIdentifier": "request.jobName"},
        "status",
        "Completed",
        "Failed Stopped",
        stop=("StopModelCustomizationJob", {"jobIdentifier": "request.jobName"}),
    ),
    ("codebuild", "startBuild"): _job(
        "BatchGetBuilds",
        {"ids": "[answer.build.id]"},
        "builds[0].buildStatus",
        "SUCCEEDED",
        "FAILED FAULT TIMED_OUT STOPPED",
        result="{Build: Builds[0]}",
        stop=("StopBuild", {"id": "answer.build.id"}),
    ),
    ("codebuild", "startBuildBatch"): _BUILD_BATCH,
    ("codebuild", "retryBuildBatch"): _BUILD_BATCH,
    ("databrew", "startJobRun"): _job(
        "DescribeJobRun",
        {"Name": "request.Name", "RunId": "answer.RunId"},
        "State",
        "SUCCEEDED",
        "FAILED TIMEOUT STOPPED",
        stop=("StopJobRun", {"Name": "request.Name", "RunId": "answer.RunId"}),
    ),
    ("ecs", "runTask"): _job(
        "DescribeTasks",
        {"cluster": "answer.tasks[0].clusterArn", "tasks": "[answer.tasks[0].taskArn]"},
        "tasks[0].lastStatus",
        "STOPPED",
        "",
        broken="tasks[0].stopCode == 'TaskFailedToStart' || tasks[0].containers[?exitCode && exitCode != `0`]",
        result="Tasks[0]",
        stop=(
            "StopTask",
            {"cluster": "answer.tasks[0].clusterArn", "task": "answer.tasks[0].taskArn", "reason": WHY},
        ),
    ),
    ("eks", "createCluster"): _job("DescribeCluster", _CLUSTER, "cluster.status", "ACTIVE", "FAILED DELETING"),
    ("eks", "deleteCluster"): _job("DescribeCluster", _CLUSTER, "cluster.status", "", "FAILED ACTIVE", gone=_GONE),
    ("eks", "createNodegroup"): _job(
        "DescribeNodegroup", _NODEGROUP, "nodegroup.status", "ACTIVE", "CREATE_FAILED DEGRADED DELETING"
    ),
    ("eks", "deleteNodegroup"): _job(
        "DescribeNodegroup", _NODEGROUP, "nodegroup.status", "", "DELETE_FAILED", gone=_GONE
    ),
    ("eks", "createFargateProfile"): _job(
        "DescribeFargateProfile", _FARGATE, "fargateProfile.status", "ACTIVE", "CREATE_FAILED DELETING"
    ),
    ("eks", "deleteFargateProfile"): _job(
        "DescribeFargateProfile", _FARGATE, "fargateProfile.status", "", "DELETE_FAILED", gone=_GONE
    ),
    ("elasticmapreduce", "createCluster"): _job(
        "DescribeCluster",
        {"ClusterId": "answer.JobFlowId"},
        _EMR_STATE,
        "WAITING",
        "TERMINATED TERMINATED_WITH_ERRORS",
        result=_WITH_CLUSTER_ID,
    ),
    ("elasticmapreduce", "terminateCluster"): _job(
        "DescribeCluster",
        {"ClusterId": "request.JobFlowIds[0]"},
        _EMR_STATE,
        "TERMINATED TERMINATED_WITH_ERRORS",
        "",
        result=_WITH_CLUSTER_ID,
    ),
    ("elasticmapreduce", "addStep"): _job(
        "DescribeStep",
        {"ClusterId": "request.JobFlowId", "StepId": "answer.StepIds[0]"},
        "Step.Status.State",
        "COMPLETED",
        "CANCELLED FAILED INTERRUPTED",
        result="merge(@, {StepId: Step.Id})",
        stop=("CancelSteps", {"ClusterId": "request.JobFlowId", "StepIds": "answer.StepIds"}),
    ),
    ("emr-containers", "deleteVirtualCluster"): _job(
        "DescribeVirtualCluster", {"id": "answer.id"}, "virtualCluster.state", "TERMINATED", "ARRESTED", gone=_GONE
    ),
    ("emr-containers", "startJobRun"): _job(
        "DescribeJobRun",
        _CONTAINERS_RUN,
        "jobRun.state",
        "COMPLETED",
        "FAILED CANCELLED",
        stop=("CancelJobRun", _CONTAINERS_RUN),
    ),
    ("emr-serverless", "cancelJobRun"): _job(
        "GetJobRun", _SERVERLESS_RUN, "jobRun.state", "CANCELLED SUCCESS FAILED", ""
    ),
    ("emr-serverless", "createApplication"): _application("CREATED STARTED", "TERMINATED"),
    ("emr-serverless", "deleteApplication"): _application("TERMINATED"),
    ("emr-serverless", "startApplication"): _application("STARTED", "STOPPED TERMINATED"),
    ("emr-serverless", "startJobRun"): _job(
        "GetJobRun",
        _SERVERLESS_RUN,
        "jobRun.state",
        "SUCCESS",
        "FAILED CANCELLED",
        stop=("CancelJobRun", _SERVERLESS_RUN),
    ),
    ("emr-serverless", "stopApplication"): _application("STOPPED CREATED", "TERMINATED"),
    ("glue", "startJobRun"): _job(
        "GetJobRun",
        {"JobName": "request.JobName", "RunId": "answer.JobRunId"},
        "JobRun.JobRunState",
        "SUCCEEDED",
        "FAILED STOPPED TIMEOUT ERROR EXPIRED",
        result="JobRun",
        stop=("BatchStopJobRun", {"JobName": "request.JobName", "JobRunIds": "[answer.JobRunId]"}),
    ),
    ("mediaconvert", "createJob"): _job(
        "GetJob",
        {"Id": "answer.Job.Id"},
        "Job.Status",
        "COMPLETE",
        "CANCELED ERROR",
        stop=("CancelJob", {"Id": "answer.Job.Id"}),
    ),
    **{
        ("sagemaker", f"create{kind}"): _sagemaker(kind)
        for kind in ("HyperParameterTuningJob", "LabelingJob", "ProcessingJob", "TrainingJob", "TransformJob")
    },
}
"""Service and action of each integration that has ``.sync`` -> its job; that of Step Functions tells of itself."""
