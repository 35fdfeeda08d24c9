"""Networks and clusters in stacks: what workflow applications have around them is made, and goes again."""

from __future__ import annotations

import pytest

VPC = {
    "VPC": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
    "One": {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": {"Ref": "VPC"}, "CidrBlock": "10.0.1.0/24"}},
    "Two": {
        "Type": "AWS::EC2::Subnet",
        "Properties": {"VpcId": {"Ref": "VPC"}, "CidrBlock": "10.0.2.0/24", "AvailabilityZone": "us-east-1b"},
    },
    "Group": {"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupDescription": "d", "VpcId": {"Ref": "VPC"}}},
}
SUBNETS = [{"Ref": "One"}, {"Ref": "Two"}]
CLUSTER = {
    "ClusterType": "single-node",
    "DBName": "dev",
    "MasterUsername": "admin",
    "MasterUserPassword": "Passw0rdA",
    "NodeType": "dc2.large",
    "ClusterSubnetGroupName": {"Ref": "Subnets"},
}

# The resources beside the network, of which X is looked at -> how its Ref begins.
MADE = [
    ({"X": ("EC2::SecurityGroupIngress", {"GroupId": {"Ref": "Group"}, "IpProtocol": "tcp", "FromPort": "80",
                                          "ToPort": 80, "CidrIp": "10.0.0.0/8"})}, "sgr-"),
    ({"X": ("EC2::SecurityGroupEgress", {"GroupId": {"Ref": "Group"}, "IpProtocol": "tcp", "FromPort": 443,
                                         "ToPort": 443, "DestinationSecurityGroupId": {"Ref": "Group"}})}, "sgr-"),
    ({"X": ("EC2::NetworkAcl", {"VpcId": {"Ref": "VPC"}, "Tags": [{"Key": "a", "Value": "b"}]})}, "acl-"),
    ({"Acl": ("EC2::NetworkAcl", {"VpcId": {"Ref": "VPC"}}),
      "X": ("EC2::NetworkAclEntry", {"NetworkAclId": {"Ref": "Acl"}, "RuleNumber": "100", "Protocol": "-1",
                                     "RuleAction": "allow", "Egress": "false", "CidrBlock": "0.0.0.0/0",
                                     "PortRange": {"From": "0", "To": "65535"}})}, "s-X-"),
    ({"Acl": ("EC2::NetworkAcl", {"VpcId": {"Ref": "VPC"}}),
      "X": ("EC2::SubnetNetworkAclAssociation", {"SubnetId": {"Ref": "One"}, "NetworkAclId": {"Ref": "Acl"}})},
     "aclassoc-"),
    ({"X": ("EC2::KeyPair", {"KeyName": "mine"})}, "mine"),
    ({"X": ("RDS::DBSubnetGroup", {"DBSubnetGroupDescription": "d", "SubnetIds": SUBNETS})}, "s-x-"),
    ({"X": ("RDS::DBParameterGroup", {"Description": "d", "Family": "mysql8.0"})}, "s-x-"),
    ({"X": ("RDS::DBCluster", {"Engine": "aurora-mysql", "MasterUsername": "u", "MasterUserPassword": "secret-one"})},
     "s-x-"),
    ({"Cluster": ("RDS::DBCluster", {"Engine": "aurora-mysql", "MasterUsername": "u",
                                     "MasterUserPassword": "secret-one"}),
      "X": ("RDS::DBInstance", {"Engine": "aurora-mysql", "DBInstanceClass": "db.r5.large",
                                "DBClusterIdentifier": {"Ref": "Cluster"}})}, "s-x-"),
    ({"X": ("Redshift::ClusterSubnetGroup", {"Description": "d", "SubnetIds": SUBNETS})}, "s-X-"),
    ({"X": ("Redshift::ClusterParameterGroup", {"Description": "d", "ParameterGroupFamily": "redshift-1.0"})}, "s-X-"),
    ({"Subnets": ("Redshift::ClusterSubnetGroup", {"Description": "d", "SubnetIds": SUBNETS}),
      "X": ("Redshift::Cluster", {**CLUSTER, "ClusterIdentifier": "wide"})}, "wide"),
    ({"X": ("IoT::Thing", {"ThingName": "lamp"})}, "lamp"),
    ({"Files": ("EFS::FileSystem", {}), "X": ("EFS::AccessPoint", {"FileSystemId": {"Ref": "Files"}})}, "fsap-"),
]  # fmt: skip


@pytest.mark.parametrize(("resources", "beginning"), MADE, ids=[each[0]["X"][0] for each in MADE])
def test_a_resource_is_made_and_goes_again(stacks, resources, beginning):
    made = {name: {"Type": f"AWS::{kind}", "Properties": given} for name, (kind, given) in resources.items()}
    stack_id = stacks.create({"Resources": {**VPC, **made}, "Outputs": {"X": {"Value": {"Ref": "X"}}}})
    assert stacks.one()["StackStatus"] == "CREATE_COMPLETE", stacks.failure()
    assert stacks.outputs()["X"].startswith(beginning)
    stacks.client.delete_stack(StackName="s")
    assert stacks.one(stack_id)["StackStatus"] == "DELETE_COMPLETE", stacks.failure(stack_id)


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
