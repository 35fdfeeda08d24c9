"""AWS::EC2::*: networks, what guards them, and what stands in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final

from asl_interpreter.jsontext import dumps
from emulator.deploying.intrinsics import as_text
from emulator.deploying.services import Refused
from emulator.deploying.types.modelled import Modelled
from emulator.deploying.types.resource_type import Made, Order, Properties, ResourceType, pairs


def _number(value: Any) -> int:
    return int(as_text(value))


def _tag_specifications(order: Order, kind: str) -> list[dict[str, Any]] | None:
    tags = pairs(order.tags(system=True))
    return [{"ResourceType": kind, "Tags": tags}] if tags else None


def permission(given: Properties) -> dict[str, Any]:
    """A rule of a security group, as operations take one."""
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


def _set_rules(order: Order, before: Properties, made: Made) -> None:
    """The rules of a security group itself. One whose egress is given loses the rule that lets everything out."""
    group = made.id
    for member, direction in (("SecurityGroupIngress", "Ingress"), ("SecurityGroupEgress", "Egress")):
        now, was = (list(each.get(member) or ()) for each in (order.properties, before))
        if direction == "Egress" and now and not was:
            was = [{"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}]
        for operation, rules in (
            (f"RevokeSecurityGroup{direction}", [rule for rule in was if rule not in now]),
            (f"AuthorizeSecurityGroup{direction}", [rule for rule in now if rule not in was]),
        ):
            if rules:
                order.call("ec2", operation, GroupId=group, IpPermissions=[permission(rule) for rule in rules])


class SecurityGroupRule(ResourceType):
    """AWS::EC2::SecurityGroupIngress and AWS::EC2::SecurityGroupEgress: one rule of a group."""

    updates: ClassVar[bool] = False

    def __init__(self, direction: str) -> None:
        self.direction = direction

    def create(self, order: Order) -> Made:
        """Make one."""
        given = order.properties
        operation = f"AuthorizeSecurityGroup{self.direction}"
        permissions = [permission(given)]
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
        permissions = [permission(order.properties)]
        order.call("ec2", operation, GroupId=group, IpPermissions=permissions)


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


# Networks


def _settings(operation: str, key: str, *names: str) -> Callable[[Order, Properties, Made], None]:
    """Settings of a network that an operation changes one at a time."""

    def settle(order: Order, before: Properties, made: Made) -> None:
        for name in names:
            now = order.properties.get(name)
            if now is not None and now != before.get(name):
                value: Any = now if isinstance(now, dict) else {"Value": as_text(now).lower() == "true"}
                order.call("ec2", operation, **{key: made.id, name: value})

    return settle


_OF_VPCS: Final = ("EnableDnsSupport", "EnableDnsHostnames")
_OF_SUBNETS: Final = ("MapPublicIpOnLaunch", "AssignIpv6AddressOnCreation", "EnableDns64")


def _defaults_of_vpc(order: Order, made: Made) -> Mapping[str, Any]:
    of = {"Name": "vpc-id", "Values": [made.id]}
    groups = order.call("ec2", "DescribeSecurityGroups", Filters=[of, {"Name": "group-name", "Values": ["default"]}])[
        "SecurityGroups"
    ]
    lists = order.call("ec2", "DescribeNetworkAcls", Filters=[of, {"Name": "default", "Values": ["true"]}])
    [vpc] = order.call("ec2", "DescribeVpcs", VpcIds=[made.id])["Vpcs"]
    found: dict[str, Any] = {
        "CidrBlock": vpc["CidrBlock"],
        "CidrBlockAssociations": [each["AssociationId"] for each in vpc.get("CidrBlockAssociationSet", ())],
        "Ipv6CidrBlocks": [each["Ipv6CidrBlock"] for each in vpc.get("Ipv6CidrBlockAssociationSet", ())],
    }
    if groups:
        found["DefaultSecurityGroup"] = groups[0]["GroupId"]
    if lists["NetworkAcls"]:
        found["DefaultNetworkAcl"] = lists["NetworkAcls"][0]["NetworkAclId"]
    return found


def _acl_of_subnet(order: Order, made: Made) -> Mapping[str, Any]:
    filters = [{"Name": "association.subnet-id", "Values": [made.id]}]
    for acl in order.call("ec2", "DescribeNetworkAcls", Filters=filters)["NetworkAcls"]:
        for association in acl["Associations"]:
            if association["SubnetId"] == made.id:
                return {"NetworkAclAssociationId": association["NetworkAclAssociationId"]}
    return {}


class GatewayAttachment(ResourceType):
    """AWS::EC2::VPCGatewayAttachment: an internet gateway of a VPC, a virtual private one, or both."""

    _OPERATIONS: Final = {"InternetGatewayId": "InternetGateway", "VpnGatewayId": "VpnGateway"}

    def _do(self, order: Order, verb: str, given: Properties) -> None:
        for member, gateway in self._OPERATIONS.items():
            if member in given:
                order.call("ec2", f"{verb}{gateway}", **{member: given[member], "VpcId": given["VpcId"]})

    def create(self, order: Order) -> Made:
        """Make one."""
        self._do(order, "Attach", order.properties)
        kind = "IGW" if "InternetGatewayId" in order.properties else "VGW"
        return Made(f"{kind}|{order.properties['VpcId']}", {"AttachmentType": kind})

    def update(self, order: Order, before: Properties, made: Made) -> Made:
        """Change one: other gateways."""
        self._do(order, "Detach", before)
        self._do(order, "Attach", order.properties)
        return made

    def delete(self, order: Order, made: Made) -> None:
        """Delete one."""
        del made
        self._do(order, "Detach", order.properties)


class Route(ResourceType):
    """AWS::EC2::Route."""

    _DESTINATIONS: Final = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")

    def create(self, order: Order) -> Made:
        """Make one."""
        given = {name: as_text(value) for name, value in order.properties.items()}
        order.call("ec2", "CreateRoute", **given)
        to = next((given[name] for name in self._DESTINATIONS if name in given), "")
        return Made(f"{given['RouteTableId']}|{to}", {"CidrBlock": to})

    def update(self, order: Order, before: Properties, made: Made) -> Made:
        """Change one: where it leads."""
        del before
        order.call("ec2", "ReplaceRoute", **{name: as_text(value) for name, value in order.properties.items()})
        return made

    def delete(self, order: Order, made: Made) -> None:
        """Delete one."""
        del made
        named = ("RouteTableId", *self._DESTINATIONS)
        key = {name: as_text(value) for name, value in order.properties.items() if name in named}
        order.call("ec2", "DeleteRoute", **key)


class DhcpOptionsAssociation(ResourceType):
    """AWS::EC2::VPCDHCPOptionsAssociation."""

    updates: ClassVar[bool] = False

    def create(self, order: Order) -> Made:
        """Make one."""
        given = order.properties
        key = {name: as_text(given[name]) for name in ("DhcpOptionsId", "VpcId")}
        order.call("ec2", "AssociateDhcpOptions", **key)
        return Made("|".join(key.values()), {})

    def delete(self, order: Order, made: Made) -> None:
        """The VPC gets the default options."""
        del made
        order.call("ec2", "AssociateDhcpOptions", DhcpOptionsId="default", VpcId=order.properties["VpcId"])


def _dhcp(order: Order) -> list[dict[str, Any]]:
    names = {
        "DomainName": "domain-name",
        "DomainNameServers": "domain-name-servers",
        "NetbiosNameServers": "netbios-name-servers",
        "NetbiosNodeType": "netbios-node-type",
        "NtpServers": "ntp-servers",
    }
    found = []
    for member, key in names.items():
        if member in order.properties:
            value = order.properties[member]
            values = value if isinstance(value, list) else [value]
            found.append({"Key": key, "Values": [as_text(each) for each in values]})
    return found


class DhcpOptions(ResourceType):
    """AWS::EC2::DHCPOptions."""

    updates: ClassVar[bool] = False

    def create(self, order: Order) -> Made:
        """Make one."""
        tags = _tag_specifications(order, "dhcp-options")
        answer = order.call("ec2", "CreateDhcpOptions", DhcpConfigurations=_dhcp(order), TagSpecifications=tags)
        made = answer["DhcpOptions"]["DhcpOptionsId"]
        return Made(made, {"DhcpOptionsId": made})

    def delete(self, order: Order, made: Made) -> None:
        """Delete one."""
        order.call("ec2", "DeleteDhcpOptions", DhcpOptionsId=made.id)


def _endpoint_changes(order: Order, before: Properties, made: Made) -> None:
    """An endpoint's tables, subnets and groups, which are added and removed one by one."""
    if not before:
        return
    changes: dict[str, Any] = {}
    for prop, member in (
        ("RouteTableIds", "RouteTableIds"),
        ("SubnetIds", "SubnetIds"),
        ("SecurityGroupIds", "SecurityGroupIds"),
    ):
        now, was = ([as_text(each) for each in of.get(prop) or ()] for of in (order.properties, before))
        if new := [each for each in now if each not in was]:
            changes[f"Add{member}"] = new
        if gone := [each for each in was if each not in now]:
            changes[f"Remove{member}"] = gone
    for name in ("PolicyDocument", "PrivateDnsEnabled"):
        value = order.properties.get(name)
        if value is not None and value != before.get(name):
            changes[name] = dumps(value) if isinstance(value, dict) else value
    if changes:
        order.call("ec2", "ModifyVpcEndpoint", VpcEndpointId=made.id, **changes)


def _new_version(order: Order, before: Properties, made: Made) -> None:
    """A launch template whose data change has another version."""
    if before and order.properties.get("LaunchTemplateData") != before.get("LaunchTemplateData"):
        order.call(
            "ec2",
            "CreateLaunchTemplateVersion",
            LaunchTemplateId=made.id,
            LaunchTemplateData=order.properties["LaunchTemplateData"],
            VersionDescription=order.properties.get("VersionDescription"),
        )


def _profile(value: Any) -> dict[str, str]:
    return {"Arn" if as_text(value).startswith("arn:") else "Name": as_text(value)}


TYPES: Final[Mapping[str, ResourceType]] = {
    "AWS::EC2::CustomerGateway": Modelled("ec2", "CustomerGateway"),
    "AWS::EC2::DHCPOptions": DhcpOptions(),
    "AWS::EC2::EIP": Modelled(
        "ec2",
        "Address",
        create_by="AllocateAddress",
        delete_by="ReleaseAddress",
        read_by="DescribeAddresses",
        ref="PublicIp",
        tag_kind="elastic-ip",
        keyed=("AllocationId",),
    ),
    "AWS::EC2::EIPAssociation": Modelled(
        "ec2",
        "Association",
        create_by="AssociateAddress",
        delete_by="DisassociateAddress",
        renamed={"EIP": "PublicIp"},
        keyed=("AssociationId",),
    ),
    "AWS::EC2::EgressOnlyInternetGateway": Modelled("ec2", "EgressOnlyInternetGateway"),
    "AWS::EC2::FlowLog": Modelled(
        "ec2",
        "FlowLog",
        create_by="CreateFlowLogs",
        delete_by="DeleteFlowLogs",
        renamed={"ResourceId": "ResourceIds", "Id": "FlowLogIds"},
        ways={"Id": "FlowLogIds.0"},
        tag_kind="vpc-flow-log",
    ),
    "AWS::EC2::Instance": Modelled(
        "ec2",
        "Instance",
        create_by="RunInstances",
        delete_by="TerminateInstances",
        read_by="DescribeInstances",
        renamed={"AvailabilityZone": "Placement"},
        ways={"PrivateIp": "PrivateIpAddress", "PublicIp": "PublicIpAddress"},
        always={"MinCount": 1, "MaxCount": 1},
        shaped={
            "IamInstanceProfile": _profile,
            "AvailabilityZone": lambda value: {"AvailabilityZone": value},
            "Monitoring": lambda value: {"Enabled": value},
        },
    ),
    "AWS::EC2::InternetGateway": Modelled("ec2", "InternetGateway"),
    "AWS::EC2::KeyPair": KeyPair(),
    "AWS::EC2::LaunchTemplate": Modelled(
        "ec2",
        "LaunchTemplate",
        elsewhere=frozenset({"TagSpecifications"}),
        update_by="ModifyLaunchTemplate",
        afterwards=_new_version,
        longest=128,
        keyed=("LaunchTemplateId",),
    ),
    "AWS::EC2::NatGateway": Modelled("ec2", "NatGateway", tag_kind="natgateway"),
    "AWS::EC2::NetworkAcl": Modelled("ec2", "NetworkAcl"),
    "AWS::EC2::NetworkAclEntry": NetworkAclEntry(),
    "AWS::EC2::NetworkInterface": Modelled(
        "ec2", "NetworkInterface", renamed={"GroupSet": "Groups"}, ways={"PrimaryPrivateIpAddress": "PrivateIpAddress"}
    ),
    "AWS::EC2::PrefixList": Modelled(
        "ec2",
        "PrefixList",
        create_by="CreateManagedPrefixList",
        delete_by="DeleteManagedPrefixList",
        read_by="DescribeManagedPrefixLists",
    ),
    "AWS::EC2::Route": Route(),
    "AWS::EC2::RouteTable": Modelled("ec2", "RouteTable"),
    "AWS::EC2::SecurityGroup": Modelled(
        "ec2",
        "SecurityGroup",
        renamed={"GroupDescription": "Description"},
        ways={"Id": "GroupId"},
        elsewhere=frozenset({"SecurityGroupIngress", "SecurityGroupEgress"}),
        afterwards=_set_rules,
        longest=255,
        keyed=("GroupId",),
    ),
    "AWS::EC2::SecurityGroupEgress": SecurityGroupRule("Egress"),
    "AWS::EC2::SecurityGroupIngress": SecurityGroupRule("Ingress"),
    "AWS::EC2::SpotFleet": Modelled(
        "ec2",
        "SpotFleetRequest",
        create_by="RequestSpotFleet",
        delete_by="CancelSpotFleetRequests",
        read_by="DescribeSpotFleetRequests",
        renamed={"SpotFleetRequestConfigData": "SpotFleetRequestConfig"},
        always={"TerminateInstances": True},
    ),
    "AWS::EC2::Subnet": Modelled(
        "ec2",
        "Subnet",
        elsewhere=frozenset({*_OF_SUBNETS, "PrivateDnsNameOptionsOnLaunch"}),
        afterwards=_settings("ModifySubnetAttribute", "SubnetId", *_OF_SUBNETS),
        more=_acl_of_subnet,
    ),
    "AWS::EC2::SubnetNetworkAclAssociation": SubnetNetworkAclAssociation(),
    "AWS::EC2::SubnetRouteTableAssociation": Modelled(
        "ec2", "Association", create_by="AssociateRouteTable", delete_by="DisassociateRouteTable"
    ),
    "AWS::EC2::TransitGateway": Modelled(
        "ec2",
        "TransitGateway",
        wrapped=("Options",),
    ),
    "AWS::EC2::VPC": Modelled(
        "ec2",
        "Vpc",
        elsewhere=frozenset(_OF_VPCS),
        afterwards=_settings("ModifyVpcAttribute", "VpcId", *_OF_VPCS),
        more=_defaults_of_vpc,
    ),
    "AWS::EC2::VPCCidrBlock": Modelled(
        "ec2",
        "Association",
        create_by="AssociateVpcCidrBlock",
        delete_by="DisassociateVpcCidrBlock",
        ref="Id",
        ways={"Id": "CidrBlockAssociation.AssociationId"},
    ),
    "AWS::EC2::VPCDHCPOptionsAssociation": DhcpOptionsAssociation(),
    "AWS::EC2::VPCEndpoint": Modelled(
        "ec2",
        "VpcEndpoint",
        delete_by="DeleteVpcEndpoints",
        defaults={"VpcEndpointType": "Gateway"},
        update_by="ModifyVpcEndpoint",
        changed_by_hand=frozenset(
            {"RouteTableIds", "SubnetIds", "SecurityGroupIds", "PolicyDocument", "PrivateDnsEnabled"}
        ),
        afterwards=_endpoint_changes,
    ),
    "AWS::EC2::VPCGatewayAttachment": GatewayAttachment(),
    "AWS::EC2::VPCPeeringConnection": Modelled("ec2", "VpcPeeringConnection"),
    "AWS::EC2::VPNGateway": Modelled("ec2", "VpnGateway"),
    "AWS::EC2::Volume": Modelled("ec2", "Volume"),
    "AWS::EC2::VolumeAttachment": Modelled(
        "ec2",
        "Volume",
        create_by="AttachVolume",
        delete_by="DetachVolume",
        read_by="DescribeVolumes",
        ref="VolumeId|InstanceId",
        keyed=("VolumeId", "InstanceId", "Device"),
    ),
}
