"""The registry of types, as far as it is read."""

from __future__ import annotations

import json

from simple_stacks import refused

from emulator.deploying.schemas import names


def test_awss_types_are_listed_in_pages(formation):
    found = []
    for page in formation.get_paginator("list_types").paginate(Visibility="PUBLIC", Type="RESOURCE"):
        assert len(page["TypeSummaries"]) <= 100
        found += [each["TypeName"] for each in page["TypeSummaries"]]
    assert found == names()
    assert {"AWS::StepFunctions::StateMachine", "AWS::DynamoDB::Table"} <= set(found)


def test_types_are_listed_by_the_beginning_of_their_names(formation):
    listed = formation.list_types(Visibility="PUBLIC", Filters={"TypeNamePrefix": "AWS::StepFunctions::"})
    assert [each["TypeName"].rpartition("::")[2] for each in listed["TypeSummaries"]] == [
        *("Activity", "StateMachine", "StateMachineAlias", "StateMachineVersion")
    ]
    assert listed["TypeSummaries"][0]["TypeArn"] == (
        "arn:aws:cloudformation:us-east-1::type/resource/AWS-StepFunctions-Activity"
    )


def test_nobody_has_types_of_their_own(formation):
    assert formation.list_types()["TypeSummaries"] == []
    assert formation.list_types(Visibility="PUBLIC", Type="HOOK")["TypeSummaries"] == []


def test_a_type_is_described_by_its_name_or_its_arn(formation):
    shown = formation.describe_type(Type="RESOURCE", TypeName="AWS::SQS::Queue")
    assert (shown["ProvisioningType"], shown["Visibility"], shown["DeprecatedStatus"]) == (
        "FULLY_MUTABLE", "PUBLIC", "LIVE",
    )  # fmt: skip
    document = json.loads(shown["Schema"])
    assert document["primaryIdentifier"] == ["/properties/QueueUrl"]
    assert document["createOnlyProperties"] == ["/properties/FifoQueue", "/properties/QueueName"]
    again = formation.describe_type(Arn=shown["Arn"])
    assert again["TypeName"] == "AWS::SQS::Queue"
    version = formation.describe_type(Type="RESOURCE", TypeName="AWS::StepFunctions::StateMachineVersion")
    assert version["ProvisioningType"] == "IMMUTABLE"


def test_what_is_no_type_is_not_found(formation):
    assert refused(formation.describe_type, Type="RESOURCE", TypeName="Some::Own::Type") == (
        "TypeNotFoundException",
        "The type 'Some::Own::Type' cannot be found.",
    )
