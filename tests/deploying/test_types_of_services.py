"""Each type that the operations of a service make: a resource comes, is as its template says, and goes again."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from types_of_services import CHANGED, MADE, ref, resource

from emulator.deploying.schemas import schema
from emulator.deploying.types import OURS


@pytest.mark.parametrize("kind", MADE)
def test_a_resource_comes_and_goes(stacks, kind):
    beside, properties, pattern = MADE[kind]
    resources = {**beside, "X": resource(kind, **properties)}
    stack_id = stacks.create({"Resources": resources, "Outputs": {"X": {"Value": ref("X")}}})
    assert stacks.one()["StackStatus"] == "CREATE_COMPLETE", stacks.failure()
    assert re.fullmatch(pattern, stacks.outputs()["X"])
    stacks.client.detect_stack_drift(StackName="s")
    drifts = stacks.client.describe_stack_resource_drifts(StackName="s")["StackResourceDrifts"]
    assert [drift for drift in drifts if drift["StackResourceDriftStatus"] != "IN_SYNC"] == []
    capabilities = ["CAPABILITY_NAMED_IAM"]
    for tag in ("team", "town"):
        tags = [{"Key": tag, "Value": "a"}]
        stacks.client.update_stack(StackName="s", UsePreviousTemplate=True, Tags=tags, Capabilities=capabilities)
        assert stacks.one()["StackStatus"] == "UPDATE_COMPLETE", stacks.failure()
    stacks.client.delete_stack(StackName="s")
    assert stacks.one(stack_id)["StackStatus"] == "DELETE_COMPLETE", stacks.failure(stack_id)


@pytest.mark.parametrize("kind", CHANGED)
def test_a_changed_resource_is_the_same_one(stacks, kind):
    beside, properties, _ = MADE[kind]

    def template(**more):
        return {"Resources": {**beside, "X": resource(kind, **{**properties, **more})}}

    stacks.create(template())
    made = stacks.physical()
    stacks.update(template(**CHANGED[kind]))
    assert stacks.one()["StackStatus"] == "UPDATE_COMPLETE", stacks.failure()
    assert stacks.physical() == made
    stacks.client.detect_stack_drift(StackName="s")
    drifts = stacks.client.describe_stack_resource_drifts(StackName="s")["StackResourceDrifts"]
    assert [drift for drift in drifts if drift["StackResourceDriftStatus"] != "IN_SYNC"] == []


def test_the_documentation_lists_the_types_that_there_are():
    text = (Path(__file__).parents[2] / "docs" / "cloudformation.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\w+) \| ([\w, ]+) \|$", text, re.MULTILINE)
    listed = {f"AWS::{service}::{name}" for service, names in rows for name in names.split(", ")}
    assert listed == set(OURS)


def test_each_type_is_one_of_aws():
    assert [kind for kind in OURS if schema(kind) is None] == []
