"""The optimized integrations: which actions AWS has, how each may wait, and what each takes. Data.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html and the page of each service
("Supported parameters"; where it names none, all of the operation's).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Final

from emulator.integrations import parameters, sdk
from emulator.integrations.parameters import (
    FLAG,
    LISTS,
    OBJECT,
    TEXT,
    TEXTS,
    Alteration,
    Altered,
    Kind,
    Member,
    Parameters,
)

if TYPE_CHECKING:
    from botocore.model import OperationModel

PLAIN: Final = frozenset({""})
SYNC: Final = frozenset({"", ".sync"})
TOKEN: Final = frozenset({"", ".waitForTaskToken"})


@dataclass(frozen=True, slots=True)
class Action:
    """An optimized integration."""

    service: str
    """As the ARN has it."""
    name: str
    suffixes: frozenset[str]
    """How it may wait."""
    operation: str = ""
    """The operation of the service, where it is not that of the name; as an ARN would have it."""
    takes: str = ""
    """The members of the request that it takes, where not all."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Its parameter -> the member of the request; ``Ids[]`` is a list of the one value."""
    answers: Mapping[str, str] = field(default_factory=dict)
    """The member of its answer -> that of the operation's answer, in the same way."""
    texts: frozenset[str] = frozenset()
    """Parameters that may be any JSON."""
    added: Mapping[str, Kind] = field(default_factory=dict)
    """Parameters that only the integration has, not the operation."""
    filled: frozenset[str] = frozenset()
    """Members of the request that Step Functions fills in, and no definition may have."""
    altered: Altered = field(default_factory=dict)
    """Where the structures of its parameters are not as those of the operation."""
    repeats: frozenset[str] = frozenset()
    """Parameters that its answer repeats, beside the members of the operation's."""
    unstarted: str = ""
    """The error of an answer that names Failures, where the end of what was to be started is waited for."""
    model_of: str = ""
    """Botocore's name of the service, where it is not that of the others of the service."""

    @property
    def botocore_service(self) -> str | None:
        """Botocore's name of the service; None if it has no model of it."""
        if self.model_of:
            return self.model_of
        return sdk.OPTIMIZED[self.service][2] if self.service in sdk.OPTIMIZED else None

    def model(self) -> OperationModel | None:
        """Botocore's model of the operation; None if it has none."""
        service = self.botocore_service
        return None if service is None else sdk.find_operation(service, self.operation or self.name)


def _plain(service: str, *names: str, suffixes: frozenset[str] = PLAIN, takes: str = "") -> list[Action]:
    return [Action(service, name, suffixes, takes=takes) for name in names]


_CLUSTER_ID: Final = {"ClusterId": "JobFlowIds[]"}
_RUN_TASK: Final = (
    "CapacityProviderStrategy Cluster EnableExecuteCommand Group LaunchType NetworkConfiguration Overrides "
    "PlacementConstraints PlacementStrategy PlatformVersion PropagateTags ReferenceId Tags TaskDefinition "
    "VolumeConfigurations"
)
_RUN_JOB_FLOW: Final = (
    "AdditionalInfo AmiVersion Applications AutoScalingRole BootstrapActions Configurations CustomAmiId "
    "EbsRootVolumeIops EbsRootVolumeSize EbsRootVolumeThroughput Instances JobFlowRole KerberosAttributes LogUri "
    "LogEncryptionKmsKeyId ManagedScalingPolicy Name NewSupportedProducts OSReleaseLabel PlacementGroupConfigs "
    "ReleaseLabel RepoUpgradeOnBoot ScaleDownBehavior SecurityConfiguration ServiceRole StepConcurrencyLevel "
    "SupportedProducts Tags VisibleToAllUsers AutoTerminationPolicy"
)
"""All but Steps: those are added to the cluster."""

_ACTIONS: Final = (
    Action("apigateway", "invoke", TOKEN),
    *_plain("athena", "startQueryExecution", suffixes=SYNC),
    *_plain("athena", "stopQueryExecution", "getQueryExecution", "getQueryResults"),
    *_plain("batch", "submitJob", suffixes=SYNC),
    Action("bedrock", "invokeModel", TOKEN, added={"Input": TEXTS, "Output": TEXTS}, model_of="bedrock-runtime"),
    *_plain("bedrock", "createModelCustomizationJob", suffixes=SYNC),
    Action("bedrockagentcore", "invokeHarness", PLAIN, model_of="bedrock-agentcore"),
    *_plain("codebuild", "startBuild", "startBuildBatch", "retryBuildBatch", suffixes=SYNC),
    *_plain("codebuild", "stopBuild", "batchDeleteBuilds", "batchGetReports", "stopBuildBatch", "deleteBuildBatch"),
    *_plain("databrew", "startJobRun", suffixes=SYNC),
    *_plain("dynamodb", "getItem", "putItem", "updateItem", "deleteItem"),
    Action(
        *("ecs", "runTask", SYNC | TOKEN),
        takes=_RUN_TASK,
        filled=frozenset({"StartedBy"}),
        unstarted="AmazonECS.Unknown",
    ),
    *_plain("eks", "createCluster", "deleteCluster", "createNodegroup", "deleteNodegroup", suffixes=SYNC),
    *_plain("eks", "createFargateProfile", "deleteFargateProfile", suffixes=SYNC),
    Action("eks", "call", PLAIN),
    Action("eks", "runJob", SYNC),
    Action(
        *("elasticmapreduce", "createCluster", SYNC, "runJobFlow", _RUN_JOB_FLOW),
        altered={"JobFlowInstancesConfig": {"KeepJobFlowAliveWhenNoSteps": Alteration.TRUE}},
        answers={"ClusterId": "JobFlowId", "ClusterArn": "ClusterArn"},
    ),
    Action("elasticmapreduce", "terminateCluster", SYNC, "terminateJobFlows", renamed=_CLUSTER_ID),
    Action("elasticmapreduce", "setClusterTerminationProtection", PLAIN, "setTerminationProtection", "", _CLUSTER_ID),
    Action(
        *("elasticmapreduce", "addStep", SYNC, "addJobFlowSteps"),
        renamed={"ClusterId": "JobFlowId", "Step": "Steps[]"},
        answers={"StepId": "StepIds[]"},
    ),
    Action(
        *("elasticmapreduce", "cancelStep", PLAIN, "cancelSteps"),
        renamed={"StepId": "StepIds[]"},
        answers={"CancelStepsInfo": "CancelStepsInfoList[]"},
    ),
    Action(
        *("elasticmapreduce", "modifyInstanceFleetByName", PLAIN, "modifyInstanceFleet"),
        added={"InstanceFleetName": TEXT},
        altered={
            "ModifyInstanceFleetInput": {"InstanceFleetName": Alteration.REQUIRED},
            "InstanceFleetModifyConfig": {"InstanceFleetId": Alteration.ABSENT},
        },
    ),
    Action(
        *("elasticmapreduce", "modifyInstanceGroupByName", PLAIN, "modifyInstanceGroups"),
        renamed={"InstanceGroup": "InstanceGroups[]"},
        added={"InstanceGroupName": TEXT},
        altered={
            "ModifyInstanceGroupsInput": dict.fromkeys(
                ("ClusterId", "InstanceGroup", "InstanceGroupName"), Alteration.REQUIRED
            ),
            "InstanceGroupModifyConfig": {"InstanceGroupId": Alteration.ABSENT},
        },
    ),
    *_plain("emr-containers", "createVirtualCluster"),
    *_plain("emr-containers", "deleteVirtualCluster", "startJobRun", suffixes=SYNC),
    *_plain("emr-serverless", "createApplication", "startApplication", "stopApplication", suffixes=SYNC),
    *_plain("emr-serverless", "deleteApplication", "startJobRun", "cancelJobRun", suffixes=SYNC),
    Action("events", "putEvents", TOKEN, texts=frozenset({"Detail"})),
    Action("glue", "startJobRun", SYNC, repeats=frozenset({"JobName"})),
    Action("http", "invoke", PLAIN),
    *_plain("lambda", "invoke", suffixes=TOKEN),
    *_plain("mediaconvert", "createJob", suffixes=SYNC),
    *_plain("sagemaker", "createEndpoint", "createEndpointConfig", "createModel", "updateEndpoint"),
    *_plain("sagemaker", "createHyperParameterTuningJob", "createLabelingJob", "createProcessingJob", suffixes=SYNC),
    *_plain("sagemaker", "createTrainingJob", "createTransformJob", suffixes=SYNC),
    Action("sns", "publish", TOKEN, texts=frozenset({"Message"})),
    Action("sqs", "sendMessage", TOKEN, texts=frozenset({"MessageBody"})),
    Action("states", "startExecution", SYNC | TOKEN | {".sync:2"}, texts=frozenset({"Input"})),
)
ACTIONS: Final[Mapping[tuple[str, str], Action]] = {(action.service, action.name): action for action in _ACTIONS}
"""Service and action of an ARN -> the integration."""


@cache
def parameters_of(service: str, name: str) -> Parameters:
    """What an optimized integration takes."""
    if (service, name) in _WITHOUT_MODEL:
        required, others = _WITHOUT_MODEL[service, name]
        members = {key: Member(key, kind) for key, kind in {**required, **others}.items()}
        return Parameters(members, tuple(required), sdk.capitalized)
    action = ACTIONS[service, name]
    operation = action.model()
    if operation is None:
        raise KeyError(service, name)
    takes = frozenset({*action.takes.split(), *action.renamed}) if action.takes else None
    return parameters.of_operation(
        *(operation, sdk.capitalized),
        takes=takes,
        renamed=action.renamed,
        texts=action.texts,
        fills_tokens=True,
        added=action.added,
        filled=action.filled,
        altered=action.altered,
    )


_URL: Final = {"ApiEndpoint": TEXT, "Method": TEXT}
_REQUEST: Final = {"Headers": OBJECT, "QueryParameters": OBJECT, "RequestBody": None}
_LISTED: Final = {"Headers": LISTS, "QueryParameters": LISTS, "RequestBody": None}
_KUBERNETES: Final = {"ClusterName": TEXT, "CertificateAuthority": TEXT, "Endpoint": TEXT}

_WITHOUT_MODEL: Final[Mapping[tuple[str, str], tuple[Mapping[str, Kind | None], Mapping[str, Kind | None]]]] = {
    ("apigateway", "invoke"): (
        _URL,
        {**_LISTED, "AllowNullValues": FLAG, "AuthType": TEXT, "Path": TEXT, "Stage": TEXT},
    ),
    ("eks", "call"): (
        {**_KUBERNETES, "Method": TEXT, "Path": TEXT},
        {"QueryParameters": OBJECT, "RequestBody": None},
    ),
    ("eks", "runJob"): ({**_KUBERNETES, "Job": None}, {"Namespace": TEXT, "LogOptions": OBJECT}),
    ("http", "invoke"): (
        _URL,
        {**_REQUEST, "Authentication": OBJECT, "InvocationConfig": OBJECT, "Transform": OBJECT},
    ),
}
"""Integrations whose parameters are Step Functions' own: the required ones, the others."""
