"""Jobs: ``.sync`` waits for what a service has started, on the clock of the machine."""

from __future__ import annotations

import json

import pytest
from outcomes import details, failure, own

from emulator.integrations.jobs import JOBS, MOST_LOOKS, pause
from emulator.integrations.optimized import ACTIONS

TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})


@pytest.fixture
def role(dynastep):
    return dynastep.client("iam").create_role(RoleName="worker", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]


@pytest.fixture
def cluster(dynastep):
    """A cluster of ECS on which a task could run."""
    ecs = dynastep.client("ecs")
    ecs.create_cluster(clusterName="jobs")
    container = {"name": "main", "image": "job", "cpu": 1, "memory": 64, "essential": True}
    ecs.register_task_definition(family="job", containerDefinitions=[container])
    network = dynastep.client("ec2")
    subnet = network.describe_subnets()["Subnets"][0]["SubnetId"]
    groups = [network.describe_security_groups()["SecurityGroups"][0]["GroupId"]]
    where = {"AwsvpcConfiguration": {"Subnets": [subnet], "SecurityGroups": groups}}
    return {"Cluster": "jobs", "TaskDefinition": "job", "LaunchType": "FARGATE", "NetworkConfiguration": where}


def test_every_action_with_sync_has_a_job():
    waiting = {key for key, action in ACTIONS.items() if ".sync" in action.suffixes}
    assert waiting - JOBS.keys() == {("states", "startExecution"), ("eks", "runJob")}
    assert JOBS.keys() <= waiting


def test_every_job_asks_and_stops_by_operations_and_members_that_there_are():
    for (service, name), job in JOBS.items():
        model = ACTIONS[service, name].model().service_model
        for operation, by in ((job.ask, job.by), *([] if job.stop is None else [job.stop])):
            assert by.keys() <= model.operation_model(operation).input_shape.members.keys(), (service, name)


def test_a_task_of_ecs_runs_to_its_end(call, cluster):
    execution = call("ecs:runTask.sync", cluster)
    assert execution.status == "SUCCEEDED", execution.cause
    assert (execution.output["LastStatus"], execution.output["LaunchType"]) == ("STOPPED", "FARGATE")
    assert [event["type"] for event in execution.history] == [
        *("ExecutionStarted", "TaskStateEntered", "TaskScheduled", "TaskStarted", "TaskSubmitted", "TaskSucceeded"),
        *("TaskStateExited", "ExecutionSucceeded"),
    ]
    submitted = own(json.loads(details(execution, "TaskSubmitted")["output"]))
    assert [task["TaskArn"] for task in submitted["Tasks"]] == [execution.output["TaskArn"]]
    assert submitted["Failures"] == []


def test_a_task_of_ecs_that_is_started_only_answers_at_once(call, cluster):
    execution = call("ecs:runTask", cluster)
    assert own(execution.output)["Tasks"][0]["LastStatus"] == "RUNNING"
    assert execution.elapsed == 0


def test_a_task_of_ecs_stops_with_its_execution(dynastep, create, cluster):
    states, ecs = dynastep.client("stepfunctions"), dynastep.client("ecs")
    run = {"Type": "Task", "Resource": "arn:aws:states:::ecs:runTask.sync", "Parameters": cluster, "End": True}
    machine = {"StartAt": "Run", "States": {"Run": run}}
    dynastep.clock.mode = "manual"
    arn = states.start_execution(stateMachineArn=create("caller", machine))["executionArn"]
    dynastep.clock.advance(seconds=0)
    (task,) = ecs.list_tasks(cluster="jobs")["taskArns"]
    states.stop_execution(executionArn=arn)
    (stopped,) = ecs.describe_tasks(cluster="jobs", tasks=[task])["tasks"]
    assert (stopped["desiredStatus"], stopped["stoppedReason"]) == ("STOPPED", "Stopped by Step Functions")


def test_a_task_of_ecs_stops_when_its_state_times_out(dynastep, call, cluster):
    execution = call("ecs:runTask.sync", cluster, TimeoutSeconds=2)
    assert (execution.error, execution.elapsed) == ("States.Timeout", 2)
    ecs = dynastep.client("ecs")
    tasks = ecs.list_tasks(cluster="jobs", desiredStatus="STOPPED")["taskArns"]
    (stopped,) = ecs.describe_tasks(cluster="jobs", tasks=tasks)["tasks"]
    assert stopped["stoppedReason"] == "Stopped by Step Functions"


def test_a_job_of_glue_runs_to_its_end(dynastep, call, role):
    dynastep.client("glue").create_job(Name="job", Role=role, Command={"Name": "glueetl"})
    execution = call("glue:startJobRun.sync", {"JobName": "job"})
    assert execution.status == "SUCCEEDED", execution.cause
    assert (execution.output["JobRunState"], execution.output["JobName"]) == ("SUCCEEDED", "job")
    assert isinstance(execution.output["StartedOn"], int)
    submitted = own(json.loads(details(execution, "TaskSubmitted")["output"]))
    assert submitted == {"JobName": "job", "JobRunId": execution.output["Id"]}


def test_a_query_of_athena_runs_to_its_end(call):
    request = {"QueryString": "SELECT 1", "ResultConfiguration": {"OutputLocation": "s3://results/"}}
    execution = call("athena:startQueryExecution.sync", request)
    assert execution.status == "SUCCEEDED", execution.cause
    assert execution.output["QueryExecution"]["Status"]["State"] == "SUCCEEDED"
    assert execution.output["QueryExecution"]["Query"] == "SELECT 1"


def test_a_build_of_codebuild_runs_to_its_end(dynastep, call, role):
    dynastep.client("codebuild").create_project(
        name="project",
        source={"type": "S3", "location": "bucket/path"},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={"type": "LINUX_CONTAINER", "image": "i", "computeType": "BUILD_GENERAL1_SMALL"},
        serviceRole=role,
    )
    execution = call("codebuild:startBuild.sync", {"ProjectName": "project"})
    assert execution.status == "SUCCEEDED", execution.cause
    assert execution.output["Build"]["BuildStatus"] == "SUCCEEDED"


def test_a_job_of_batch_runs_to_its_end(dynastep, call, role):
    batch = dynastep.client("batch")
    environment = batch.create_compute_environment(
        computeEnvironmentName="env", type="UNMANAGED", state="ENABLED", serviceRole=role
    )["computeEnvironmentArn"]
    order = [{"order": 1, "computeEnvironment": environment}]
    batch.create_job_queue(jobQueueName="q", state="ENABLED", priority=1, computeEnvironmentOrder=order)
    container = {"image": "job", "vcpus": 1, "memory": 64, "command": ["work"]}
    batch.register_job_definition(jobDefinitionName="d", type="container", containerProperties=container)
    execution = call("batch:submitJob.sync", {"JobName": "j", "JobQueue": "q", "JobDefinition": "d"})
    assert execution.status == "SUCCEEDED", execution.cause
    assert (execution.output["JobName"], execution.output["Status"]) == ("j", "SUCCEEDED")


def test_a_cluster_of_emr_has_a_face_of_its_own(call):
    """Its integration speaks of one cluster and one step where the service has lists."""
    instances = {"KeepJobFlowAliveWhenNoSteps": True, "InstanceCount": 1, "MasterInstanceType": "m5.xlarge"}
    created = call("elasticmapreduce:createCluster.sync", {"Name": "c", "Instances": instances})
    assert created.status == "SUCCEEDED", created.cause
    cluster_id = created.output["ClusterId"]
    assert (created.output["Cluster"]["Id"], created.output["Cluster"]["Status"]["State"]) == (cluster_id, "WAITING")
    step = {"Name": "s", "HadoopJarStep": {"Jar": "command-runner.jar"}}
    added = call("elasticmapreduce:addStep", {"ClusterId": cluster_id, "Step": step})
    assert list(own(added.output)) == ["StepId"]
    protected = {"ClusterId": cluster_id, "TerminationProtected": False}
    assert call("elasticmapreduce:setClusterTerminationProtection", protected).status == "SUCCEEDED"
    ended = call("elasticmapreduce:terminateCluster.sync", {"ClusterId": cluster_id})
    assert ended.output["Cluster"]["Status"]["State"] == "TERMINATED"


def test_a_job_that_moto_does_not_end_is_given_up(call):
    instances = {"KeepJobFlowAliveWhenNoSteps": True, "InstanceCount": 1, "MasterInstanceType": "m5.xlarge"}
    cluster_id = call("elasticmapreduce:createCluster", {"Name": "c", "Instances": instances}).output["ClusterId"]
    step = {"Name": "s", "HadoopJarStep": {"Jar": "command-runner.jar"}}
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Call"}]
    execution = call("elasticmapreduce:addStep.sync", {"ClusterId": cluster_id, "Step": step}, Catch=catch)
    assert (execution.error, execution.cause) == (
        "Dynastep.NotBuilt",
        (
            f"elasticmapreduce:DescribeStep has said 'RUNNING' {MOST_LOOKS} times: moto does not bring this job to an "
            "end. A mock can say how it ends: docs/mocks.md"
        ),
    )
    assert execution.elapsed == sum(pause(look) for look in range(1, MOST_LOOKS + 1))


def test_clusters_of_eks_come_and_go(call, role):
    network = {"SubnetIds": ["subnet-1"]}
    created = call("eks:createCluster.sync", {"Name": "c", "RoleArn": role, "ResourcesVpcConfig": network})
    assert created.status == "SUCCEEDED", created.cause
    assert created.output["Cluster"]["Status"] == "ACTIVE"
    assert call("eks:deleteCluster.sync", {"Name": "c"}).output["Cluster"]["Name"] == "c"
    about = "Service: AmazonEKS; Status Code: 404; Error Code: ResourceNotFoundException; Request ID: ...; Proxy: null"
    said = "EKS.ResourceNotFoundException", f"No cluster found for name: c. ({about})"
    assert failure(call("eks:deleteCluster", {"Name": "c"})) == said


def test_groups_and_profiles_of_eks_come_and_go(call, role):
    call("eks:createCluster.sync", {"Name": "c", "RoleArn": role, "ResourcesVpcConfig": {"SubnetIds": ["subnet-1"]}})
    group = {"ClusterName": "c", "NodegroupName": "n"}
    created = call("eks:createNodegroup.sync", {**group, "NodeRole": role, "Subnets": ["subnet-1"]})
    assert created.output["Nodegroup"]["Status"] == "ACTIVE", created.cause
    assert call("eks:deleteNodegroup.sync", group).output["Nodegroup"]["NodegroupName"] == "n"
    profile = {"ClusterName": "c", "FargateProfileName": "f"}
    selectors = [{"Namespace": "n"}]
    created = call("eks:createFargateProfile.sync", {**profile, "PodExecutionRoleArn": role, "Selectors": selectors})
    assert created.output["FargateProfile"]["Status"] == "ACTIVE", created.cause
    assert call("eks:deleteFargateProfile.sync", profile).status == "SUCCEEDED"


def test_an_application_of_emr_serverless_lives_and_runs_jobs(call, role):
    described = {"Name": "a", "ReleaseLabel": "emr-6.6.0", "Type": "SPARK", "ClientToken": "t"}
    created = call("emr-serverless:createApplication.sync", described)
    application = {"ApplicationId": created.output["Application"]["ApplicationId"]}
    assert created.output["Application"]["State"] in ("CREATED", "STARTED")
    started = call("emr-serverless:startApplication.sync", application)
    assert started.output["Application"]["State"] == "STARTED"
    run = {**application, "ClientToken": "t", "ExecutionRoleArn": role}
    assert call("emr-serverless:startJobRun.sync", run).output["JobRun"]["State"] == "SUCCESS"
    assert call("emr-serverless:stopApplication.sync", application).output["Application"]["State"] == "STOPPED"
    assert call("emr-serverless:deleteApplication.sync", application).output["Application"]["State"] == "TERMINATED"


def test_a_virtual_cluster_comes_and_goes(call, role):
    call("eks:createCluster", {"Name": "c", "RoleArn": role, "ResourcesVpcConfig": {"SubnetIds": ["subnet-1"]}})
    provider = {"Id": "c", "Type": "EKS", "Info": {"EksInfo": {"Namespace": "n"}}}
    created = call(
        "emr-containers:createVirtualCluster", {"Name": "v", "ClientToken": "t", "ContainerProvider": provider}
    )
    deleted = call("emr-containers:deleteVirtualCluster.sync", {"Id": created.output["Id"]})
    assert deleted.output["VirtualCluster"]["State"] == "TERMINATED"


S3 = {"S3Uri": "s3://bucket/"}
MACHINES = {"InstanceType": "ml.m5.large", "InstanceCount": 1}
SAGEMAKER = {
    "TrainingJob": {
        "AlgorithmSpecification": {"TrainingInputMode": "File", "TrainingImage": "i"},
        "OutputDataConfig": {"S3OutputPath": "s3://bucket/"},
        "ResourceConfig": {**MACHINES, "VolumeSizeInGB": 1},
        "StoppingCondition": {"MaxRuntimeInSeconds": 60},
    },
    "TransformJob": {
        "ModelName": "m",
        "TransformInput": {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", **S3}}},
        "TransformOutput": {"S3OutputPath": "s3://bucket/"},
        "TransformResources": MACHINES,
    },
    "ProcessingJob": {
        "ProcessingResources": {"ClusterConfig": {**MACHINES, "VolumeSizeInGB": 1}},
        "AppSpecification": {"ImageUri": "i"},
    },
    "HyperParameterTuningJob": {
        "HyperParameterTuningJobConfig": {"Strategy": "Bayesian", "ResourceLimits": {"MaxParallelTrainingJobs": 1}}
    },
}


@pytest.mark.parametrize("kind", SAGEMAKER)
def test_a_job_of_sagemaker_runs_to_its_end(call, role, kind):
    needs_role = {"RoleArn": role} if kind in ("TrainingJob", "ProcessingJob") else {}
    execution = call(f"sagemaker:create{kind}.sync", {f"{kind}Name": "job", **SAGEMAKER[kind], **needs_role})
    assert execution.status == "SUCCEEDED", execution.cause
    assert (execution.output[f"{kind}Name"], execution.output[f"{kind}Status"]) == ("job", "Completed")


LACKING = [
    ("databrew:startJobRun.sync", {"Name": "j"}, "databrew", "StartJobRun"),
    ("codebuild:startBuildBatch", {"ProjectName": "p"}, "codebuild", "StartBuildBatch"),
    ("mediaconvert:createJob", {"Role": "r", "Settings": {}}, "mediaconvert", "CreateJob"),
    ("sagemaker:updateEndpoint", {"EndpointName": "e", "EndpointConfigName": "c"}, "sagemaker", "UpdateEndpoint"),
]


@pytest.mark.parametrize(("resource", "parameters", "service", "operation"), LACKING)
def test_what_moto_lacks_is_an_error_that_names_it_and_nothing_catches(call, resource, parameters, service, operation):
    always = [{"ErrorEquals": ["States.ALL"]}]
    execution = call(resource, parameters, Catch=[{**always[0], "Next": "Call"}], Retry=always)
    assert execution.error == "Dynastep.NotBuilt"
    assert execution.cause.startswith("moto, behind Dynastep, lacks "), execution.cause
    assert execution.cause.endswith(f"({service}:{operation}). A mock can stand for it: docs/mocks.md")


def test_a_container_that_fails_fails_the_task(call, cluster, monkeypatch):
    """Those of moto never fail, so one is made to."""
    from moto.ecs.models import Container

    made = Container.__init__

    def fail(self, *arguments):
        made(self, *arguments)
        self.exitCode = 3

    monkeypatch.setattr(Container, "__init__", fail)
    execution = call("ecs:runTask.sync", cluster)
    assert execution.error == "States.TaskFailed"
    cause = json.loads(execution.cause)
    assert (cause["LastStatus"], cause["Containers"][0]["ExitCode"]) == ("STOPPED", 3)


@pytest.mark.parametrize("suffix", [".sync", ".waitForTaskToken"])
def test_a_task_that_is_not_started_fails_who_waits_for_its_end(call, cluster, monkeypatch, suffix):
    """moto places every task, so one is not placed here."""
    from moto.ecs.responses import EC2ContainerServiceResponse

    said = json.dumps({"tasks": [], "failures": [{"arn": "a", "reason": "RESOURCE:MEMORY"}]})
    monkeypatch.setattr(EC2ContainerServiceResponse, "run_task", lambda _self: said)
    execution = call(f"ecs:runTask{suffix}", cluster)
    assert execution.error == "AmazonECS.Unknown"
    assert json.loads(execution.cause)["Failures"] == [{"Arn": "a", "Reason": "RESOURCE:MEMORY"}]
    assert own(call("ecs:runTask", cluster).output)["Failures"] == [{"Arn": "a", "Reason": "RESOURCE:MEMORY"}]


def test_a_group_of_instances_is_modified_by_its_name(dynastep, call):
    group = {"InstanceRole": "MASTER", "InstanceCount": 1, "InstanceType": "m5.xlarge", "Name": "first"}
    instances = {"KeepJobFlowAliveWhenNoSteps": True, "InstanceGroups": [group]}
    cluster_id = call("elasticmapreduce:createCluster", {"Name": "c", "Instances": instances}).output["ClusterId"]
    change = {"ClusterId": cluster_id, "InstanceGroupName": "first", "InstanceGroup": {"InstanceCount": 3}}
    assert call("elasticmapreduce:modifyInstanceGroupByName", change).status == "SUCCEEDED"
    (modified,) = dynastep.client("emr").list_instance_groups(ClusterId=cluster_id)["InstanceGroups"]
    assert modified["RequestedInstanceCount"] == 3
    execution = call("elasticmapreduce:modifyInstanceGroupByName", {**change, "InstanceGroupName": "second"})
    assert execution.error == "ElasticMapReduce.InvalidRequestException"


@pytest.mark.parametrize(
    ("resource", "parameters"),
    [
        ("aws-sdk:bedrockruntime:invokeModel", {"ModelId": "m", "Body": {"prompt": "p"}}),
        ("bedrock:invokeModel", {"ModelId": "m", "Body": {"prompt": "p"}}),
        (
            "eks:call",
            {"ClusterName": "c", "CertificateAuthority": "a", "Endpoint": "e", "Method": "GET", "Path": "/api"},
        ),
        ("eks:runJob.sync", {"ClusterName": "c", "CertificateAuthority": "a", "Endpoint": "e", "Job": {}}),
    ],
)
def test_what_nothing_here_does_is_not_pretended(call, resource, parameters):
    execution = call(resource, parameters)
    assert execution.error == "Dynastep.NotBuilt"
    assert execution.cause.endswith("A mock can stand for it: docs/mocks.md")
