"""Who may do what: cases from AWS's pages on the logic of evaluation, as data, and laws of it.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html,
reference_policies_elements.html, access_policies_boundaries.html, reference_policies_elements_principal.html,
reference_policies_evaluation-logic-cross-account.html
"""

import json
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.permissions.evaluation import Asked, Decision, Policies, Principal, decide
from emulator.permissions.policies import MalformedPolicy, policy, read
from emulator.permissions.sentences import sentence

HERE, THERE = "111122223333", "444455556666"
ROLE = f"arn:aws:iam::{HERE}:role/Machine"
SESSION = Principal(f"arn:aws:sts::{HERE}:assumed-role/Machine/run", HERE, ROLE, "session")
ANNA = Principal(f"arn:aws:iam::{HERE}:user/Anna", HERE)
ROOT = Principal(f"arn:aws:iam::{HERE}:root", HERE, kind="root")
STATES = Principal("states.amazonaws.com", kind="service")
TABLE = f"arn:aws:dynamodb:us-east-1:{HERE}:table/orders"


def allow(action="dynamodb:PutItem", resource="*", **more):
    return {
        "Effect": "Allow",
        **({} if action is None else {"Action": action}),
        **({} if resource is None else {"Resource": resource}),
        **more,
    }


def deny(action="dynamodb:PutItem", resource="*", **more):
    return {**allow(action, resource, **more), "Effect": "Deny"}


def document(*statements, version="2012-10-17"):
    return policy({"Version": version, "Statement": list(statements)})


STATEMENTS = [
    # one identity's statement; action; resource; whether it allows
    (allow(), "dynamodb:PutItem", TABLE, True),
    (allow(), "dynamodb:putitem", TABLE, True),
    (allow("DynamoDB:PUTITEM"), "dynamodb:PutItem", TABLE, True),
    (allow(), "dynamodb:GetItem", TABLE, False),
    (allow("dynamodb:*"), "dynamodb:GetItem", TABLE, True),
    (allow("dynamodb:Get*"), "dynamodb:GetItem", TABLE, True),
    (allow("dynamodb:Get*"), "dynamodb:BatchGetItem", TABLE, False),
    (allow("dynamodb:*Item"), "dynamodb:BatchGetItem", TABLE, True),
    (allow("dynamodb:?etItem"), "dynamodb:GetItem", TABLE, True),
    (allow("dynamodb:?GetItem"), "dynamodb:GetItem", TABLE, False),
    (allow("*"), "s3:GetObject", TABLE, True),
    (allow("*:GetItem"), "dynamodb:GetItem", TABLE, True),
    (allow(["s3:GetObject", "dynamodb:PutItem"]), "dynamodb:PutItem", TABLE, True),
    (allow([]), "dynamodb:PutItem", TABLE, False),
    (allow(resource=TABLE), "dynamodb:PutItem", TABLE, True),
    (allow(resource=TABLE), "dynamodb:PutItem", TABLE + "2", False),
    (allow(resource=TABLE), "dynamodb:PutItem", TABLE.upper(), False),
    (allow(resource=TABLE + "*"), "dynamodb:PutItem", TABLE + "2", True),
    (allow(resource="arn:aws:dynamodb:*:*:table/orders"), "dynamodb:PutItem", TABLE, True),
    (allow(resource="arn:aws:dynamodb:eu-*:*:table/orders"), "dynamodb:PutItem", TABLE, False),
    (allow(resource="arn:aws:dynamodb:us-east-?:*:table/orders"), "dynamodb:PutItem", TABLE, True),
    (allow(resource=[TABLE + "2", TABLE]), "dynamodb:PutItem", TABLE, True),
    (allow(resource=TABLE + "/index/*"), "dynamodb:Query", TABLE + "/index/by-day", False),
    (allow("dynamodb:Query", TABLE + "/index/*"), "dynamodb:Query", TABLE + "/index/by-day", True),
    (allow("dynamodb:Query", TABLE + "/index/*"), "dynamodb:Query", TABLE, False),
    (
        allow("states:StartExecution", "arn:aws:states:*"),
        "states:StartExecution",
        "arn:aws:states:us-east-1:1:stateMachine:m",
        True,
    ),
    (allow("s3:GetObject", "arn:aws:s3:::bucket/*"), "s3:GetObject", "arn:aws:s3:::bucket/a/b", True),
    (allow("s3:GetObject", "arn:aws:s3:::bucket/*"), "s3:GetObject", "arn:aws:s3:::bucket", False),
    (allow("s3:ListBucket", "arn:aws:s3:::bucket"), "s3:ListBucket", "arn:aws:s3:::bucket", True),
    (allow("s3:ListBucket", "arn:aws:s3:::bucket"), "s3:ListBucket", "*", False),
    (allow(None, NotAction="iam:*"), "dynamodb:PutItem", TABLE, True),
    (allow(None, NotAction="iam:*"), "iam:PassRole", ROLE, False),
    (allow(None, NotAction=["iam:*", "dynamodb:*"]), "dynamodb:PutItem", TABLE, False),
    (allow(None, NotAction="dynamodb:GetItem"), "dynamodb:PutItem", TABLE, True),
    (allow(resource=None, NotResource=TABLE), "dynamodb:PutItem", TABLE, False),
    (allow(resource=None, NotResource=TABLE), "dynamodb:PutItem", TABLE + "2", True),
    (allow(resource=None, NotResource=[TABLE, TABLE + "2"]), "dynamodb:PutItem", TABLE + "2", False),
    (deny(), "dynamodb:PutItem", TABLE, False),
]


@pytest.mark.parametrize(("statement", "action", "resource", "allowed"), STATEMENTS)
def test_one_statement_of_an_identity(statement, action, resource, allowed):
    assert bool(decide(Asked(ANNA, action, resource), Policies([document(statement)]))) is allowed


@pytest.mark.parametrize(("statement", "action", "resource", "allowed"), STATEMENTS)
def test_the_same_statement_as_a_deny_takes_away_what_it_is_about(statement, action, resource, allowed):
    everything = document(allow("*"))
    denied = document({**statement, "Effect": "Deny"})
    meant = allowed or statement["Effect"] == "Deny"
    assert bool(decide(Asked(ANNA, action, resource), Policies([everything, denied]))) is not meant


YES, NO, DENY = "yes", "no", "deny"
_SAYS = {YES: document(allow("*")), NO: document(allow("s3:*")), DENY: document(allow("*"), deny("*"))}
ONE_ACCOUNT = [
    # identity, boundary, session, endpoint -> the kind that refuses, and whether explicitly; None: allowed
    *((YES, *others, None) for others in product([None, YES], repeat=3)),
    (NO, None, None, None, ("identity", False)),
    (NO, YES, YES, YES, ("identity", False)),
    (DENY, None, None, None, ("identity", True)),
    (DENY, YES, YES, YES, ("identity", True)),
    (DENY, DENY, DENY, DENY, ("identity", True)),
    (YES, NO, None, None, ("boundary", False)),
    (YES, DENY, None, None, ("boundary", True)),
    (YES, NO, NO, None, ("boundary", False)),
    (YES, NO, DENY, None, ("session", True)),
    (YES, YES, NO, None, ("session", False)),
    (YES, None, DENY, None, ("session", True)),
    (YES, None, None, NO, ("endpoint", False)),
    (YES, None, None, DENY, ("endpoint", True)),
    (NO, None, None, NO, ("endpoint", False)),
    (NO, NO, None, None, ("identity", False)),
    (NO, DENY, None, None, ("boundary", True)),
]


def of_endpoint(says):
    if says is None:
        return None
    statements = {YES: [allow("*")], NO: [allow("s3:*")], DENY: [allow("*"), deny("*")]}[says]
    return document(*({**statement, "Principal": "*"} for statement in statements))


@pytest.mark.parametrize(("identity", "boundary", "session", "endpoint", "refused"), ONE_ACCOUNT)
def test_policies_of_one_account(identity, boundary, session, endpoint, refused):
    policies = Policies([_SAYS[identity]], _SAYS.get(boundary), _SAYS.get(session), of_endpoint(endpoint))
    decision = decide(Asked(SESSION, "dynamodb:PutItem", TABLE), policies)
    expected = Decision(allowed=True) if refused is None else Decision(False, *refused)
    assert decision == expected


NAMED = {
    "session": {"AWS": SESSION.arn},
    "role": {"AWS": ROLE},
    "root": {"AWS": f"arn:aws:iam::{HERE}:root"},
    "account": {"AWS": HERE},
    "everybody": "*",
    "everybody of AWS": {"AWS": "*"},
    "others": {"AWS": [f"arn:aws:iam::{HERE}:role/Other", f"arn:aws:iam::{THERE}:root"]},
    "a service": {"Service": "states.amazonaws.com"},
}
WITH_RESOURCE = [
    # whom the resource's policy allows; what the identity's, the boundary, the session say; what refuses
    *((name, NO, NO, NO, None) for name in ("session", "everybody", "everybody of AWS")),
    ("role", NO, None, None, None),
    ("role", NO, YES, YES, None),
    ("role", NO, NO, None, ("boundary", False)),
    ("role", NO, YES, NO, ("session", False)),
    ("role", DENY, None, None, ("identity", True)),
    ("session", DENY, None, None, ("identity", True)),
    ("session", YES, DENY, None, ("boundary", True)),
    ("root", NO, None, None, ("identity", False)),
    ("account", NO, None, None, ("identity", False)),
    ("root", YES, None, None, None),
    ("account", YES, NO, None, ("boundary", False)),
    ("others", NO, None, None, ("identity", False)),
    ("others", YES, None, None, None),
    ("a service", NO, None, None, ("identity", False)),
    ("a service", YES, None, None, None),
]


def of_resource(name, effect="Allow", **more):
    return document({"Effect": effect, "Principal": NAMED[name], "Action": "dynamodb:*", "Resource": "*", **more})


@pytest.mark.parametrize(("named", "identity", "boundary", "session", "refused"), WITH_RESOURCE)
def test_a_policy_of_the_resource_inside_the_account(named, identity, boundary, session, refused):
    policies = Policies([_SAYS[identity]], _SAYS.get(boundary), _SAYS.get(session), resource=of_resource(named))
    decision = decide(Asked(SESSION, "dynamodb:PutItem", TABLE, HERE), policies)
    assert decision == (Decision(allowed=True) if refused is None else Decision(False, *refused))


ACROSS = [
    # whom the policy of a resource of another account allows; what the identity's says; what refuses
    ("session", YES, None),
    ("role", YES, None),
    ("root", YES, None),
    ("everybody", YES, None),
    ("others", YES, ("resource", False)),
    ("a service", YES, ("resource", False)),
    ("session", NO, ("identity", False)),
    ("role", NO, ("identity", False)),
    ("everybody", NO, ("identity", False)),
    ("root", NO, ("resource", False)),
    ("account", NO, ("resource", False)),
    ("others", NO, ("resource", False)),
    ("root", DENY, ("identity", True)),
    ("others", DENY, ("identity", True)),
]


@pytest.mark.parametrize(("named", "identity", "refused"), ACROSS)
def test_across_accounts_both_sides_must_allow(named, identity, refused):
    policies = Policies([_SAYS[identity]], resource=of_resource(named))
    decision = decide(Asked(SESSION, "dynamodb:PutItem", TABLE.replace(HERE, THERE), THERE), policies)
    assert decision == (Decision(allowed=True) if refused is None else Decision(False, *refused))


def test_across_accounts_a_resource_without_a_policy_is_closed():
    decision = decide(Asked(SESSION, "dynamodb:PutItem", TABLE, THERE), Policies([_SAYS[YES]]))
    assert decision == Decision(allowed=False, kind="resource")


def test_across_accounts_limits_hold_too():
    policies = Policies([_SAYS[YES]], boundary=_SAYS[NO], resource=of_resource("session"))
    assert decide(Asked(SESSION, "dynamodb:PutItem", TABLE, THERE), policies) == Decision(False, "boundary")


@pytest.mark.parametrize("named", [name for name in NAMED if name not in ("others", "a service")])
def test_a_deny_of_the_resource_wins(named):
    policies = Policies([_SAYS[YES]], resource=of_resource(named, "Deny"))
    for owner in (HERE, THERE):
        assert decide(Asked(SESSION, "dynamodb:PutItem", TABLE, owner), policies) == Decision(False, "resource", True)


NEEDS_RESOURCE = [
    # a KMS key or a role: whom its policy allows, what the identity's says, whether that is enough
    ("root", YES, True),
    ("root", NO, False),
    ("role", NO, True),
    ("session", NO, True),
    ("others", YES, False),
    ("a service", YES, False),
    (None, YES, False),
]


@pytest.mark.parametrize(("named", "identity", "allowed"), NEEDS_RESOURCE)
def test_a_key_must_hand_over_to_its_account(named, identity, allowed):
    resource = None if named is None else of_resource(named)
    policies = Policies([_SAYS[identity]], resource=resource, needs_resource=True)
    assert bool(decide(Asked(SESSION, "dynamodb:PutItem", TABLE, HERE), policies)) is allowed


def test_a_role_trusts_a_service():
    def trusting(**principal):
        return document({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"})

    def decided(trust):
        return decide(Asked(STATES, "sts:AssumeRole", ROLE), Policies(resource=trust, resource_kind="trust"))

    assert decided(trusting(Service="states.amazonaws.com"))
    assert decided(trusting(Service=["lambda.amazonaws.com", "states.amazonaws.com"]))
    assert decided(trusting(Service="lambda.amazonaws.com")) == Decision(False, "trust")
    assert decided(trusting(AWS="*")) == Decision(False, "trust")
    assert decided(None) == Decision(False, "trust")


def test_all_but_the_named():
    def decided(*but, owner=HERE):
        resource = document(
            allow("*", Principal="*"),
            {"Effect": "Deny", "NotPrincipal": {"AWS": list(but)}, "Action": "*", "Resource": "*"},
        )
        return bool(decide(Asked(SESSION, "dynamodb:PutItem", TABLE, owner), Policies([_SAYS[YES]], resource=resource)))

    account = f"arn:aws:iam::{HERE}:root"
    assert decided(account, ROLE, SESSION.arn)
    assert not decided(ROLE, SESSION.arn)  # "you must also specify the account ARN of the not-denied principal"
    assert not decided(account, ROLE)
    assert not decided(account)


def test_the_root_of_an_account_needs_no_policy_but_a_resource_may_deny():
    assert decide(Asked(ROOT, "dynamodb:PutItem", TABLE), Policies())
    denying = document(deny("*", Principal={"AWS": HERE}))
    assert not decide(Asked(ROOT, "dynamodb:PutItem", TABLE), Policies(resource=denying))


def test_conditions_decide_whether_a_statement_counts():
    here = document(allow(Condition={"StringEquals": {"aws:RequestedRegion": "us-east-1"}}))
    for region, allowed in (("us-east-1", True), ("eu-west-1", False)):
        asked = Asked(ANNA, "dynamodb:PutItem", TABLE, context={"aws:requestedregion": [region]})
        assert bool(decide(asked, Policies([here]))) is allowed


def test_variables_in_resources():
    home = document(allow("s3:GetObject", "arn:aws:s3:::home/${aws:username}/*"))
    asked = Asked(ANNA, "s3:GetObject", "arn:aws:s3:::home/Anna/x", context={"aws:username": ["Anna"]})
    assert decide(asked, Policies([home]))
    assert not decide(Asked(ANNA, "s3:GetObject", "arn:aws:s3:::home/Anna/x"), Policies([home]))
    older = document(allow("s3:GetObject", "arn:aws:s3:::home/${aws:username}/*"), version="2008-10-17")
    assert not decide(asked, Policies([older]))


def test_a_request_that_does_not_tell_its_resource_may_mean_any():
    assert decide(Asked(ANNA, "dynamodb:PutItem", None), Policies([document(allow(resource=TABLE))]))
    both = document(allow(resource=TABLE), deny(resource=TABLE))
    assert decide(Asked(ANNA, "dynamodb:PutItem", None), Policies([both]))
    assert not decide(Asked(ANNA, "dynamodb:PutItem", None), Policies([document(allow(), deny())]))


# AWS's own examples, word for word
# https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html

JOHN = Principal("arn:aws:iam::123456789012:user/JohnDoe", "123456789012")
SENTENCES = [
    (
        "codecommit:ListRepositories",
        "*",
        "identity",
        False,
        "User: arn:aws:iam::123456789012:user/JohnDoe is not authorized to perform: codecommit:ListRepositories because no identity-based policy allows the codecommit:ListRepositories action",
    ),
    (
        "codedeploy:ListDeployments",
        "arn:aws:codedeploy:us-east-1:123456789012:deploymentgroup:*",
        "identity",
        True,
        "User: arn:aws:iam::123456789012:user/JohnDoe is not authorized to perform: codedeploy:ListDeployments on resource: arn:aws:codedeploy:us-east-1:123456789012:deploymentgroup:* with an explicit deny in an identity-based policy",
    ),
    (
        "codecommit:ListRepositories",
        "*",
        "endpoint",
        False,
        "User: arn:aws:iam::123456789012:user/JohnDoe is not authorized to perform: codecommit:ListRepositories because no VPC endpoint policy allows the codecommit:ListRepositories action",
    ),
    (
        "codedeploy:ListDeployments",
        "*",
        "boundary",
        False,
        "User: arn:aws:iam::123456789012:user/JohnDoe is not authorized to perform: codedeploy:ListDeployments because no permissions boundary allows the codedeploy:ListDeployments action",
    ),
    (
        "sagemaker:ListModels",
        "*",
        "boundary",
        True,
        "User: arn:aws:iam::123456789012:user/JohnDoe is not authorized to perform: sagemaker:ListModels with an explicit deny in a permissions boundary",
    ),
    (
        "codecommit:ListRepositories",
        "*",
        "session",
        False,
        "User: arn:aws:iam::123456789012:user/JohnDoe is not authorized to perform: codecommit:ListRepositories because no session policy allows the codecommit:ListRepositories action",
    ),
    (
        "codecommit:ListRepositories",
        "*",
        "session",
        True,
        "User: arn:aws:iam::123456789012:user/JohnDoe is not authorized to perform: codecommit:ListRepositories with an explicit deny in a session policy",
    ),
    (
        "secretsmanager:GetSecretValue",
        "*",
        "resource",
        False,
        "User: arn:aws:iam::123456789012:user/JohnDoe is not authorized to perform: secretsmanager:GetSecretValue because no resource-based policy allows the secretsmanager:GetSecretValue action",
    ),
    (
        "secretsmanager:GetSecretValue",
        "*",
        "resource",
        True,
        "User: arn:aws:iam::123456789012:user/JohnDoe is not authorized to perform: secretsmanager:GetSecretValue with an explicit deny in a resource-based policy",
    ),
    (
        "sts:AssumeRole",
        "*",
        "trust",
        False,
        "User: arn:aws:iam::123456789012:user/JohnDoe is not authorized to perform: sts:AssumeRole because no role trust policy allows the sts:AssumeRole action",
    ),
    (
        "sts:AssumeRole",
        "*",
        "trust",
        True,
        "User: arn:aws:iam::123456789012:user/JohnDoe is not authorized to perform: sts:AssumeRole with an explicit deny in the role trust policy",
    ),
]


@pytest.mark.parametrize(("action", "resource", "kind", "explicit", "expected"), SENTENCES)
def test_the_sentence_of_a_denial(action, resource, kind, explicit, expected):
    assert sentence(Asked(JOHN, action, resource), Decision(False, kind, explicit)) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "Syntax errors in policy: "),
        ("[]", "A policy is an object with the members Version and Statement."),
        (
            '{"Version": "2020-01-01", "Statement": []}',
            "The Version of a policy is 2012-10-17 or 2008-10-17, not '2020-01-01'.",
        ),
        ('{"Version": "2012-10-17"}', "The Statement of a policy is an object or a list of objects."),
        (json.dumps({"Statement": [1]}), "Statement 1 is no object."),
        (json.dumps({"Statement": {"Action": "*"}}), "Statement 1 needs an Effect: Allow or Deny."),
        (json.dumps({"Statement": {"Effect": "Allow"}}), "Statement 1 needs an Action or a NotAction."),
        (json.dumps({"Statement": [{**allow(), "Actions": 1}]}), "Statement 1 has the unknown element Actions."),
        (json.dumps({"Statement": [allow(), allow(NotAction="x")]}), "Statement 2 has both Action and NotAction."),
        (json.dumps({"Statement": allow(NotResource="x")}), "Statement 1 has both Resource and NotResource."),
        (json.dumps({"Statement": allow(1)}), "Statement 1: Action is a text or a list of texts."),
        (
            json.dumps({"Statement": allow(Principal="me")}),
            'Statement 1: a principal is "*" or an object such as {"Service": "states.amazonaws.com"}.',
        ),
        (
            json.dumps({"Statement": allow(Condition={"Is": {"a": "b"}})}),
            "Statement 1: there is no condition operator Is.",
        ),
    ],
)
def test_a_malformed_policy_is_refused(text, message):
    with pytest.raises(MalformedPolicy) as refused:
        read(text)
    assert str(refused.value).startswith(message)


# Laws

actions = st.sampled_from(["dynamodb:PutItem", "dynamodb:GetItem", "dynamodb:*", "*", "s3:*", "dynamodb:Get*"])
resources = st.sampled_from([TABLE, TABLE + "2", TABLE + "*", "*", "arn:aws:dynamodb:*:*:table/*"])
conditions = st.sampled_from(
    [{}, {"Condition": {"Bool": {"aws:SecureTransport": "true"}}}, {"Condition": {"Null": {"x": "true"}}}]
)
named = st.sampled_from(list(NAMED.values()))


@st.composite
def statements(draw, effect=None, *, principals=False):
    action = draw(st.sampled_from(["Action", "NotAction"]))
    resource = draw(st.sampled_from(["Resource", "NotResource"]))
    return {
        "Effect": effect or draw(st.sampled_from(["Allow", "Deny"])),
        action: draw(actions),
        resource: draw(resources),
        **draw(conditions),
        **({"Principal": draw(named)} if principals else {}),
    }


documents = st.lists(statements(), max_size=4)
of_resources = st.lists(statements(principals=True), max_size=4)
asked_for = st.builds(
    Asked,
    st.sampled_from([SESSION, ANNA]),
    st.sampled_from(["dynamodb:PutItem", "dynamodb:GetItem", "s3:GetObject"]),
    st.sampled_from([TABLE, TABLE + "2"]),
    st.sampled_from([HERE, THERE, ""]),
    st.sampled_from([{}, {"aws:securetransport": ["true"]}, {"x": ["1"]}]),
)
maybe = st.none() | documents


def combined(identity, boundary, session, resource):
    limits = [None if each is None else document(*each) for each in (boundary, session)]
    return Policies([document(*identity)], *limits, resource=None if resource is None else document(*resource))


@given(asked_for, documents, maybe, maybe, st.none() | of_resources, st.sampled_from(range(4)))
def test_an_explicit_deny_always_wins(asked, identity, boundary, session, resource, where):
    parts = [identity, boundary, session, resource]
    denial = deny("*", **({"Principal": "*"} if where == 3 else {}))
    parts[where] = [*(parts[where] or []), denial]
    decision = decide(asked, combined(*parts))
    assert not decision
    assert decision.explicit


@given(asked_for, documents, maybe, maybe, st.none() | of_resources, st.data())
def test_one_more_allow_never_takes_a_right_away(asked, identity, boundary, session, resource, data):
    before = decide(asked, combined(identity, boundary, session, resource))
    parts = [identity, boundary, session, resource]
    where = data.draw(st.sampled_from([index for index, part in enumerate(parts) if part is not None]))
    parts[where] = [*parts[where], data.draw(statements("Allow", principals=where == 3))]
    assert decide(asked, combined(*parts)) or not before


@given(asked_for, documents, maybe, maybe, st.none() | of_resources, st.randoms())
def test_the_order_of_statements_does_not_matter(asked, identity, boundary, session, resource, random):
    parts = [identity, boundary, session, resource]
    shuffled = [None if part is None else random.sample(part, len(part)) for part in parts]
    assert decide(asked, combined(*shuffled)) == decide(asked, combined(*parts))
