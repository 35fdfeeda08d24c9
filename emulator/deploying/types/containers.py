"""What runs programs, and what stands before it: ECS, ECR, Batch, EKS, Auto Scaling, load balancers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from asl_interpreter.jsontext import dumps
from emulator.deploying.intrinsics import as_text
from emulator.deploying.types.modelled import Modelled
from emulator.deploying.types.resource_type import Made, Order, Properties, ResourceType


def _policies_of_repository(order: Order, before: Properties, made: Made) -> None:
    for name, put, gone in (
        ("RepositoryPolicyText", "SetRepositoryPolicy", "DeleteRepositoryPolicy"),
        ("LifecyclePolicy", "PutLifecyclePolicy", "DeleteLifecyclePolicy"),
    ):
        now, was = order.properties.get(name), before.get(name)
        if now == was:
            continue
        if now is None:
            order.call("ecr", gone, repositoryName=made.id)
        elif name == "LifecyclePolicy":
            order.call("ecr", put, repositoryName=made.id, lifecyclePolicyText=now["LifecyclePolicyText"])
        else:
            order.call("ecr", put, repositoryName=made.id, policyText=now if isinstance(now, str) else dumps(now))


def _attributes(operation: str, member: str, prop: str) -> Any:
    """Settings that a load balancer has as pairs of a key and a value."""

    def settle(order: Order, before: Properties, made: Made) -> None:
        now = order.properties.get(prop)
        if now and now != before.get(prop):
            pairs = [{"Key": each["Key"], "Value": as_text(each["Value"])} for each in now]
            order.call("elbv2", operation, **{member: made.id, "Attributes": pairs})

    return settle


def _register_targets(order: Order, before: Properties, made: Made) -> None:
    _attributes("ModifyTargetGroupAttributes", "TargetGroupArn", "TargetGroupAttributes")(order, before, made)
    now, was = (list(each.get("Targets") or ()) for each in (order.properties, before))
    for operation, targets in (
        ("DeregisterTargets", [each for each in was if each not in now]),
        ("RegisterTargets", [each for each in now if each not in was]),
    ):
        if targets:
            fitted = [{**each, "Port": int(as_text(each["Port"]))} if "Port" in each else each for each in targets]
            order.call("elbv2", operation, TargetGroupArn=made.id, Targets=fitted)


def _groups(instances: Mapping[str, Any]) -> dict[str, Any]:
    """The instances of a cluster of EMR: each group is one of a list, with its role."""
    roles = {"MasterInstanceGroup": "MASTER", "CoreInstanceGroup": "CORE"}
    groups = [{"InstanceRole": role, **instances[name]} for name, role in roles.items() if name in instances]
    groups += [{"InstanceRole": "TASK", **each} for each in instances.get("TaskInstanceGroups") or ()]
    kept = {name: value for name, value in instances.items() if name not in (*roles, "TaskInstanceGroups")}
    return {**kept, "InstanceGroups": groups} if groups else kept


TYPES: Final[Mapping[str, ResourceType]] = {
    "AWS::AutoScaling::AutoScalingGroup": Modelled(
        "autoscaling",
        "AutoScalingGroup",
        shaped={"VPCZoneIdentifier": ",".join},
        always={"ForceDelete": True},
        longest=255,
        retagged=False,
    ),
    "AWS::AutoScaling::LaunchConfiguration": Modelled("autoscaling", "LaunchConfiguration", longest=255),
    "AWS::AutoScaling::LifecycleHook": Modelled(
        "autoscaling", "LifecycleHook", create_by="PutLifecycleHook", ref="LifecycleHookName"
    ),
    "AWS::AutoScaling::ScalingPolicy": Modelled(
        "autoscaling",
        "Policy",
        create_by="PutScalingPolicy",
        update_by="PutScalingPolicy",
        delete_by="DeletePolicy",
        read_by="DescribePolicies",
    ),
    "AWS::AutoScaling::ScheduledAction": Modelled(
        "autoscaling",
        "ScheduledAction",
        create_by="PutScheduledUpdateGroupAction",
        update_by="PutScheduledUpdateGroupAction",
        ref="ScheduledActionName",
    ),
    "AWS::Batch::ComputeEnvironment": Modelled("batch", "ComputeEnvironment"),
    "AWS::Batch::JobDefinition": Modelled(
        "batch",
        "JobDefinition",
        create_by="RegisterJobDefinition",
        update_by="RegisterJobDefinition",
        delete_by="DeregisterJobDefinition",
        ref="JobDefinitionArn",
    ),
    "AWS::Batch::JobQueue": Modelled("batch", "JobQueue"),
    "AWS::ECR::Repository": Modelled(
        "ecr",
        "Repository",
        elsewhere=frozenset({"RepositoryPolicyText", "LifecyclePolicy", "EmptyOnDelete"}),
        afterwards=_policies_of_repository,
        always={"force": True},
        lower=True,
        longest=256,
    ),
    "AWS::ECS::CapacityProvider": Modelled("ecs", "CapacityProvider"),
    "AWS::ECS::Cluster": Modelled("ecs", "Cluster", longest=255),
    "AWS::ECS::Service": Modelled(
        "ecs",
        "Service",
        always={"force": True},
        ref="ServiceArn",
        keyed=("cluster", "service", "services"),
        longest=255,
    ),
    "AWS::ECS::TaskDefinition": Modelled(
        "ecs",
        "TaskDefinition",
        create_by="RegisterTaskDefinition",
        delete_by="DeregisterTaskDefinition",
        longest=255,
    ),
    "AWS::EKS::Cluster": Modelled(
        "eks",
        "Cluster",
        ways={
            "CertificateAuthorityData": "certificateAuthority.data",
            "ClusterSecurityGroupId": "resourcesVpcConfig.clusterSecurityGroupId",
            "OpenIdConnectIssuerUrl": "identity.oidc.issuer",
        },
        longest=100,
    ),
    "AWS::EKS::FargateProfile": Modelled("eks", "FargateProfile"),
    "AWS::EKS::Nodegroup": Modelled("eks", "Nodegroup"),
    "AWS::ElasticLoadBalancing::LoadBalancer": Modelled("elb", "LoadBalancer", longest=32),
    "AWS::ElasticLoadBalancingV2::Listener": Modelled("elbv2", "Listener"),
    "AWS::ElasticLoadBalancingV2::ListenerRule": Modelled("elbv2", "Rule"),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": Modelled(
        "elbv2",
        "LoadBalancer",
        elsewhere=frozenset({"LoadBalancerAttributes"}),
        afterwards=_attributes("ModifyLoadBalancerAttributes", "LoadBalancerArn", "LoadBalancerAttributes"),
        more=lambda _order, made: {"LoadBalancerFullName": made.id.partition(":loadbalancer/")[2]},
        longest=32,
    ),
    "AWS::ElasticLoadBalancingV2::TargetGroup": Modelled(
        "elbv2",
        "TargetGroup",
        elsewhere=frozenset({"TargetGroupAttributes", "Targets"}),
        afterwards=_register_targets,
        more=lambda _order, made: {"TargetGroupFullName": made.id.rpartition(":")[2]},
        longest=32,
    ),
    "AWS::EMR::Cluster": Modelled(
        "emr",
        "JobFlow",
        create_by="RunJobFlow",
        delete_by="TerminateJobFlows",
        read_by="DescribeCluster",
        renamed={"Id": "JobFlowId", "ClusterId": "JobFlowId"},
        shaped={"Instances": _groups},
    ),
    "AWS::EMR::SecurityConfiguration": Modelled("emr", "SecurityConfiguration"),
    "AWS::EMRServerless::Application": Modelled(
        "emr-serverless",
        "Application",
        reworded=frozenset({"Type"}),
        before_deletion=lambda order, made: order.call("emr-serverless", "StopApplication", applicationId=made.id),
        retagged=False,
    ),
}
