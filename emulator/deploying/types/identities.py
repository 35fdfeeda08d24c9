"""Who somebody is, and what guards the way in: Cognito, certificates, WAF."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from emulator.deploying.intrinsics import as_text
from emulator.deploying.types.modelled import Modelled
from emulator.deploying.types.resource_type import Made, Order, Properties, Put, ResourceType


def _cognito(noun: str, **more: Any) -> Modelled:
    return Modelled("cognito-idp", noun, longest=128, **more)


def _provider_of_pool(order: Order, made: Made) -> Mapping[str, Any]:
    name = f"cognito-idp.{order.services.region}.{order.services.suffix}/{made.id}"
    return {"ProviderName": name, "ProviderURL": f"https://{name}"}


def _mfa(order: Order, before: Properties, made: Made) -> None:
    """The second factors that a pool takes, which have an operation of their own."""
    now = order.properties.get("EnabledMfas")
    if now is None or now == before.get("EnabledMfas"):
        return
    software = {"Enabled": "SOFTWARE_TOKEN_MFA" in now}
    configuration = as_text(order.properties.get("MfaConfiguration", "OFF"))
    sms = order.properties.get("SmsConfiguration")
    order.call(
        "cognito-idp",
        "SetUserPoolMfaConfig",
        UserPoolId=made.id,
        SoftwareTokenMfaConfiguration=software,
        SmsMfaConfiguration={"SmsConfiguration": sms} if "SMS_MFA" in now and sms else None,
        MfaConfiguration=configuration,
    )


class IdentityPoolRoles(Put):
    """AWS::Cognito::IdentityPoolRoleAttachment."""

    def put(self, order: Order, before: Properties) -> None:
        """Set the roles."""
        del before
        given = order.properties
        order.call(
            "cognito-identity",
            "SetIdentityPoolRoles",
            IdentityPoolId=given["IdentityPoolId"],
            Roles=given.get("Roles") or {},
            RoleMappings=given.get("RoleMappings"),
        )

    def delete(self, order: Order, made: Made) -> None:
        """The pool has no roles any more."""
        del made
        pool = order.properties["IdentityPoolId"]
        order.call("cognito-identity", "SetIdentityPoolRoles", IdentityPoolId=pool, Roles={})


class Waf(Modelled):
    """A type of AWS::WAFv2: its operations want the token of the state that they change."""

    def _key(self, order: Order, made: Made, operation: str) -> dict[str, Any]:
        key = super()._key(order, made, operation)
        if "LockToken" in self._members(operation):
            name, identity, scope = made.id.split("|")
            found = order.call("wafv2", f"Get{self.noun}", Name=name, Id=identity, Scope=scope)
            key["LockToken"] = found["LockToken"]
        return key


def _waf(noun: str, **more: Any) -> Waf:
    return Waf("wafv2", noun, ref="Name|Id|Scope", longest=128, **more)


class WebAclAssociation(ResourceType):
    """AWS::WAFv2::WebACLAssociation."""

    updates = False

    def create(self, order: Order) -> Made:
        """Make one."""
        given = order.properties
        order.call("wafv2", "AssociateWebACL", WebACLArn=given["WebACLArn"], ResourceArn=given["ResourceArn"])
        return Made(f"{given['ResourceArn']}|{given['WebACLArn']}", {})

    def delete(self, order: Order, made: Made) -> None:
        """Delete one."""
        del made
        order.call("wafv2", "DisassociateWebACL", ResourceArn=order.properties["ResourceArn"])


TYPES: Final[Mapping[str, ResourceType]] = {
    "AWS::CertificateManager::Certificate": Modelled(
        "acm",
        "Certificate",
        create_by="RequestCertificate",
        renamed={"Id": "CertificateArn"},
    ),
    "AWS::Cognito::IdentityPool": Modelled(
        "cognito-identity", "IdentityPool", renamed={"Id": "IdentityPoolId"}, longest=128, retagged=False
    ),
    "AWS::Cognito::IdentityPoolRoleAttachment": IdentityPoolRoles(),
    "AWS::Cognito::UserPool": _cognito(
        "UserPool",
        renamed={"UserPoolName": "PoolName"},
        elsewhere=frozenset({"EnabledMfas"}),
        afterwards=_mfa,
        more=_provider_of_pool,
        retagged=False,
    ),
    "AWS::Cognito::UserPoolClient": _cognito("UserPoolClient", ref="ClientId", ways={"Name": "ClientName"}),
    "AWS::Cognito::UserPoolDomain": _cognito("UserPoolDomain", ref="Domain"),
    "AWS::Cognito::UserPoolGroup": _cognito("Group", ref="GroupName"),
    "AWS::Cognito::UserPoolIdentityProvider": _cognito("IdentityProvider", ref="ProviderName"),
    "AWS::Cognito::UserPoolResourceServer": _cognito("ResourceServer", ref="Identifier"),
    "AWS::Cognito::UserPoolUser": _cognito(
        "User",
        create_by="AdminCreateUser",
        delete_by="AdminDeleteUser",
        read_by="AdminGetUser",
        ref="Username",
    ),
    "AWS::Cognito::UserPoolUserToGroupAttachment": _cognito(
        "User",
        create_by="AdminAddUserToGroup",
        delete_by="AdminRemoveUserFromGroup",
        read_by="AdminGetUser",
        ref="UserPoolId|GroupName|Username",
    ),
    "AWS::WAFv2::IPSet": _waf("IPSet"),
    "AWS::WAFv2::RegexPatternSet": _waf(
        "RegexPatternSet",
        shaped={"RegularExpressionList": lambda texts: [{"RegexString": text} for text in texts]},
    ),
    "AWS::WAFv2::RuleGroup": _waf("RuleGroup"),
    "AWS::WAFv2::WebACL": _waf("WebACL"),
    "AWS::WAFv2::WebACLAssociation": WebAclAssociation(),
}
