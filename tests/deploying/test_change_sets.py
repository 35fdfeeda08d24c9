"""Change sets: their names, their order, what they show of values, imports, and what makes one fail."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from simple_stacks import parameter, refused, simple


@pytest.fixture
def propose(stacks):
    """Create a change set of a template; its description."""

    def make(template, name="s", kind="UPDATE", change_set="c", **more):
        made = stacks.client.create_change_set(
            StackName=name, ChangeSetName=change_set, ChangeSetType=kind, TemplateBody=json.dumps(template), **more
        )
        return stacks.client.describe_change_set(ChangeSetName=made["Id"], IncludePropertyValues=True)

    return make


def test_a_name_begins_with_a_letter(stacks, propose):
    for name in ("1c", "c_d", "c" * 129):
        code, message = refused(propose, template=simple(), change_set=name, kind="CREATE")
        assert code == "ValidationError"
        assert message.startswith(f"1 validation error detected: Value '{name}' at 'changeSetName' failed to satisfy")
    assert stacks.client.list_stacks()["StackSummaries"] == []


def test_changes_are_sorted_a_longer_name_before_its_own_beginning(stacks, propose):
    stacks.create({"Resources": {"Bb": parameter(), "A": parameter()}})
    described = propose({"Resources": {name: parameter("w") for name in ("A", "B", "Bb", "BbPolicy", "C")}})
    shown = [
        (change["ResourceChange"]["Action"], change["ResourceChange"]["LogicalResourceId"])
        for change in described["Changes"]
    ]
    assert shown == [("Modify", "A"), ("Add", "BbPolicy"), ("Modify", "Bb"), ("Add", "B"), ("Add", "C")]


def test_what_is_not_known_before_it_is_made_is_said_so(propose):
    described = propose({"Resources": {"P": parameter({"Ref": "T"}), "T": {"Type": "AWS::SNS::Topic"}}}, kind="CREATE")
    [change] = [each["ResourceChange"] for each in described["Changes"] if "P" in each["ResourceChange"].values()]
    properties = json.loads(change["AfterContext"])["Properties"]
    assert properties == {"Type": "String", "Value": "{{changeSet:KNOWN_AFTER_APPLY}}"}


def test_a_change_that_another_one_causes_names_it(stacks, propose):
    def template(name):
        topic = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": name}}
        return {"Resources": {"P": parameter({"Fn::GetAtt": "T.TopicName"}), "Q": parameter({"Ref": "T"}), "T": topic}}

    stacks.create(template("one"))
    p, q, t = (change["ResourceChange"] for change in propose(template("two"))["Changes"])
    assert t["Replacement"] == "True"
    [cause] = p["Details"]
    assert (cause["ChangeSource"], cause["CausingEntity"], cause["Evaluation"]) == (
        "ResourceAttribute",
        "T.TopicName",
        "Dynamic",
    )
    [cause] = q["Details"]
    assert (cause["ChangeSource"], cause["CausingEntity"], cause["Evaluation"]) == ("ResourceReference", "T", "Dynamic")


def test_a_deleted_stack_is_named_by_its_id(stacks, propose):
    stack_id = stacks.create(simple())
    stacks.client.delete_stack(StackName="s")
    text = f"Stack:{stack_id} is in DELETE_COMPLETE state and can not be updated."
    assert refused(propose, template=simple(), name=stack_id) == ("ValidationError", text)
    text = f"Stack [{stack_id}] already exists and cannot be created again with the changeSet [c]."
    assert refused(propose, template=simple(), name=stack_id, kind="CREATE") == ("ValidationError", text)


def test_conditions_may_leave_no_resource_at_all(stacks, propose):
    template = {
        "Conditions": {"Never": {"Fn::Equals": ["a", "b"]}},
        "Resources": {"P": {**parameter(), "Condition": "Never"}},
    }
    described = propose(template, kind="CREATE")
    assert (described["Status"], described["Changes"]) == ("CREATE_COMPLETE", [])
    stacks.client.execute_change_set(ChangeSetName=described["ChangeSetId"])
    assert stacks.one()["StackStatus"] == "CREATE_COMPLETE"
    assert stacks.physical() == {}


def test_an_executed_change_set_takes_the_others_away_and_outlives_the_stack(stacks, propose):
    first, other = (propose(simple(), kind="CREATE", change_set=name) for name in ("c", "d"))
    stacks.client.execute_change_set(ChangeSetName=first["ChangeSetId"])
    missing = ("ChangeSetNotFound", f"ChangeSet [{other['ChangeSetId']}] does not exist")
    assert refused(stacks.client.describe_change_set, ChangeSetName=other["ChangeSetId"]) == missing
    stacks.client.delete_stack(StackName="s")
    found = stacks.client.describe_change_set(ChangeSetName=first["ChangeSetId"])
    assert found["ExecutionStatus"] == "EXECUTE_COMPLETE"


def test_an_obsolete_change_set_is_not_executed(stacks, propose):
    made = propose(simple(), kind="CREATE")["ChangeSetId"]
    stacks.create(simple())
    text = f"ChangeSet [{made}] cannot be executed in its current execution status of [OBSOLETE]"
    assert refused(stacks.client.execute_change_set, ChangeSetName=made) == ("InvalidChangeSetStatus", text)


def test_a_name_is_taken_once_unless_the_request_is_the_same(stacks, propose):
    made = propose(simple(), kind="CREATE", ClientToken="token")["ChangeSetId"]
    assert propose(simple(), kind="CREATE", ClientToken="token")["ChangeSetId"] == made
    code, message = refused(propose, template=simple(), kind="CREATE")
    assert code == "AlreadyExistsException"
    assert "c" in message
    stacks.client.delete_change_set(ChangeSetName=made)
    assert propose(simple(), kind="CREATE")["ChangeSetId"] != made


def test_a_deleted_change_set_leaves_the_stack_in_review(stacks, propose):
    made = propose(simple(), kind="CREATE")["ChangeSetId"]
    stacks.client.delete_change_set(ChangeSetName=made)
    assert stacks.one()["StackStatus"] == "REVIEW_IN_PROGRESS"
    text = "GetTemplateSummary cannot be called on REVIEW_IN_PROGRESS stacks."
    assert refused(stacks.client.get_template_summary, StackName="s") == ("ValidationError", text)
    stacks.client.delete_stack(StackName="s")
    assert stacks.client.describe_stacks()["Stacks"] == []


def test_another_value_of_a_parameter_of_systems_manager_is_a_change(stacks, propose, dynastep):
    dynastep.client("ssm").put_parameter(Name="n", Value="one", Type="String")
    declared = {"S": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "n"}}
    template = simple({"Ref": "S"}, Parameters=declared)
    stacks.create(template)
    dynastep.client("ssm").put_parameter(Name="n", Value="two", Type="String", Overwrite=True)
    [change] = propose(template)["Changes"]
    assert "DirectModification" in {detail["ChangeSource"] for detail in change["ResourceChange"]["Details"]}


def test_capabilities_are_asked_for_when_a_change_set_is_executed(stacks, propose):
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {}}}
    made = propose({"Resources": {"R": role}}, kind="CREATE")
    needed = ("InsufficientCapabilitiesException", "Requires capabilities : [CAPABILITY_IAM]")
    assert refused(stacks.client.execute_change_set, ChangeSetName=made["ChangeSetId"]) == needed


def test_an_included_file_that_is_not_there_fails_the_change_set(stacks, propose, dynastep):
    def including(bucket):
        transform = {"Name": "AWS::Include", "Parameters": {"Location": f"s3://{bucket}/part.json"}}
        return {"Resources": {"Fn::Transform": transform}}

    described = propose(including("nobodys"), kind="CREATE")
    text = "Transform AWS::Include failed with: S3 bucket [nobodys] does not exist."
    assert (described["Status"], described["StatusReason"]) == ("FAILED", text)
    bucket = f"parts-{dynastep.account}"
    dynastep.client("s3").create_bucket(Bucket=bucket)
    dynastep.client("s3").put_object(Bucket=bucket, Key="part.json", Body=json.dumps({"P": parameter()}).encode())
    stacks.create(including(bucket), "t")
    assert list(stacks.physical("t")) == ["P"]


MACRO = """
def handler(event, context):
    if event["params"].get("Answer") == "silent":
        return {"status": "failure", "requestId": event["requestId"]}
    if event["params"].get("Answer") == "bad":
        return {"nothing": "useful"}
    if event["params"].get("Answer") == "said":
        return {"status": "failure", "requestId": event["requestId"], "errorMessage": "not today"}
    event["fragment"]["Resources"]["P"]["Properties"]["Value"] = event["templateParameterValues"]["V"] + "!"
    return {"status": "success", "requestId": event["requestId"], "fragment": event["fragment"]}
"""


def test_a_macro_of_the_account_changes_the_template_or_fails_it_in_its_words(stacks, dynastep):
    function = {
        "Runtime": "python3.12",
        "Handler": "index.handler",
        "Role": f"arn:aws:iam::{dynastep.account}:role/r",
        "Code": {"ZipFile": MACRO},
    }
    macro = {"Name": "Louder", "FunctionName": {"Fn::GetAtt": "F.Arn"}}
    stacks.create(
        {
            "Resources": {
                "F": {"Type": "AWS::Lambda::Function", "Properties": function},
                "M": {"Type": "AWS::CloudFormation::Macro", "Properties": macro},
            }
        },
        "macros",
    )

    def louder(answer):
        transform = {"Name": "Louder", "Parameters": {"Answer": answer}}
        return simple(Parameters={"V": {"Type": "String", "Default": "v"}}, Transform=[transform])

    stacks.create(louder("well"))
    value = dynastep.client("ssm").get_parameter(Name=stacks.physical()["P"])["Parameter"]["Value"]
    assert value == "v!"
    name = f"{dynastep.account}::Louder"
    for answer, said in (
        ("said", f"Transform {name} failed with: not today. Rollback requested by user."),
        ("silent", f"Transform {name} failed without an error message.. Rollback requested by user."),
        ("bad", f"Received malformed response from transform {name}. Rollback requested by user."),
    ):
        stacks.create(louder(answer), answer)
        assert (answer, "ROLLBACK_IN_PROGRESS", said) in stacks.events(answer)


TAGGING = """
def handler(event, context):
    return {"status": "success", "requestId": event["requestId"], "fragment": {**event["fragment"], "Value": "made"}}
"""


@pytest.mark.parametrize("transform", ["Making", ["Making"], {"Name": "Making"}, [{"Name": "Making"}]])
def test_a_transform_inside_a_template_may_be_its_name_alone(stacks, dynastep, transform):
    functions = dynastep.client("lambda")
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("index.py", TAGGING)
    function = functions.create_function(
        FunctionName="making",
        Runtime="python3.12",
        Handler="index.handler",
        Role=f"arn:aws:iam::{dynastep.account}:role/r",
        Code={"ZipFile": package.getvalue()},
    )["FunctionArn"]
    macro = {"Type": "AWS::CloudFormation::Macro", "Properties": {"Name": "Making", "FunctionName": function}}
    stacks.create({"Resources": {"M": macro}}, "macros")
    parameter = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Fn::Transform": transform}}
    stacks.create({"Resources": {"P": parameter}})
    value = dynastep.client("ssm").get_parameter(Name=stacks.physical()["P"])["Parameter"]["Value"]
    assert value == "made"


# Imports


@pytest.fixture
def things(dynastep):
    """Resources that no stack has made: logical id -> type, identifier, properties."""
    account = dynastep.account
    role = f"arn:aws:iam::{account}:role/r"
    definition = {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}
    dynastep.client("ssm").put_parameter(Name="p", Value="v", Type="String")
    dynastep.client("s3").create_bucket(Bucket=f"imported-{account}")
    dynastep.client("dynamodb").create_table(
        TableName="tab",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    url = dynastep.client("sqs").create_queue(QueueName="q")["QueueUrl"]
    topic = dynastep.client("sns").create_topic(Name="n")["TopicArn"]
    dynastep.client("logs").create_log_group(logGroupName="g")
    states = dynastep.client("stepfunctions")
    made = states.create_state_machine(name="m", definition=json.dumps(definition), roleArn=role)
    machine = made["stateMachineArn"]
    activity = states.create_activity(name="a")["activityArn"]
    table = {
        "TableName": "tab",
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    return {
        "Parameter": ("AWS::SSM::Parameter", {"Name": "p"}, {"Name": "p", "Type": "String", "Value": "v"}),
        "Bucket": ("AWS::S3::Bucket", {"BucketName": f"imported-{account}"}, {"BucketName": f"imported-{account}"}),
        "Table": ("AWS::DynamoDB::Table", {"TableName": "tab"}, table),
        "Queue": ("AWS::SQS::Queue", {"QueueUrl": url}, {"QueueName": "q"}),
        "Topic": ("AWS::SNS::Topic", {"TopicArn": topic}, {"TopicName": "n"}),
        "Group": ("AWS::Logs::LogGroup", {"LogGroupName": "g"}, {"LogGroupName": "g"}),
        "Machine": (
            "AWS::StepFunctions::StateMachine",
            {"Arn": machine},
            {"StateMachineName": "m", "RoleArn": role, "Definition": definition},
        ),
        "Activity": ("AWS::StepFunctions::Activity", {"Arn": activity}, {"Name": "a"}),
    }


def importing(things):
    """A template of resources that are there, and which of them are meant."""
    template = {
        "Resources": {
            name: {"Type": kind, "DeletionPolicy": "Delete", "Properties": properties}
            for name, (kind, _, properties) in things.items()
        }
    }
    wanted = [
        {"ResourceType": kind, "LogicalResourceId": name, "ResourceIdentifier": identifier}
        for name, (kind, identifier, _) in things.items()
    ]
    return template, wanted


def test_resources_that_are_there_become_those_of_a_stack(stacks, propose, things, dynastep):
    template, wanted = importing(things)
    described = propose(template, kind="IMPORT", ResourcesToImport=wanted)
    assert {change["ResourceChange"]["Action"] for change in described["Changes"]} == {"Import"}
    stacks.client.execute_change_set(ChangeSetName=described["ChangeSetId"])
    assert stacks.one()["StackStatus"] == "IMPORT_COMPLETE"
    expected = {name: next(iter(identifier.values())) for name, (_, identifier, _) in things.items()}
    assert stacks.physical() == expected
    template["Resources"]["Parameter"]["Properties"]["Value"] = "w"
    stacks.update(template)
    assert dynastep.client("ssm").get_parameter(Name="p")["Parameter"]["Value"] == "w"
    stacks.client.delete_stack(StackName="s")
    assert dynastep.client("dynamodb").list_tables()["TableNames"] == []


def test_what_cannot_be_imported_leaves_the_stack_as_it_was(stacks, propose):
    stacks.create(simple())
    template = simple()
    template["Resources"]["Q"] = {**parameter(Name="none"), "DeletionPolicy": "Retain"}
    wanted = [{"ResourceType": "AWS::SSM::Parameter", "LogicalResourceId": "Q", "ResourceIdentifier": {"Name": "none"}}]
    described = propose(template, kind="IMPORT", ResourcesToImport=wanted)
    stacks.client.execute_change_set(ChangeSetName=described["ChangeSetId"])
    assert stacks.one()["StackStatus"] == "IMPORT_ROLLBACK_COMPLETE"
    assert list(stacks.physical()) == ["P"]
    assert json.loads(json.dumps(stacks.client.get_template(StackName="s")["TemplateBody"])) == simple()
    del template["Resources"]["Q"]["DeletionPolicy"]
    described = propose(template, kind="IMPORT", change_set="d", ResourcesToImport=wanted)
    assert described["Status"] == "FAILED"
    assert "DeletionPolicy" in described["StatusReason"]


def test_no_hooks_are_planned_for_a_change_set(formation):
    formation.create_change_set(
        StackName="s", ChangeSetName="c", ChangeSetType="CREATE", TemplateBody=json.dumps(simple())
    )
    shown = formation.describe_change_set_hooks(StackName="s", ChangeSetName="c")
    assert (shown["ChangeSetName"], shown["StackName"], shown["Status"], shown["Hooks"]) == ("c", "s", "PLANNED", [])
