"""Stack sets: stacks in accounts and regions, and the operations that bring them there."""

from __future__ import annotations

import json

import pytest
from simple_stacks import parameter, refused

from emulator.clients import client

TEMPLATE = {
    "Parameters": {"Word": {"Type": "String", "Default": "a"}},
    "Resources": {"P": {"Type": "AWS::SSM::Parameter", "Properties": {
        "Name": "/word", "Type": "String", "Value": {"Ref": "Word"}}}},
}  # fmt: skip
OTHER = "222222222222"
REGIONS = ["us-east-1", "eu-west-1"]


@pytest.fixture
def sets(formation, dynastep):
    return Sets(formation, dynastep)


class Sets:
    """Stack sets as a test uses them."""

    def __init__(self, client, dynastep):
        self.client = client
        self.dynastep = dynastep

    def create(self, template=TEMPLATE, name="set", **more):
        return self.client.create_stack_set(StackSetName=name, TemplateBody=json.dumps(template), **more)["StackSetId"]

    def deploy(self, accounts, regions=REGIONS, **more):
        made = self.client.create_stack_instances(StackSetName="set", Accounts=accounts, Regions=regions, **more)
        return self.operation(made["OperationId"])

    def operation(self, name):
        shown = self.client.describe_stack_set_operation(StackSetName="set", OperationId=name)
        return shown["StackSetOperation"]

    def results(self, name):
        listed = self.client.list_stack_set_operation_results(StackSetName="set", OperationId=name)["Summaries"]
        return {(each["Account"], each["Region"]): each["Status"] for each in listed}

    def instances(self):
        listed = self.client.list_stack_instances(StackSetName="set")["Summaries"]
        return {(each["Account"], each["Region"]): each for each in listed}

    def word(self, account, region):
        parameters = client(self.dynastep._control, "ssm", region, account)
        return parameters.get_parameter(Name="/word")["Parameter"]["Value"]


def test_a_set_makes_stacks_in_accounts_and_regions_and_takes_them_away(sets, dynastep):
    here = dynastep.account
    made = sets.create(Tags=[{"Key": "team", "Value": "x"}])
    assert made.startswith("set:")
    operation = sets.deploy([here, OTHER])
    assert (operation["Action"], operation["Status"]) == ("CREATE", "SUCCEEDED")
    assert set(sets.results(operation["OperationId"]).values()) == {"SUCCEEDED"}
    places = {(account, region) for account in (here, OTHER) for region in REGIONS}
    instances = sets.instances()
    assert instances.keys() == places
    assert {(each["Status"], each["StackInstanceStatus"]["DetailedStatus"]) for each in instances.values()} == {
        ("CURRENT", "SUCCEEDED")
    }
    assert [sets.word(*place) for place in sorted(places)] == ["a"] * 4
    stack = instances[OTHER, "eu-west-1"]["StackId"]
    there = client(dynastep._control, "cloudformation", "eu-west-1", OTHER)
    [shown] = there.describe_stacks(StackName=stack)["Stacks"]
    assert shown["StackName"].startswith("StackSet-set-")
    assert shown["Tags"] == [{"Key": "team", "Value": "x"}]
    refusal = refused(sets.client.delete_stack_set, StackSetName="set")
    assert refusal == ("StackSetNotEmptyException", "StackSet is not empty")
    sets.client.delete_stack_instances(StackSetName="set", Accounts=[here, OTHER], Regions=REGIONS, RetainStacks=False)
    assert sets.instances() == {}
    [shown] = there.describe_stacks(StackName=stack)["Stacks"]
    assert shown["StackStatus"] == "DELETE_COMPLETE"
    sets.client.delete_stack_set(StackSetName="set")
    assert refused(sets.client.describe_stack_set, StackSetName="set") == (
        "StackSetNotFoundException",
        "StackSet set not found",
    )
    assert [each["Status"] for each in sets.client.list_stack_sets()["Summaries"]] == ["DELETED"]


def test_a_changed_set_changes_its_stacks_and_each_keeps_parameters_of_its_own(sets, dynastep):
    here = dynastep.account
    sets.create(Parameters=[{"ParameterKey": "Word", "ParameterValue": "all"}])
    sets.deploy([here], ["us-east-1"])
    sets.deploy([here], ["eu-west-1"], ParameterOverrides=[{"ParameterKey": "Word", "ParameterValue": "own"}])
    assert [sets.word(here, region) for region in REGIONS] == ["all", "own"]
    changed = [{"ParameterKey": "Word", "ParameterValue": "new"}]
    sets.client.update_stack_set(StackSetName="set", UsePreviousTemplate=True, Parameters=changed)
    assert [sets.word(here, region) for region in REGIONS] == ["new", "own"]
    instance = sets.client.describe_stack_instance(
        StackSetName="set", StackInstanceAccount=here, StackInstanceRegion="eu-west-1"
    )["StackInstance"]
    assert instance["ParameterOverrides"] == [{"ParameterKey": "Word", "ParameterValue": "own"}]
    sets.client.update_stack_instances(
        StackSetName="set", Accounts=[here], Regions=["eu-west-1"], ParameterOverrides=[]
    )
    assert sets.word(here, "eu-west-1") == "new"
    listed = sets.client.list_stack_set_operations(StackSetName="set")["Summaries"]
    assert [each["Action"] for each in listed] == ["UPDATE", "UPDATE", "CREATE", "CREATE"]


def test_stacks_that_an_update_leaves_out_are_outdated(sets, dynastep):
    here = dynastep.account
    sets.create()
    sets.deploy([here])
    sets.client.update_stack_set(
        StackSetName="set", UsePreviousTemplate=True, Accounts=[here], Regions=["eu-west-1"],
        Parameters=[{"ParameterKey": "Word", "ParameterValue": "b"}],
    )  # fmt: skip
    found = {region: each["Status"] for (_, region), each in sets.instances().items()}
    assert found == {"us-east-1": "OUTDATED", "eu-west-1": "CURRENT"}


@pytest.mark.parametrize(("tolerance", "status", "second"), [(0, "FAILED", "CANCELLED"), (1, "SUCCEEDED", "SUCCEEDED")])
def test_failures_beyond_what_is_tolerated_cancel_the_rest(sets, dynastep, tolerance, status, second):
    here = dynastep.account
    dynastep.client("ssm").put_parameter(Name="/word", Value="taken", Type="String")
    sets.create()
    operation = sets.deploy([here], OperationPreferences={"FailureToleranceCount": tolerance})
    assert operation["Status"] == status
    assert operation["StatusDetails"] == {"FailedStackInstancesCount": 1}
    assert sets.results(operation["OperationId"]) == {(here, "us-east-1"): "FAILED", (here, "eu-west-1"): second}
    failed = sets.instances()[here, "us-east-1"]
    assert failed["Status"] == "OUTDATED"
    assert failed["StatusReason"].startswith("ResourceLogicalId:P, ResourceType:AWS::SSM::Parameter, ")
    dynastep.client("ssm").delete_parameter(Name="/word")
    assert sets.deploy([here])["Status"] == "SUCCEEDED"
    assert sets.word(here, "us-east-1") == "a"


def test_an_operation_is_under_way_while_its_stacks_are(sets, dynastep, formation):
    """A wait condition that nobody signals times out after a minute of the emulator's clock."""
    wait = {
        "Resources": {
            "H": {"Type": "AWS::CloudFormation::WaitConditionHandle"},
            "W": {"Type": "AWS::CloudFormation::WaitCondition", "Properties": {"Handle": {"Ref": "H"}, "Timeout": 60}},
        }
    }
    sets.create(wait)
    made = formation.create_stack_instances(StackSetName="set", Accounts=[dynastep.account], Regions=REGIONS)
    refusal = refused(
        formation.create_stack_instances, StackSetName="set", Accounts=[dynastep.account], Regions=REGIONS
    )
    assert refusal[0] == "OperationInProgressException"
    assert refusal[1].startswith("Another Operation on StackSet arn:aws:cloudformation:us-east-1:")
    operation = sets.operation(made["OperationId"])
    assert operation["Status"] == "FAILED"
    assert (operation["EndTimestamp"] - operation["CreationTimestamp"]).total_seconds() >= 60


def test_drift_of_a_set_is_that_of_its_stacks(sets, dynastep):
    sets.create()
    sets.deploy([dynastep.account])
    dynastep.client("ssm").put_parameter(Name="/word", Value="other", Type="String", Overwrite=True)
    made = sets.client.detect_stack_set_drift(StackSetName="set")["OperationId"]
    shown = sets.client.describe_stack_set(StackSetName="set")["StackSet"]["StackSetDriftDetectionDetails"]
    assert (shown["DriftStatus"], shown["DriftedStackInstancesCount"], shown["TotalStackInstancesCount"]) == (
        "DRIFTED", 1, 2,
    )  # fmt: skip
    [drift] = sets.client.list_stack_instance_resource_drifts(
        StackSetName="set", StackInstanceAccount=dynastep.account, StackInstanceRegion="us-east-1", OperationId=made
    )["Summaries"]
    assert drift["PropertyDifferences"][0]["PropertyPath"] == "/Value"


def test_what_is_no_set_is_refused(sets, formation):
    sets.create()
    assert refused(sets.create) == ("NameAlreadyExistsException", "StackSet set already exists")
    bad = {"Resources": {"X": {}}}
    code, _ = refused(formation.create_stack_set, StackSetName="bad", TemplateBody=json.dumps(bad))
    assert code == "ValidationError"
    role = {"Resources": {"R": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {}}}}}
    assert refused(formation.create_stack_set, StackSetName="r", TemplateBody=json.dumps(role)) == (
        "InsufficientCapabilitiesException",
        "Requires capabilities : [CAPABILITY_IAM]",
    )
    managed = {"Resources": {"P": parameter()}}
    code, message = refused(
        formation.create_stack_set,
        StackSetName="m",
        TemplateBody=json.dumps(managed),
        PermissionModel="SERVICE_MANAGED",
    )
    assert (code, message) == (
        "NotImplementedException",
        "Dynastep does not run stack sets with service-managed permissions",
    )
    code, _ = refused(
        formation.describe_stack_instance,
        StackSetName="set",
        StackInstanceAccount=OTHER,
        StackInstanceRegion="us-east-1",
    )
    assert code == "StackInstanceNotFoundException"
    code, _ = refused(formation.describe_stack_set_operation, StackSetName="set", OperationId="none")
    assert code == "OperationNotFoundException"
