"""Rules: a template that asserts something of its parameters is refused where it does not hold."""

from __future__ import annotations

import pytest
from simple_stacks import refused, simple

FRUIT = [["apple", "pear"], {"Ref": "Fruit"}]


def template(assertion, condition=None, description="no such fruit"):
    rule = {"Assertions": [{"Assert": assertion, "AssertDescription": description}]}
    if condition is not None:
        rule["RuleCondition"] = condition
    parameters = {
        "Fruit": {"Type": "String", "Default": "apple"},
        "Many": {"Type": "CommaDelimitedList", "Default": "apple,pear"},
    }
    return simple(Parameters=parameters, Rules={"Fruits": rule})


HOLD = [
    {"Fn::Contains": FRUIT},
    {"Fn::EachMemberIn": [{"Ref": "Many"}, ["apple", "pear", "plum"]]},
    {"Fn::EachMemberEquals": [["apple", "apple"], {"Ref": "Fruit"}]},
    {"Fn::Equals": [{"Ref": "AWS::Region"}, "us-east-1"]},
    {"Fn::And": [{"Fn::Contains": FRUIT}, {"Fn::Not": [{"Fn::Equals": [{"Ref": "Fruit"}, "plum"]}]}]},
    {"Fn::Or": [{"Fn::Equals": [{"Ref": "Fruit"}, "plum"]}, {"Fn::Contains": FRUIT}]},
]


@pytest.mark.parametrize("assertion", HOLD)
def test_a_rule_that_holds_lets_a_stack_be_made_and_its_negation_does_not(stacks, formation, assertion):
    stacks.create(template(assertion))
    assert stacks.one()["StackStatus"] == "CREATE_COMPLETE"
    denied = template({"Fn::Not": [assertion]})
    refusal = ("ValidationError", "An assertion of rule Fruits failed: no such fruit")
    assert refused(lambda: stacks.create(denied, "other")) == refusal
    assert refused(lambda: stacks.update(denied)) == refusal
    assert [each["StackName"] for each in formation.describe_stacks()["Stacks"]] == ["s"]


def test_a_rule_whose_condition_is_false_says_nothing(stacks):
    wrong = {"Fn::Equals": [{"Ref": "Fruit"}, "plum"]}
    stacks.create(template(wrong, condition={"Fn::Equals": [{"Ref": "Fruit"}, "cherry"]}))
    assert stacks.one()["StackStatus"] == "CREATE_COMPLETE"


def test_the_rule_of_cdk_reads_the_version_of_its_bootstrap(stacks, dynastep):
    parameter = "/cdk-bootstrap/hnb659fds/version"
    document = simple(
        Parameters={"BootstrapVersion": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": parameter}},
        Rules={"CheckBootstrapVersion": {"Assertions": [{
            "Assert": {"Fn::Not": [{"Fn::Contains": [["1", "2", "3", "4", "5"], {"Ref": "BootstrapVersion"}]}]},
            "AssertDescription": "CDK bootstrap stack version 6 required.",
        }]}},
    )  # fmt: skip
    parameters = dynastep.client("ssm")
    parameters.put_parameter(Name=parameter, Value="5", Type="String")
    code, message = refused(lambda: stacks.create(document))
    assert (code, message) == (
        "ValidationError",
        "An assertion of rule CheckBootstrapVersion failed: CDK bootstrap stack version 6 required.",
    )
    parameters.put_parameter(Name=parameter, Value="30", Type="String", Overwrite=True)
    stacks.create(document)
    assert stacks.one()["StackStatus"] == "CREATE_COMPLETE"


def test_subnets_are_held_to_their_vpc(stacks, dynastep):
    ec2 = dynastep.client("ec2")
    vpcs = [ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")["Vpc"]["VpcId"] for number in (1, 2)]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.{number}.1.0/24")["Subnet"]["SubnetId"]
        for number, vpc in enumerate(vpcs, 1)
    ]
    same = {"Fn::EachMemberIn": [{"Fn::ValueOf": ["Subnets", "VpcId"]}, {"Fn::RefAll": "AWS::EC2::VPC::Id"}]}
    here = {"Fn::EachMemberEquals": [{"Fn::ValueOf": ["Subnets", "VpcId"]}, {"Ref": "Vpc"}]}
    document = simple(
        Parameters={"Subnets": {"Type": "List<AWS::EC2::Subnet::Id>"}, "Vpc": {"Type": "AWS::EC2::VPC::Id"}},
        Rules={"InVpc": {"Assertions": [{"Assert": same}, {"Assert": here}]}},
    )

    def given(subnets):
        values = {"Subnets": ",".join(subnets), "Vpc": vpcs[0]}
        return [{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()]

    code, message = refused(lambda: stacks.create(document, Parameters=given(subnets)))
    assert (code, message) == ("ValidationError", "An assertion of rule InVpc failed")
    stacks.create(document, Parameters=given(subnets[:1]))
    assert stacks.one()["StackStatus"] == "CREATE_COMPLETE"
