"""Stacks of a test: made of resources, and told by their events."""

from __future__ import annotations

import json

import pytest


class Stacks:
    """CloudFormation as a test uses it."""

    def __init__(self, client):
        self.client = client

    def create(self, template, name="s", **more):
        """Create a stack; its id."""
        capabilities = ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
        given = {"Capabilities": capabilities, **more}
        return self.client.create_stack(StackName=name, TemplateBody=_text(template), **given)["StackId"]

    def update(self, template, name="s", **more):
        """Update a stack."""
        capabilities = ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
        self.client.update_stack(StackName=name, TemplateBody=_text(template), Capabilities=capabilities, **more)

    def one(self, name="s"):
        """The description of a stack."""
        [stack] = self.client.describe_stacks(StackName=name)["Stacks"]
        return stack

    def outputs(self, name="s"):
        """The outputs of a stack."""
        return {each["OutputKey"]: each["OutputValue"] for each in self.one(name).get("Outputs", ())}

    def events(self, name="s"):
        """What happened, oldest first: (logical id, status, reason)."""
        listed = self.client.describe_stack_events(StackName=name)["StackEvents"]
        return [
            (each["LogicalResourceId"], each["ResourceStatus"], each.get("ResourceStatusReason"))
            for each in reversed(listed)
        ]

    def failure(self, name="s"):
        """Why the first resource failed that did."""
        return next(reason for _, status, reason in self.events(name) if status.endswith("_FAILED"))

    def physical(self, name="s"):
        """Logical id -> physical id."""
        listed = self.client.describe_stack_resources(StackName=name)["StackResources"]
        return {each["LogicalResourceId"]: each.get("PhysicalResourceId") for each in listed}


def _text(template):
    return template if isinstance(template, str) else json.dumps(template)


@pytest.fixture
def stacks(dynastep):
    return Stacks(dynastep.client("cloudformation"))


@pytest.fixture
def formation(stacks):
    """A client of CloudFormation."""
    return stacks.client
