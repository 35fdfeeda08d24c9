"""AWS::EC2::* that moto's own classes do not make or cannot take away, and AWS::RDS::DBCluster and DBInstance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from emulator.deploying.intrinsics import as_text
from emulator.deploying.services import Refused
from emulator.deploying.types.resource_type import Api, Made, Order, Properties, ResourceType, fit, pairs


def _number(value: Any) -> int:
    return int(as_text(value))


def _tag_specifications(order: Order, kind: str) -> list[dict[str, Any]] | None:
    tags = pairs(order.tags(system=True))
    return [{"ResourceType": kind, "Tags": tags}] if tags else None


class SecurityGroupRule(ResourceType):
    """AWS::EC2::SecurityGroupIngress and AWS::EC2::SecurityGroupEgress: one rule of a group."""

    updates: ClassVar[bool] = False

    def __init__(self, direction: str) -> None:
        self.direction = direction

    @staticmethod
    def _permission(given: Properties) -> dict[str, Any]:
        permission: dict[str, Any] = {"IpProtocol": as_text(given["IpProtocol"])}
        for port in ("FromPort", "ToPort"):
            if port in given:
                permission[port] = _number(given[port])
        described = {"Description": given["Description"]} if "Description" in given else {}
        if "CidrIp" in given:
            permission["IpRanges"] = [{"CidrIp": given["CidrIp"], **described}]
        if "CidrIpv6" in given:
            permission["Ipv6Ranges"] = [{"CidrIpv6": given["CidrIpv6"], **described}]
        for name in ("SourcePrefixListId", "DestinationPrefixListId"):
            if name in given:
                permission["PrefixListIds"] = [{"PrefixListId": given[name], **described}]
        pair = {
            member: given[name]
            for name, member in (
                ("SourceSecurityGroupId", "GroupId"),
                ("DestinationSecurityGroupId", "GroupId"),
                ("SourceSecurityGroupName", "GroupName"),
                ("SourceSecurityGroupOwnerId", "UserId"),
            )
            if name in given
        }
        if pair:
            permission["UserIdGroupPairs"] = [{**pair, **described}]
        return permission

    def create(self, order: Order) -> Made:
        """Make one."""
        given = order.properties
        operation = f"AuthorizeSecurityGroup{self.direction}"
        permissions = [self._permission(given)]
        group = {name: given[name] for name in ("GroupId", "GroupName") if name in given}
        answer = order.call("ec2", operation, **group, IpPermissions=permissions)
        rules = answer.get("SecurityGroupRules", ())
        if len(rules) != 1:
            raise Refused(f"{operation} made {len(rules)} rules, not one", "GeneralServiceException")
        rule = rules[0]["SecurityGroupRuleId"]
        return Made(rule, {"Id": rule, "::group": rules[0]["GroupId"]})

    def delete(self, order: Order, made: Made) -> None:
        """Delete one."""
        group, operation = made.attributes["::group"], f"RevokeSecurityGroup{self.direction}"
        permissions = [self._permission(order.properties)]
        order.call("ec2", operation, GroupId=group, IpPermissions=permissions)


class NetworkAcl(ResourceType):
    """AWS::EC2::NetworkAcl."""

    takes_tags = True

    def create(self, order: Order) -> Made:
        """Make one."""
        tags = _tag_specifications(order, "network-acl")
        answer = order.call("ec2", "CreateNetworkAcl", VpcId=order.properties["VpcId"], TagSpecifications=tags)
        made = answer["NetworkAcl"]["NetworkAclId"]
        return Made(made, {"Id": made})

    def update(self, order: Order, before: Properties, made: Made) -> Made:
        """Change one: its tags."""
        order.retag(
            before,
            lambda new: order.call("ec2", "CreateTags", Resources=[made.id], Tags=pairs(new)),
            lambda gone: order.call("ec2", "DeleteTags", Resources=[made.id], Tags=[{"Key": key} for key in gone]),
        )
        return made

    def delete(self, order: Order, made: Made) -> None:
        """Delete one."""
        order.call("ec2", "DeleteNetworkAcl", NetworkAclId=made.id)


class NetworkAclEntry(ResourceType):
    """AWS::EC2::NetworkAclEntry."""

    @staticmethod
    def _key(given: Properties) -> dict[str, Any]:
        is_egress = as_text(given.get("Egress", False)).lower() == "true"
        return {
            "NetworkAclId": given["NetworkAclId"],
            "RuleNumber": _number(given["RuleNumber"]),
            "Egress": is_egress,
        }

    def _entry(self, given: Properties) -> dict[str, Any]:
        ports, icmp = given.get("PortRange"), given.get("Icmp")
        return {
            **self._key(given),
            "Protocol": as_text(given["Protocol"]),
            "RuleAction": given["RuleAction"],
            "CidrBlock": given.get("CidrBlock"),
            "Ipv6CidrBlock": given.get("Ipv6CidrBlock"),
            "PortRange": ports and {end: _number(port) for end, port in ports.items()},
            "IcmpTypeCode": icmp and {name: _number(code) for name, code in icmp.items()},
        }

    def create(self, order: Order) -> Made:
        """Make one."""
        order.call("ec2", "CreateNetworkAclEntry", **self._entry(order.properties))
        name = order.named("")
        return Made(name, {"Id": name})

    def update(self, order: Order, before: Properties, made: Made) -> Made:
        """Change one."""
        del before
        order.call("ec2", "ReplaceNetworkAclEntry", **self._entry(order.properties))
        return made

    def delete(self, order: Order, made: Made) -> None:
        """Delete one."""
        del made
        order.call("ec2", "DeleteNetworkAclEntry", **self._key(order.properties))


class SubnetNetworkAclAssociation(ResourceType):
    """AWS::EC2::SubnetNetworkAclAssociation: a subnet's list, until the default one is its again."""

    updates: ClassVar[bool] = False

    @staticmethod
    def _lists(order: Order, name: str, value: str) -> list[dict[str, Any]]:
        filters = [{"Name": name, "Values": [value]}]
        found: list[dict[str, Any]] = order.call("ec2", "DescribeNetworkAcls", Filters=filters)["NetworkAcls"]
        return found

    def _put(self, order: Order, wanted: str) -> str:
        subnet = order.properties["SubnetId"]
        for acl in self._lists(order, "association.subnet-id", subnet):
            for association in acl["Associations"]:
                if association["SubnetId"] == subnet:
                    held = association["NetworkAclAssociationId"]
                    answer = order.call("ec2", "ReplaceNetworkAclAssociation", AssociationId=held, NetworkAclId=wanted)
                    return str(answer["NewAssociationId"])
        raise Refused(f"The subnet ID '{subnet}' does not exist", "InvalidSubnetID.NotFound")

    def create(self, order: Order) -> Made:
        """Make one."""
        made = self._put(order, order.properties["NetworkAclId"])
        return Made(made, {"AssociationId": made})

    def delete(self, order: Order, made: Made) -> None:
        """Delete one."""
        del made
        subnet = order.properties["SubnetId"]
        [found] = order.call("ec2", "DescribeSubnets", SubnetIds=[subnet])["Subnets"]
        for acl in self._lists(order, "vpc-id", found["VpcId"]):
            if acl["IsDefault"]:
                self._put(order, acl["NetworkAclId"])


class KeyPair(ResourceType):
    """AWS::EC2::KeyPair: a new one, whose private half a parameter keeps, or one whose public half is given."""

    updates: ClassVar[bool] = False

    def create(self, order: Order) -> Made:
        """Make one."""
        given = order.properties
        name, tags = given["KeyName"], _tag_specifications(order, "key-pair")
        if "PublicKeyMaterial" in given:
            material = given["PublicKeyMaterial"].encode()
            answer = order.call(
                "ec2", "ImportKeyPair", KeyName=name, PublicKeyMaterial=material, TagSpecifications=tags
            )
        else:
            kinds = {member: given.get(member) for member in ("KeyType", "KeyFormat")}
            answer = order.call("ec2", "CreateKeyPair", KeyName=name, **kinds, TagSpecifications=tags)
            order.call(
                "ssm",
                "PutParameter",
                Name=f"/ec2/keypair/{answer['KeyPairId']}",
                Value=answer["KeyMaterial"],
                Type="SecureString",
            )
        return Made(name, {"KeyPairId": answer["KeyPairId"], "KeyFingerprint": answer["KeyFingerprint"]})

    def delete(self, order: Order, made: Made) -> None:
        """Delete one."""
        order.call("ec2", "DeleteKeyPair", KeyName=made.id)
        if "PublicKeyMaterial" not in order.properties:
            order.call("ssm", "DeleteParameter", Name=f"/ec2/keypair/{made.attributes['KeyPairId']}")


def _cluster(_order: Order, _params: dict[str, Any], answer: dict[str, Any]) -> Made:
    made = answer["DBCluster"]
    return Made(
        made["DBClusterIdentifier"],
        {
            "DBClusterArn": made["DBClusterArn"],
            "DBClusterResourceId": made["DbClusterResourceId"],
            "Endpoint.Address": made["Endpoint"],
            "Endpoint.Port": as_text(made["Port"]),
            "ReadEndpoint.Address": made["ReaderEndpoint"],
        },
    )


class DBInstance(ResourceType):
    """AWS::RDS::DBInstance, on its own or in a cluster."""

    updates: ClassVar[bool] = False

    def create(self, order: Order) -> Made:
        """Make one."""
        given = {name: value for name, value in order.properties.items() if name != "Tags"}
        if "VPCSecurityGroups" in given:
            given["VpcSecurityGroupIds"] = given.pop("VPCSecurityGroups")
        params = fit("rds", "CreateDBInstance", given, order)
        params["DBInstanceIdentifier"] = order.named("DBInstanceIdentifier", 63, lower=True)
        answer = order.call("rds", "CreateDBInstance", **params, Tags=pairs(order.tags()) or None)["DBInstance"]
        endpoint = answer.get("Endpoint", {})
        return Made(
            answer["DBInstanceIdentifier"],
            {
                "DBInstanceArn": answer["DBInstanceArn"],
                "DbiResourceId": answer["DbiResourceId"],
                "Endpoint.Address": endpoint.get("Address"),
                "Endpoint.Port": as_text(endpoint.get("Port", "")),
            },
        )

    def delete(self, order: Order, made: Made) -> None:
        """Delete one."""
        order.call("rds", "DeleteDBInstance", DBInstanceIdentifier=made.id, SkipFinalSnapshot=True)


TYPES: Final[Mapping[str, ResourceType]] = {
    "AWS::EC2::KeyPair": KeyPair(),
    "AWS::EC2::NetworkAcl": NetworkAcl(),
    "AWS::EC2::NetworkAclEntry": NetworkAclEntry(),
    "AWS::EC2::SecurityGroupEgress": SecurityGroupRule("Egress"),
    "AWS::EC2::SecurityGroupIngress": SecurityGroupRule("Ingress"),
    "AWS::EC2::SubnetNetworkAclAssociation": SubnetNetworkAclAssociation(),
    "AWS::RDS::DBCluster": Api(
        "rds",
        "CreateDBCluster",
        _cluster,
        "DeleteDBCluster",
        key=lambda made: {"DBClusterIdentifier": made.id, "SkipFinalSnapshot": True},
        name="DBClusterIdentifier",
        lower=True,
        tagged=True,
        changes=False,
    ),
    "AWS::RDS::DBInstance": DBInstance(),
}
