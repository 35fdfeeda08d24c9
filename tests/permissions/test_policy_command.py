"""``dynastep policy``, and the same from a test."""

import json

import pytest
from click.testing import CliRunner

from emulator.cli import main
from emulator.permissions.comparing import compare
from emulator.permissions.policies import policy, read
from emulator.permissions.rights import Right

QUEUE = "https://sqs.us-east-1.amazonaws.com/123456789012/q"
ORDER = {
    "StartAt": "Put",
    "States": {
        "Put": {"Type": "Task", "Resource": "arn:aws:states:::dynamodb:putItem", "Parameters": {"TableName.$": "$.table", "Item": {"id": {"S": "1"}}}, "ResultPath": None, "Next": "Tell"},
        "Tell": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Parameters": {"QueueUrl": QUEUE, "MessageBody": "x"}, "End": True},
    },
}  # fmt: skip
PUT = {"Effect": "Allow", "Action": ["dynamodb:PutItem"], "Resource": "*"}
SEND = {"Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": ["arn:aws:sqs:us-east-1:123456789012:q"]}


def document(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def run(*arguments):
    return CliRunner().invoke(main, ["policy", *map(str, arguments)])


@pytest.fixture
def order(tmp_path):
    file = tmp_path / "order.asl.json"
    file.write_text(json.dumps(ORDER))
    return file


def test_a_policy_is_written_as_json(order):
    result = run(order)
    assert (result.exit_code, json.loads(result.stdout)) == (0, document(PUT, SEND))


def test_a_policy_is_written_in_other_forms(order):
    assert "Policies:\n- Version: '2012-10-17'\n" in run(order, "--format", "sam").stdout
    assert run(order, "--format", "yaml").stdout.startswith("Version: '2012-10-17'\nStatement:\n")
    assert run(order, "--format", "terraform").stdout == (
        'data "aws_iam_policy_document" "state_machine" {\n'
        '  statement {\n    actions   = ["dynamodb:PutItem"]\n    resources = ["*"]\n  }\n\n'
        "  statement {\n"
        '    actions   = ["sqs:SendMessage"]\n    resources = ["arn:aws:sqs:us-east-1:123456789012:q"]\n  }\n}\n'
    )


def test_terraform_has_conditions_and_no_templates():
    from emulator.permissions.formats import as_terraform

    right = Right.of("s3:GetObject", ["arn:aws:s3:::b/${aws:username}"], {"StringEquals": {"a": ["x", "y"]}})
    assert as_terraform([right]) == (
        'data "aws_iam_policy_document" "state_machine" {\n  statement {\n'
        '    actions   = ["s3:GetObject"]\n    resources = ["arn:aws:s3:::b/$${aws:username}"]\n\n'
        '    condition {\n      test     = "StringEquals"\n      variable = "a"\n      values   = ["x", "y"]\n    }\n'
        "  }\n}"
    )


def test_a_role_that_has_what_is_needed(order, tmp_path):
    role = tmp_path / "role.json"
    role.write_text(json.dumps(document(PUT, SEND)))
    result = run(order, "--diff", role)
    assert (result.exit_code, result.stdout) == (0, "The role has what the state machine needs, and nothing more.\n")


def test_what_a_role_lacks_and_has_too_much_of(order, tmp_path):
    role = tmp_path / "role.json"
    broad = {"Effect": "Allow", "Action": ["sqs:*", "s3:GetObject"], "Resource": "*"}
    role.write_text(json.dumps({"RoleName": "R", "PolicyDocument": document(broad)}))
    result = run(order, "--diff", role)
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "missing  dynamodb:PutItem on *",
        "unused   s3:GetObject on *",
        "broad    sqs:* could be sqs:SendMessage",
        "broad    * could be arn:aws:sqs:us-east-1:123456789012:q",
    ]


def test_too_much_fails_if_that_is_wanted(order, tmp_path):
    role = tmp_path / "role.json"
    role.write_text(json.dumps(document(PUT, {**SEND, "Action": "sqs:*"})))
    assert run(order, "--diff", role).exit_code == 0
    assert run(order, "--diff", role, "--strict").exit_code == 1


TEMPLATE = """
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Principal: {Service: states.amazonaws.com}, Action: sts:AssumeRole}]
      Policies:
        - PolicyName: p
          PolicyDocument: {Statement: [{Effect: Allow, Action: sqs:SendMessage, Resource: !GetAtt Queue.Arn}]}
  Extra:
    Type: AWS::IAM::Policy
    Properties:
      Roles: [!Ref Role]
      PolicyDocument:
        Statement: [{Effect: Allow, Action: dynamodb:PutItem, Resource: !Sub "arn:aws:dynamodb:${AWS::Region}:*:*"}]
  OfAFunction:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}]
      Policies: [{PolicyName: q, PolicyDocument: {Statement: [{Effect: Allow, Action: "*", Resource: "*"}]}}]
"""


def test_the_role_of_a_template(order, tmp_path):
    template = tmp_path / "template.yaml"
    template.write_text(TEMPLATE)
    result = run(order, "--diff", template)
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "missing  dynamodb:PutItem on *",
        "unused   dynamodb:PutItem on arn:aws:dynamodb:${...}:*:*",
    ]


def test_what_only_sam_knows_is_said(order, tmp_path):
    template = tmp_path / "template.yaml"
    template.write_text(
        "Resources:\n  M:\n    Type: AWS::Serverless::StateMachine\n    Properties:\n"
        "      Policies: [{LambdaInvokePolicy: {FunctionName: f}}]\n"
    )
    result = run(order, "--diff", template)
    assert result.exit_code == 2
    assert "M has the policy LambdaInvokePolicy, of which only SAM knows what it allows." in result.stderr


@pytest.mark.parametrize("text", ["{", "[1]", "{}", '{"Statement": {"Effect": "Allow"}}'])
def test_what_holds_no_policy_is_refused(order, tmp_path, text):
    role = tmp_path / "role.json"
    role.write_text(text)
    assert run(order, "--diff", role).exit_code == 2


def test_a_denied_right_is_missing():
    needed = [Right.of("sqs:SendMessage", ["arn:aws:sqs:us-east-1:1:q"])]
    denying = policy(document({**SEND, "Resource": "*"}, {"Effect": "Deny", "Action": "sqs:*", "Resource": "*"}))
    assert compare([denying], needed).missing == [("sqs:SendMessage", "arn:aws:sqs:us-east-1:1:q")]


def test_the_policy_that_was_written_has_no_difference():
    needed = [
        Right.of("sqs:SendMessage sqs:X", ["a:*", "b"]),
        Right.of("iam:PassRole", ["r"], {"StringEquals": {"iam:PassedToService": "s"}}),
    ]
    from emulator.permissions.formats import as_json

    found = compare([read(as_json(needed))], needed)
    assert (found.missing, found.unused, found.broad) == ([], [], [])


# In a test


def test_the_policy_of_a_definition(dynastep):
    assert dynastep.policy(ORDER).document == document(PUT, SEND)
    assert json.loads(str(dynastep.policy(ORDER))) == document(PUT, SEND)


def test_the_policy_of_a_machine_is_sharpened_by_its_executions(dynastep):
    dynastep.client("dynamodb").create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    dynastep.mock("Tell", {"MessageId": "1"}, optional=True)
    machine = dynastep.machine(ORDER)
    assert dynastep.policy(machine).document == document(PUT, SEND)
    assert dynastep.run(machine, {"table": "orders"}).succeeded
    exact = {**PUT, "Resource": [f"arn:aws:dynamodb:us-east-1:{dynastep.account}:table/orders"]}
    assert dynastep.policy(machine).document == document(exact, SEND)
    failed = dynastep.run(machine, {"table": "none"})
    only = {**PUT, "Resource": [f"arn:aws:dynamodb:us-east-1:{dynastep.account}:table/none"]}
    assert dynastep.policy(failed).document == document(only)
