"""IAM's simulator agrees with what is asked at work."""

import json

import pytest


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action, resource="*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def decisions(answer):
    return [
        (each["EvalActionName"], each["EvalResourceName"], each["EvalDecision"]) for each in answer["EvaluationResults"]
    ]


TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/t"


def test_the_policies_of_a_role(dynastep):
    iam = dynastep.client("iam")
    role = dynastep.role(
        json.loads(document(allow("dynamodb:*", TABLE), {**allow("dynamodb:DeleteTable"), "Effect": "Deny"}))
    )
    answer = iam.simulate_principal_policy(
        PolicySourceArn=role,
        ActionNames=["dynamodb:PutItem", "dynamodb:DeleteTable", "s3:GetObject"],
        ResourceArns=[TABLE],
    )
    assert decisions(answer) == [
        ("dynamodb:PutItem", TABLE, "allowed"),
        ("dynamodb:DeleteTable", TABLE, "explicitDeny"),
        ("s3:GetObject", TABLE, "implicitDeny"),
    ]


def test_the_policies_of_a_user_and_further_ones(dynastep):
    iam = dynastep.client("iam")
    user = iam.create_user(UserName="anna")["User"]["Arn"]
    asked = {"PolicySourceArn": user, "ActionNames": ["s3:ListAllMyBuckets"]}
    assert decisions(iam.simulate_principal_policy(**asked)) == [("s3:ListAllMyBuckets", "*", "implicitDeny")]
    more = iam.simulate_principal_policy(**asked, PolicyInputList=[document(allow("s3:*"))])
    assert decisions(more) == [("s3:ListAllMyBuckets", "*", "allowed")]


def test_a_custom_policy_with_context(dynastep):
    iam = dynastep.client("iam")
    given = {
        "PolicyInputList": [document(allow("s3:*", Condition={"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}))],
        "ActionNames": ["s3:GetObject"],
    }
    without = iam.simulate_custom_policy(**given)["EvaluationResults"][0]
    assert (without["EvalDecision"], without["MissingContextValues"]) == ("implicitDeny", ["aws:RequestedRegion"])
    entry = {"ContextKeyName": "aws:RequestedRegion", "ContextKeyValues": ["eu-west-1"], "ContextKeyType": "string"}
    assert (
        iam.simulate_custom_policy(**given, ContextEntries=[entry])["EvaluationResults"][0]["EvalDecision"] == "allowed"
    )


def test_a_boundary_is_told(dynastep):
    iam = dynastep.client("iam")
    role = dynastep.role(json.loads(document(allow("*"))), boundary=json.loads(document(allow("s3:*"))))
    answer = iam.simulate_principal_policy(PolicySourceArn=role, ActionNames=["sqs:SendMessage"])["EvaluationResults"][
        0
    ]
    assert answer["EvalDecision"] == "implicitDeny"
    assert answer["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}


def test_what_cannot_be_simulated(dynastep):
    iam = dynastep.client("iam")
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.simulate_principal_policy(
            PolicySourceArn=f"arn:aws:iam::{dynastep.account}:role/none", ActionNames=["s3:GetObject"]
        )
    with pytest.raises(iam.exceptions.InvalidInputException):
        iam.simulate_custom_policy(PolicyInputList=["{"], ActionNames=["s3:GetObject"])
