"""Templates: what is no template is refused in AWS's words, and leaves no stack; what functions give."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from emulator.deploying.intrinsics import NOTHING, evaluate
from emulator.deploying.reading import InvalidTemplate, read
from emulator.deploying.scope import Literals
from emulator.deploying.templates import compile_template

PARAMETER = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": "v"}}
UNRESOLVED = "Template format error: Unresolved resource dependencies [{}] in the Resources block of the template"
JOIN = (
    "Template error: every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of strings to "
    "be joined or a function that returns a list of strings (such as Fn::GetAZs) to be joined."
)


def valued(value, **sections):
    """A template whose one resource has a value."""
    properties = {"Type": "String", "Value": value}
    return {"Resources": {"P": {"Type": "AWS::SSM::Parameter", "Properties": properties}}, **sections}


REFUSED = [
    ("some text", "Template format error: unsupported structure."),
    ("[1, 2]", "Template format error: unsupported structure."),
    ('{"Resources": ', "Template format error: JSON not well-formed. (line 1, column 15)"),
    ("a: b: c", "Template format error: YAML not well-formed. (line 1, column 5)"),
    ({"Description": "d"}, "Template format error: At least one Resources member must be defined."),
    ({"Resources": {}}, "Template format error: At least one Resources member must be defined."),
    ({"Resources": []}, "Template format error: Any Resources member must be an object."),
    ({"Resources": {"A": []}}, "Template format error: Any Resources member must be an object."),
    (
        {"Resources": {"A": {}}},
        "Template format error: [/Resources/A] Every Resources object must contain a Type member.",
    ),
    ({"Resources": {"A": {**PARAMETER, "Invalid": 1}}}, "Invalid template resource property 'Invalid'"),
    ({"Resources": {"my-q": PARAMETER}}, "Template format error: Resource name my-q is non alphanumeric."),
    (
        {"Resources": {"A": PARAMETER}, "Outputs": {"O": {"Value": None}}},
        "[/Outputs/O/Value] 'null' values are not allowed in templates",
    ),
    (
        {"Resources": {"A": PARAMETER}, "Outputs": {"O": {}}},
        "Template format error: Every Outputs member must contain a Value object",
    ),
    ({"Resources": {"A": {**PARAMETER, "DependsOn": ["X", "Y"]}}}, UNRESOLVED.format("X, Y")),
    (valued({"Ref": "Nobody"}), UNRESOLVED.format("Nobody")),
    (
        {"Resources": {"A": PARAMETER}, "Outputs": {"O": {"Value": {"Ref": "X"}}}},
        "Unresolved resource dependencies [X] in the Outputs block of the template",
    ),
    (valued({"Fn::GetAtt": "X.Arn"}), "Template error: instance of Fn::GetAtt references undefined resource X"),
    (valued({"Fn::If": ["C", "a", "b"]}), "Template error: unresolved condition dependency C in Fn::If"),
    (
        {"Resources": {"A": {**PARAMETER, "DependsOn": "B"}, "B": {**PARAMETER, "DependsOn": "A"}}},
        "Circular dependency between resources: [A, B]",
    ),
    (
        {"Resources": {"A": {"Type": "AWS::Serverless::Function"}}},
        "Template format error: Unrecognized resource types: [AWS::Serverless::Function]",
    ),
    (
        valued({"Fn::GetAtt": ["A"]}),
        "Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource "
        "attribute",
    ),
    (
        valued({"Fn::Select": [1]}),
        "Template error: Fn::Select requires a list argument with two elements: an integer index and a list",
    ),
    (valued({"Fn::Join": ["a", "b"]}), JOIN),
    (
        valued({"Fn::FindInMap": ["M", "K", "V"]}, Mappings={"M": {"K": {"W": "x"}}}),
        "Template error: Unable to get mapping for M::K::V",
    ),
    (
        valued("v", Mappings={"M": {"K": {"V": {"a": "b"}}}}),
        "Template format error: Every Mappings attribute must be a String or a List.",
    ),
    (valued("v", Mappings={"M": "x"}), "Template format error: Every Mappings member M must be a map"),
    (
        valued("v", Conditions={"C": {"Fn::Equals": ["a"]}}),
        "Template error: every Fn::Equals object requires a list of 2 string parameters.",
    ),
    (valued("v", Transform={"Name": ["x"]}), "Key Name of transform definition must be a string."),
    (valued("v", Parameters={"A": {"Type": "String"}}), "Parameters: [A] must have values"),
    (
        valued("v", Parameters={"A": {"Type": "AWS::SSM::Parameter::Value<String>"}}),
        "Parameter A should either have input value or default value",
    ),
    (valued("v", Parameters={"A": {"Type": "Number", "Default": "x"}}), "Parameter 'A' must be a number."),
    (
        valued("v", Parameters={"A": {"Type": "String", "Default": "x", "AllowedValues": ["y"]}}),
        "Parameter 'A' must be one of AllowedValues",
    ),
    (
        valued("v", Parameters={"A": {"Type": "String", "Default": "x", "AllowedPattern": "[0-9]+"}}),
        "Parameter 'A' must match pattern [0-9]+",
    ),
    (valued("v", Parameters={"my-q": {"Type": "String"}}), "Parameters: [my-q] must have values"),
]


@pytest.mark.parametrize(("template", "said"), REFUSED)
def test_what_is_no_template_is_refused_and_leaves_no_stack(stacks, template, said):
    with pytest.raises(ClientError) as refused:
        stacks.create(template)
    assert refused.value.response["Error"] == {"Type": "Sender", "Code": "ValidationError", "Message": said}
    assert stacks.client.list_stacks()["StackSummaries"] == []


def test_a_body_of_more_than_51200_bytes_is_refused(stacks):
    template = {**valued("v"), "Description": "d" * 51200}
    with pytest.raises(ClientError) as refused:
        stacks.create(template)
    said = refused.value.response["Error"]["Message"]
    assert said.startswith("1 validation error detected: Value '{")
    assert said.endswith(
        "' at 'templateBody' failed to satisfy constraint: Member must have length less than or equal to 51200"
    )


def test_parameters_that_the_template_lacks_are_refused(stacks):
    with pytest.raises(ClientError, match=r"Parameters: \[X\] do not exist in the template"):
        stacks.create(valued("v"), Parameters=[{"ParameterKey": "X", "ParameterValue": "1"}])


SCOPE = Literals(
    {"Name": "n", "Number": 3, "List": ["a", "b"], "AWS::NoValue": NOTHING, "AWS::Region": "eu-west-1"},
    {"Map": {"top": {"second": "found"}}},
    {"Yes": {"Fn::Equals": [1, "1"]}, "No": {"Fn::Not": [{"Condition": "Yes"}]}},
    "eu-west-1",
)

GIVES = [
    ({"Ref": "Name"}, "n"),
    ({"Fn::Sub": "my number is ${Number}"}, "my number is 3"),
    ({"Fn::Sub": "${!Name} is ${Name} in ${AWS::Region}"}, "${Name} is n in eu-west-1"),
    ({"Fn::Sub": ["${a}-${Name}", {"a": {"Ref": "Number"}}]}, "3-n"),
    ({"Fn::Join": [",", ["a", {"Ref": "AWS::NoValue"}, 1, True]]}, "a,1,true"),
    ({"Fn::Join": [",", [{"Ref": "AWS::NoValue"}]]}, ""),
    ({"Fn::Join": ["|", {"Ref": "List"}]}, "a|b"),
    ({"Fn::Split": ["-", "a-b"]}, ["a", "b"]),
    ({"Fn::Select": ["1", {"Fn::Split": ["-", "a-b"]}]}, "b"),
    ({"Fn::FindInMap": ["Map", "top", "second"]}, "found"),
    ({"Fn::FindInMap": ["Map", "top", "none", {"DefaultValue": "d"}]}, "d"),
    ({"Fn::If": ["Yes", "a", "b"]}, "a"),
    ({"Fn::If": ["No", "a", "b"]}, "b"),
    ([{"Fn::If": ["No", "a", {"Ref": "AWS::NoValue"}]}, "c"], ["c"]),
    ({"a": {"Fn::If": ["No", "a", {"Ref": "AWS::NoValue"}]}}, {}),
    ({"Fn::And": [{"Condition": "Yes"}, {"Condition": "No"}]}, False),
    ({"Fn::Or": [{"Condition": "Yes"}, {"Condition": "No"}]}, True),
    ({"Fn::Base64": "text"}, "dGV4dA=="),
    ({"Fn::GetAZs": ""}, ["eu-west-1a", "eu-west-1b", "eu-west-1c"]),
    ({"Fn::Cidr": ["10.0.0.0/16", 2, 8]}, ["10.0.0.0/24", "10.0.1.0/24"]),
    ({"Fn::Length": {"Ref": "List"}}, 2),
    ({"Fn::ToJsonString": {"a": [1, {"Ref": "Name"}]}}, '{"a":[1,"n"]}'),
]


@pytest.mark.parametrize(("value", "result"), GIVES)
def test_a_function_gives(value, result):
    assert evaluate(value, SCOPE) == result


def test_short_forms_dates_and_numbers_of_yaml():
    text = """
AWSTemplateFormatVersion: 2010-09-09
A: !GetAtt X.Nested.Arn
B: !Sub ["${x}", {x: !Ref Y}]
Account: 012345678901
Version: 1.10
Number: 5
On: yes
8080: key
"""
    assert read(text) == {
        "AWSTemplateFormatVersion": "2010-09-09",
        "A": {"Fn::GetAtt": ["X", "Nested.Arn"]},
        "B": {"Fn::Sub": ["${x}", {"x": {"Ref": "Y"}}]},
        "Account": "012345678901",
        "Version": "1.10",
        "Number": 5,
        "On": True,
        "8080": "key",
    }


def test_a_text_that_was_made_to_be_large_is_refused():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    with pytest.raises(InvalidTemplate, match="unsupported structure"):
        read("\n".join(lines))
    with pytest.raises(InvalidTemplate, match="unsupported structure|well-formed"):
        read("{" + '"a":[' * 100_000)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["Ref", "Fn::Sub", "Fn::Join", "Fn::If", "Fn::GetAtt", "Type", "a"]), inner)
    ),
    max_leaves=20,
)


@given(ANYTHING, ANYTHING)
def test_whatever_stands_in_a_template_it_is_compiled_or_refused(value, resource):
    document = {"Resources": {"A": {"Type": "AWS::SNS::Topic", "Properties": {"a": value}}, "B": resource}}
    with suppress(InvalidTemplate):
        compile_template(read(json.dumps(document)))


def test_loops_make_resources_of_each_value(stacks):
    loop = [
        "Name",
        {"Ref": "Names"},
        {"Topic${Name}": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": "${Name}"}}},
    ]
    template = {
        "Transform": "AWS::LanguageExtensions",
        "Parameters": {"Names": {"Type": "CommaDelimitedList", "Default": "A,B"}},
        "Resources": {"Fn::ForEach::Topics": loop},
        "Outputs": {
            "Count": {"Value": {"Fn::Length": {"Ref": "Names"}}},
            "Text": {"Value": {"Fn::ToJsonString": {"a": {"Ref": "Names"}}}},
        },
    }
    stacks.create(template)
    assert sorted(stacks.physical()) == ["TopicA", "TopicB"]
    assert stacks.outputs() == {"Count": "2", "Text": '{"a":["A","B"]}'}
    processed = stacks.client.get_template(StackName="s", TemplateStage="Processed")
    assert sorted(processed["TemplateBody"]["Resources"]) == ["TopicA", "TopicB"]
    assert processed["TemplateBody"]["Outputs"]["Count"] == {"Value": 2}
    assert processed["StagesAvailable"] == ["Original", "Processed"]


def test_without_its_transform_a_loop_is_no_resource(stacks):
    template = {"Resources": {"Fn::ForEach::T": ["N", ["A"], {"T${N}": {"Type": "AWS::SNS::Topic"}}]}}
    with pytest.raises(ClientError, match="Template format error"):
        stacks.create(template)


def test_validation_tells_what_a_template_needs(stacks):
    template = valued("v", Parameters={"A": {"Type": "String", "Default": 3, "NoEcho": True, "Description": "d"}})
    template["Resources"]["R"] = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {}}}
    said = stacks.client.validate_template(TemplateBody=json.dumps(template))
    assert said["Parameters"] == [{"ParameterKey": "A", "DefaultValue": "3", "NoEcho": True, "Description": "d"}]
    assert said["Capabilities"] == ["CAPABILITY_IAM"]
    assert said["CapabilitiesReason"] == "The following resource(s) require capabilities: [AWS::IAM::Role]"
    summary = stacks.client.get_template_summary(TemplateBody=json.dumps(template))
    assert summary["ResourceTypes"] == ["AWS::SSM::Parameter", "AWS::IAM::Role"]
    assert summary["ResourceIdentifierSummaries"][1] == {
        "ResourceType": "AWS::IAM::Role",
        "LogicalResourceIds": ["R"],
        "ResourceIdentifiers": ["RoleName"],
    }
