"""AWS::IAM::*: roles, policies, instance profiles, users and groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from asl_interpreter.jsontext import dumps
from emulator.deploying.intrinsics import as_text
from emulator.deploying.services import Refused
from emulator.deploying.types.modelled import Modelled
from emulator.deploying.types.resource_type import (
    Made,
    Order,
    Properties,
    Put,
    ResourceType,
    fit,
    gained_and_lost,
    pairs,
)


def _attach(order: Order, kind: str, name: str, before: Properties) -> None:
    """The inline and the managed policies of a role, a user or a group, as its properties have them."""
    member = {f"{kind}Name": name}
    now, was = (
        {as_text(each["PolicyName"]): each for each in of.get("Policies") or ()} for of in (order.properties, before)
    )
    for policy in was.keys() - now.keys():
        order.call("iam", f"Delete{kind}Policy", **member, PolicyName=policy)
    for policy, given in now.items():
        if given != was.get(policy):
            document = _document(given["PolicyDocument"])
            order.call("iam", f"Put{kind}Policy", **member, PolicyName=policy, PolicyDocument=document)
    gained, lost = gained_and_lost(order, before, "ManagedPolicyArns")
    for arn in lost:
        order.call("iam", f"Detach{kind}Policy", **member, PolicyArn=arn)
    for arn in gained:
        order.call("iam", f"Attach{kind}Policy", **member, PolicyArn=arn)


def _detach(order: Order, kind: str, name: str) -> None:
    """Take from a role, a user or a group all policies that it has."""
    member = {f"{kind}Name": name}
    for policy in order.call("iam", f"List{kind}Policies", **member).get("PolicyNames", ()):
        order.call("iam", f"Delete{kind}Policy", **member, PolicyName=policy)
    for policy in order.call("iam", f"ListAttached{kind}Policies", **member).get("AttachedPolicies", ()):
        order.call("iam", f"Detach{kind}Policy", **member, PolicyArn=policy["PolicyArn"])


class Role(ResourceType):
    """AWS::IAM::Role."""

    takes_tags = True

    def create(self, order: Order) -> Made:
        """Make one."""
        given, name = order.properties, order.named("RoleName")
        duration = given.get("MaxSessionDuration")
        made = order.call(
            "iam",
            "CreateRole",
            RoleName=name,
            Path=given.get("Path"),
            AssumeRolePolicyDocument=_document(given["AssumeRolePolicyDocument"]),
            Description=given.get("Description"),
            MaxSessionDuration=None if duration is None else int(as_text(duration)),
            PermissionsBoundary=given.get("PermissionsBoundary"),
            Tags=pairs(order.tags()) or None,
        )["Role"]
        try:
            _attach(order, "Role", name, {})
        except Refused:
            self.delete(order, Made(name, {}))
            raise
        return Made(name, {"Arn": made["Arn"], "RoleId": made["RoleId"]})

    def update(self, order: Order, before: Properties, made: Made) -> Made:
        """Change one."""
        given = order.properties
        document = given["AssumeRolePolicyDocument"]
        if document != before.get("AssumeRolePolicyDocument"):
            order.call("iam", "UpdateAssumeRolePolicy", RoleName=made.id, PolicyDocument=_document(document))
        settings = ("Description", "MaxSessionDuration")
        if any(given.get(name) != before.get(name) for name in settings):
            duration = int(as_text(given.get("MaxSessionDuration", 3600)))
            description = as_text(given.get("Description", ""))
            order.call("iam", "UpdateRole", RoleName=made.id, Description=description, MaxSessionDuration=duration)
        boundary = given.get("PermissionsBoundary")
        if boundary != before.get("PermissionsBoundary"):
            if boundary:
                order.call("iam", "PutRolePermissionsBoundary", RoleName=made.id, PermissionsBoundary=boundary)
            else:
                order.call("iam", "DeleteRolePermissionsBoundary", RoleName=made.id)
        _attach(order, "Role", made.id, before)
        order.retag(
            before,
            lambda new: order.call("iam", "TagRole", RoleName=made.id, Tags=pairs(new)),
            lambda gone: order.call("iam", "UntagRole", RoleName=made.id, TagKeys=gone),
        )
        return made

    def delete(self, order: Order, made: Made) -> None:
        """Delete one, its policies first."""
        _detach(order, "Role", made.id)
        order.call("iam", "DeleteRole", RoleName=made.id)


def _document(value: Any) -> str:
    """A policy as text; one without a version, which AWS takes, gets the current one, which moto asks for."""
    return value if isinstance(value, str) else dumps({"Version": "2012-10-17", **value})


class Policy(Put):
    """AWS::IAM::Policy: one inline policy of roles, users and groups."""

    _HOLDERS: Final = {"Roles": "Role", "Users": "User", "Groups": "Group"}

    def put(self, order: Order, before: Properties) -> None:
        """Put the policy on all that have it."""
        name, document = as_text(order.properties["PolicyName"]), _document(order.properties["PolicyDocument"])
        for member, kind in self._HOLDERS.items():
            now, was = ([as_text(each) for each in of.get(member) or ()] for of in (order.properties, before))
            for holder in was:
                if holder not in now or before.get("PolicyName") != order.properties["PolicyName"]:
                    self._remove(order, kind, holder, as_text(before["PolicyName"]))
            for holder in now:
                order.call(
                    "iam", f"Put{kind}Policy", **{f"{kind}Name": holder}, PolicyName=name, PolicyDocument=document
                )

    @staticmethod
    def _remove(order: Order, kind: str, holder: str, name: str) -> None:
        try:
            order.call("iam", f"Delete{kind}Policy", **{f"{kind}Name": holder}, PolicyName=name)
        except Refused as refused:
            if not refused.is_absence:
                raise

    def create(self, order: Order) -> Made:
        """Make one."""
        if not any(order.properties.get(member) for member in self._HOLDERS):
            message = "At least one of [Groups,Roles,Users] must be non-empty."
            raise Refused(message, "InvalidRequest")
        return super().create(order)

    def delete(self, order: Order, made: Made) -> None:
        """Delete one."""
        del made
        for member, kind in self._HOLDERS.items():
            for holder in order.properties.get(member) or ():
                self._remove(order, kind, as_text(holder), as_text(order.properties["PolicyName"]))


class ManagedPolicy(ResourceType):
    """AWS::IAM::ManagedPolicy."""

    def create(self, order: Order) -> Made:
        """Make one."""
        given = order.properties
        made = order.call(
            "iam",
            "CreatePolicy",
            PolicyName=order.named("ManagedPolicyName", 128),
            Path=given.get("Path"),
            PolicyDocument=_document(given["PolicyDocument"]),
            Description=given.get("Description"),
        )["Policy"]
        arn = made["Arn"]
        self._hold(order, arn, {})
        return Made(arn, {"PolicyArn": arn, "PolicyId": made.get("PolicyId", "")})

    @staticmethod
    def _hold(order: Order, arn: str, before: Properties) -> None:
        for member, kind in Policy._HOLDERS.items():  # noqa: SLF001 - the same three
            gained, lost = gained_and_lost(order, before, member)
            for holder in lost:
                order.call("iam", f"Detach{kind}Policy", **{f"{kind}Name": holder}, PolicyArn=arn)
            for holder in gained:
                order.call("iam", f"Attach{kind}Policy", **{f"{kind}Name": holder}, PolicyArn=arn)

    def update(self, order: Order, before: Properties, made: Made) -> Made:
        """Change one: another default version, and the old ones go."""
        document = order.properties["PolicyDocument"]
        if document != before.get("PolicyDocument"):
            text = _document(document)
            order.call("iam", "CreatePolicyVersion", PolicyArn=made.id, PolicyDocument=text, SetAsDefault=True)
            self._drop_versions(order, made.id)
        self._hold(order, made.id, before)
        return made

    @staticmethod
    def _drop_versions(order: Order, arn: str) -> None:
        for version in order.call("iam", "ListPolicyVersions", PolicyArn=arn)["Versions"]:
            if not version["IsDefaultVersion"]:
                order.call("iam", "DeletePolicyVersion", PolicyArn=arn, VersionId=version["VersionId"])

    def delete(self, order: Order, made: Made) -> None:
        """Delete one, from everybody who has it."""
        holders = order.call("iam", "ListEntitiesForPolicy", PolicyArn=made.id)
        for kind in ("Role", "User", "Group"):
            for holder in holders.get(f"Policy{kind}s", ()):
                name = {f"{kind}Name": holder[f"{kind}Name"]}
                order.call("iam", f"Detach{kind}Policy", **name, PolicyArn=made.id)
        self._drop_versions(order, made.id)
        order.call("iam", "DeletePolicy", PolicyArn=made.id)


def _set_roles(order: Order, before: Properties, made: Made) -> None:
    gained, lost = gained_and_lost(order, before, "Roles")
    for role in lost:
        order.call("iam", "RemoveRoleFromInstanceProfile", InstanceProfileName=made.id, RoleName=role)
    for role in gained:
        order.call("iam", "AddRoleToInstanceProfile", InstanceProfileName=made.id, RoleName=role)


def _remove_roles(order: Order, made: Made) -> None:
    for role in order.properties.get("Roles") or ():
        try:
            order.call("iam", "RemoveRoleFromInstanceProfile", InstanceProfileName=made.id, RoleName=as_text(role))
        except Refused as refused:
            if not refused.is_absence:
                raise


def _put_members(order: Order, group: str, gained: Sequence[str], lost: Sequence[str]) -> None:
    for user in gained:
        order.call("iam", "AddUserToGroup", GroupName=group, UserName=user)
    for user in lost:
        order.call("iam", "RemoveUserFromGroup", GroupName=group, UserName=user)


class UserToGroupAddition(Put):
    """AWS::IAM::UserToGroupAddition."""

    def put(self, order: Order, before: Properties) -> None:
        """Put users into a group."""
        _put_members(order, order.properties["GroupName"], *gained_and_lost(order, before, "Users"))

    def delete(self, order: Order, made: Made) -> None:
        """Take them out."""
        del made
        _put_members(order, order.properties["GroupName"], (), [as_text(user) for user in order.properties["Users"]])


def _settle_user(order: Order, before: Properties, made: Made) -> None:
    _attach(order, "User", made.id, before)
    gained, lost = gained_and_lost(order, before, "Groups")
    for group in gained:
        _put_members(order, group, [made.id], ())
    for group in lost:
        _put_members(order, group, (), [made.id])
    now, was = order.properties.get("LoginProfile"), before.get("LoginProfile")
    if now == was:
        return
    if now is None:
        order.call("iam", "DeleteLoginProfile", UserName=made.id)
        return
    operation = "CreateLoginProfile" if was is None else "UpdateLoginProfile"
    order.call("iam", operation, UserName=made.id, **fit("iam", operation, now, order))


def _strip_user(order: Order, made: Made) -> None:
    """Take from a user what would keep it from being deleted, as AWS does."""
    _detach(order, "User", made.id)
    for group in order.call("iam", "ListGroupsForUser", UserName=made.id).get("Groups", ()):
        _put_members(order, group["GroupName"], (), [made.id])
    if order.properties.get("LoginProfile") is not None:
        order.call("iam", "DeleteLoginProfile", UserName=made.id)


def _inline(kind: str) -> Modelled:
    """A policy inside of a role, a user or a group."""
    return Modelled(
        "iam",
        f"{kind}Policy",
        create_by=f"Put{kind}Policy",
        update_by=f"Put{kind}Policy",
        shaped={"PolicyDocument": _document},
    )


def _holder(kind: str) -> Callable[[Order, Properties, Made], None]:
    return lambda order, before, made: _attach(order, kind, made.id, before)


_POLICIES: Final = frozenset({"Policies", "ManagedPolicyArns"})

TYPES: Final[Mapping[str, ResourceType]] = {
    "AWS::IAM::AccessKey": Modelled(
        "iam", "AccessKey", keyed=("UserName", "AccessKeyId"), read_by="GetAccessKeyLastUsed"
    ),
    "AWS::IAM::Group": Modelled(
        "iam",
        "Group",
        elsewhere=_POLICIES,
        afterwards=_holder("Group"),
        before_deletion=lambda order, made: _detach(order, "Group", made.id),
        longest=128,
    ),
    "AWS::IAM::GroupPolicy": _inline("Group"),
    "AWS::IAM::InstanceProfile": Modelled(
        "iam",
        "InstanceProfile",
        elsewhere=frozenset({"Roles"}),
        afterwards=_set_roles,
        before_deletion=_remove_roles,
        longest=128,
    ),
    "AWS::IAM::ManagedPolicy": ManagedPolicy(),
    "AWS::IAM::OIDCProvider": Modelled("iam", "OpenIDConnectProvider", reworded=frozenset({"Url"})),
    "AWS::IAM::Policy": Policy(),
    "AWS::IAM::Role": Role(),
    "AWS::IAM::RolePolicy": _inline("Role"),
    "AWS::IAM::SAMLProvider": Modelled("iam", "SAMLProvider", longest=128),
    "AWS::IAM::ServiceLinkedRole": Modelled("iam", "ServiceLinkedRole"),
    "AWS::IAM::User": Modelled(
        "iam",
        "User",
        elsewhere=_POLICIES | {"Groups", "LoginProfile"},
        afterwards=_settle_user,
        before_deletion=_strip_user,
    ),
    "AWS::IAM::UserPolicy": _inline("User"),
    "AWS::IAM::UserToGroupAddition": UserToGroupAddition(),
    "AWS::IAM::VirtualMFADevice": Modelled("iam", "VirtualMFADevice"),
}
