"""Networks in stacks: what of one comes and goes with other resources."""

from __future__ import annotations

VPC = {
    "VPC": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
    "Group": {"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupDescription": "d", "VpcId": {"Ref": "VPC"}}},
}


def test_the_rules_of_a_security_group_come_and_go_with_their_resources(stacks, dynastep):
    rule = {"GroupId": {"Ref": "Group"}, "IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "CidrIp": "10.0.0.0/8"}
    ingress = {"Type": "AWS::EC2::SecurityGroupIngress", "Properties": rule}
    stacks.create({"Resources": {**VPC, "Rule": ingress}})

    def ports():
        group = stacks.physical()["Group"]
        [found] = dynastep.client("ec2").describe_security_groups(GroupIds=[group])["SecurityGroups"]
        return [each["FromPort"] for each in found["IpPermissions"]]

    assert ports() == [80]
    stacks.update({"Resources": {**VPC, "Rule": {**ingress, "Properties": {**rule, "FromPort": 81, "ToPort": 81}}}})
    assert ports() == [81]
    stacks.update({"Resources": VPC})
    assert ports() == []


def test_a_new_key_pair_is_kept_in_a_parameter(stacks, dynastep):
    pair = {"Type": "AWS::EC2::KeyPair", "Properties": {"KeyName": "mine"}}
    output = {"Id": {"Value": {"Fn::GetAtt": "K.KeyPairId"}}}
    stacks.create({"Resources": {"K": pair}, "Outputs": output})
    name = f"/ec2/keypair/{stacks.outputs()['Id']}"
    parameters = dynastep.client("ssm")
    kept = parameters.get_parameter(Name=name, WithDecryption=True)["Parameter"]
    assert (kept["Type"], kept["Value"].splitlines()[0]) == ("SecureString", "-----BEGIN RSA PRIVATE KEY-----")
    stacks.client.delete_stack(StackName="s")
    assert parameters.describe_parameters()["Parameters"] == []


def test_a_network_goes_with_all_that_it_has(stacks, dynastep):
    """Main route tables, default groups and default lists go with their VPC; its own parts go first."""
    vpc = {"VpcId": {"Ref": "VPC"}}

    def made(kind, **properties):
        return {"Type": f"AWS::EC2::{kind}", "Properties": properties}

    stack_id = stacks.create(
        {
            "Resources": {
                **VPC,
                "A": made("Subnet", CidrBlock="10.0.1.0/24", MapPublicIpOnLaunch=True, **vpc),
                "Gateway": made("InternetGateway"),
                "Attached": made("VPCGatewayAttachment", InternetGatewayId={"Ref": "Gateway"}, **vpc),
                "Table": made("RouteTable", Tags=[{"Key": "Name", "Value": "public"}], **vpc),
                "Out": {
                    **made("Route", RouteTableId={"Ref": "Table"}, DestinationCidrBlock="0.0.0.0/0",
                           GatewayId={"Ref": "Gateway"}),
                    "DependsOn": "Attached",
                },
                "Used": made("SubnetRouteTableAssociation", SubnetId={"Ref": "A"}, RouteTableId={"Ref": "Table"}),
                "Address": {**made("EIP", Domain="vpc"), "DependsOn": "Attached"},
                "Nat": made("NatGateway", AllocationId={"Fn::GetAtt": "Address.AllocationId"}, SubnetId={"Ref": "A"}),
                "Near": made("VPCEndpoint", ServiceName="com.amazonaws.us-east-1.s3",
                             RouteTableIds=[{"Ref": "Table"}], **vpc),
            },
            "Outputs": {
                "Group": {"Value": {"Fn::GetAtt": "VPC.DefaultSecurityGroup"}},
                "Acl": {"Value": {"Fn::GetAtt": "VPC.DefaultNetworkAcl"}},
            },
        }
    )  # fmt: skip
    assert stacks.one()["StackStatus"] == "CREATE_COMPLETE", stacks.failure()
    outputs, made_here = stacks.outputs(), stacks.physical()
    ec2 = dynastep.client("ec2")
    assert outputs["Group"].startswith("sg-")
    assert outputs["Acl"].startswith("acl-")
    [subnet] = ec2.describe_subnets(SubnetIds=[made_here["A"]])["Subnets"]
    assert subnet["MapPublicIpOnLaunch"] is True
    [table] = ec2.describe_route_tables(RouteTableIds=[made_here["Table"]])["RouteTables"]
    assert {"Key": "Name", "Value": "public"} in table["Tags"]
    assert [route["GatewayId"] for route in table["Routes"] if route.get("DestinationCidrBlock") == "0.0.0.0/0"] == [
        made_here["Gateway"]
    ]
    stacks.client.delete_stack(StackName="s")
    assert stacks.one(stack_id)["StackStatus"] == "DELETE_COMPLETE", stacks.failure(stack_id)
    here = {"Filters": [{"Name": "vpc-id", "Values": [made_here["VPC"]]}]}
    assert ec2.describe_vpcs(**here)["Vpcs"] == []
    assert ec2.describe_route_tables(**here)["RouteTables"] == []
    assert ec2.describe_internet_gateways(InternetGatewayIds=[])["InternetGateways"] == []
    assert ec2.describe_addresses()["Addresses"] == []


def test_a_changed_security_group_has_the_rules_of_its_template(stacks, dynastep):
    def template(*ports):
        rules = [{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "CidrIp": "10.0.0.0/8"} for port in ports]
        group = {"GroupDescription": "d", "VpcId": {"Ref": "VPC"}, "SecurityGroupIngress": rules}
        return {"Resources": {**VPC, "Group": {"Type": "AWS::EC2::SecurityGroup", "Properties": group}}}

    stacks.create(template(80, 81))
    group = stacks.physical()["Group"]
    stacks.update(template(81, 82))
    assert stacks.physical()["Group"] == group
    [found] = dynastep.client("ec2").describe_security_groups(GroupIds=[group])["SecurityGroups"]
    assert sorted(each["FromPort"] for each in found["IpPermissions"]) == [81, 82]
