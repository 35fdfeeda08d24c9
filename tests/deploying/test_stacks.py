"""Stacks, change sets and events, as AWS was recorded to answer."""

from __future__ import annotations

import json
import re

import pytest
from botocore.exceptions import ClientError, WaiterError
from simple_stacks import parameter, refused, simple

UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
PASS = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}


def propose(formation, template, name="s", kind="UPDATE", change_set="c", **more):
    """Create a change set; its answer."""
    return formation.create_change_set(
        StackName=name, ChangeSetName=change_set, ChangeSetType=kind, TemplateBody=json.dumps(template), **more
    )


# Change sets


def test_a_change_set_of_a_new_name_makes_a_stack_in_review(formation, stacks):
    made = propose(formation, simple(), kind="CREATE")
    assert re.fullmatch(rf"arn:aws:cloudformation:us-east-1:\d+:changeSet/c/{UUID}", made["Id"])
    assert re.fullmatch(rf"arn:aws:cloudformation:us-east-1:\d+:stack/s/{UUID}", made["StackId"])
    stack = stacks.one()
    assert (stack["StackStatus"], stack["StackStatusReason"]) == ("REVIEW_IN_PROGRESS", "User Initiated")
    assert {"Description", "Parameters", "ChangeSetId", "LastUpdatedTime"}.isdisjoint(stack)
    assert stacks.events() == [("s", "REVIEW_IN_PROGRESS", "User Initiated")]
    again = propose(formation, simple(), kind="CREATE", change_set="d")
    assert again["StackId"] == made["StackId"]
    described = formation.describe_change_set(ChangeSetName=made["Id"])
    assert (described["Status"], described["ExecutionStatus"]) == ("CREATE_COMPLETE", "AVAILABLE")
    assert described["Changes"] == [
        {
            "Type": "Resource",
            "ResourceChange": {
                "Action": "Add",
                "LogicalResourceId": "P",
                "ResourceType": "AWS::SSM::Parameter",
                "Scope": [],
                "Details": [],
            },
        }
    ]
    assert (described["Capabilities"], described["IncludeNestedStacks"]) == ([], False)
    assert described["RollbackConfiguration"] == {}
    assert {"Parameters", "Tags", "Description", "StatusReason"}.isdisjoint(described)


def test_an_executed_change_set_has_made_the_stack_and_its_outputs(formation, stacks):
    template = simple(Outputs={"O": {"Value": {"Ref": "P"}, "Export": {"Name": "o"}}})
    made = propose(formation, template, kind="CREATE")
    formation.execute_change_set(ChangeSetName="c", StackName="s", ClientRequestToken="token")
    stack = stacks.one()
    assert (stack["StackStatus"], stack["ChangeSetId"]) == ("CREATE_COMPLETE", made["Id"])
    assert "LastUpdatedTime" in stack
    assert stacks.outputs() == {"O": stacks.physical()["P"]}
    assert [export["Name"] for export in formation.list_exports()["Exports"]] == ["o"]
    assert formation.describe_change_set(ChangeSetName=made["Id"])["ExecutionStatus"] == "EXECUTE_COMPLETE"
    tokens = {
        event.get("ClientRequestToken") for event in formation.describe_stack_events(StackName="s")["StackEvents"]
    }
    assert tokens == {None, "token"}  # the event of the review had none
    text = f"ChangeSet [{made['Id']}] cannot be executed in its current execution status of [EXECUTE_COMPLETE]"
    assert refused(formation.execute_change_set, ChangeSetName=made["Id"]) == ("InvalidChangeSetStatus", text)


def test_a_change_set_without_changes_has_failed(formation, stacks):
    stacks.create(simple())
    made = propose(formation, simple())
    described = formation.describe_change_set(ChangeSetName=made["Id"])
    assert (described["Status"], described["ExecutionStatus"], described["Changes"]) == ("FAILED", "UNAVAILABLE", [])
    assert described["StatusReason"] == (
        "The submitted information didn't contain changes. Submit different information to create a change set."
    )
    text = f"ChangeSet [{made['Id']}] cannot be executed in its current status of [FAILED]"
    assert refused(formation.execute_change_set, ChangeSetName=made["Id"]) == ("InvalidChangeSetStatus", text)
    waiter = formation.get_waiter("change_set_create_complete")
    with pytest.raises(WaiterError):
        waiter.wait(ChangeSetName=made["Id"], WaiterConfig={"Delay": 0, "MaxAttempts": 1})


def test_other_outputs_or_tags_alone_are_a_change(formation, stacks):
    stacks.create(simple())
    propose(formation, simple(Outputs={"O": {"Value": "x"}}))
    described = formation.describe_change_set(ChangeSetName="c", StackName="s")
    assert (described["Status"], described["Changes"]) == ("CREATE_COMPLETE", [])
    formation.execute_change_set(ChangeSetName="c", StackName="s")
    assert stacks.outputs() == {"O": "x"}


def test_changes_say_what_is_replaced_and_why(formation, stacks):
    template = {
        "Parameters": {"V": {"Type": "String", "Default": "v"}, "N": {"Type": "String", "Default": "one"}},
        "Resources": {
            "Gone": parameter(),
            "P": parameter({"Ref": "V"}),
            "Q": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": {"Ref": "N"}}},
        },
    }
    stacks.create(template)
    del template["Resources"]["Gone"]
    given = [{"ParameterKey": key, "ParameterValue": "other"} for key in "VN"]
    propose(formation, template, Parameters=given)
    described = formation.describe_change_set(ChangeSetName="c", StackName="s", IncludePropertyValues=True)
    gone, p, q = (change["ResourceChange"] for change in described["Changes"])
    assert (gone["Action"], gone["PolicyAction"]) == ("Remove", "Delete")
    assert (p["Action"], p["Replacement"], p["Scope"]) == ("Modify", "False", ["Properties"])
    assert (q["Action"], q["Replacement"], q["PolicyAction"]) == ("Modify", "True", "ReplaceAndDelete")
    static, dynamic = p["Details"]
    assert (static["Evaluation"], static["ChangeSource"], static["CausingEntity"]) == (
        "Static",
        "ParameterReference",
        "V",
    )
    assert (dynamic["Evaluation"], dynamic["ChangeSource"]) == ("Dynamic", "DirectModification")
    assert static["Target"] == {
        "Attribute": "Properties",
        "Name": "Value",
        "RequiresRecreation": "Never",
        "Path": "/Properties/Value",
        "BeforeValue": "v",
        "AfterValue": "other",
        "AttributeChangeType": "Modify",
    }
    assert json.loads(p["BeforeContext"]) == {"Properties": {"Type": "String", "Value": "v"}}


def test_what_is_not_there_is_said_so(formation, stacks):
    assert refused(propose, formation=formation, template=simple()) == ("ValidationError", "Stack [s] does not exist")
    stacks.create(simple())
    text = "Stack [s] already exists and cannot be created again with the changeSet [c]."
    assert refused(propose, formation=formation, template=simple(), kind="CREATE") == ("ValidationError", text)
    missing = ("ChangeSetNotFound", "ChangeSet [c] does not exist")
    with pytest.raises(ClientError) as error:
        formation.describe_change_set(ChangeSetName="c", StackName="s")
    assert error.value.response["Error"]["Code"] == "ChangeSetNotFound"
    assert refused(formation.execute_change_set, ChangeSetName="c", StackName="s") == missing
    formation.delete_change_set(ChangeSetName="c", StackName="s")
    gone = ("ValidationError", "Stack [x] does not exist")
    assert refused(formation.delete_change_set, ChangeSetName="c", StackName="x") == gone
    assert refused(formation.describe_change_set, ChangeSetName="c", StackName="x") == gone
    text = "StackName must be specified if ChangeSetName is not specified as an ARN."
    assert refused(formation.describe_change_set, ChangeSetName="c") == ("ValidationError", text)


def test_create_stack_takes_up_a_stack_in_review(formation, stacks):
    made = propose(formation, simple(), kind="CREATE")
    assert stacks.create(simple()) == made["StackId"]
    assert formation.describe_change_set(ChangeSetName=made["Id"])["ExecutionStatus"] == "OBSOLETE"


# Stacks


def test_a_stack_shows_what_it_has(stacks):
    stacks.create(simple(), Capabilities=[], Tags=[{"Key": "a", "Value": "b"}])
    stack = stacks.one()
    assert sorted(stack) == sorted(
        [
            *("CreationTime", "DisableRollback", "DriftInformation", "EnableTerminationProtection", "NotificationARNs"),
            *("RollbackConfiguration", "StackId", "StackName", "StackStatus", "Tags"),
        ]
    )
    assert stack["DriftInformation"] == {"StackDriftStatus": "NOT_CHECKED"}


def test_a_created_stack_has_these_events(stacks, formation):
    stacks.create(simple())
    assert stacks.events() == [
        ("s", "CREATE_IN_PROGRESS", "User Initiated"),
        ("P", "CREATE_IN_PROGRESS", None),
        ("P", "CREATE_IN_PROGRESS", "Resource creation Initiated"),
        ("P", "CREATE_COMPLETE", None),
        ("s", "CREATE_COMPLETE", None),
    ]
    events = formation.describe_stack_events(StackName="s")["StackEvents"]
    assert json.loads(events[1]["ResourceProperties"]) == {"Type": "String", "Value": "v"}
    assert (events[3]["PhysicalResourceId"], events[1]["PhysicalResourceId"]) == ("", stacks.physical()["P"])
    assert events[1]["EventId"].startswith("P-CREATE_COMPLETE-")


def test_an_update_replaces_changes_and_removes(stacks):
    topic = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "one"}}
    stacks.create({"Resources": {"Gone": parameter(), "P": parameter(), "T": topic, "Same": parameter()}})
    before = len(stacks.events())
    topic["Properties"]["TopicName"] = "two"
    stacks.update({"Resources": {"P": parameter("w"), "T": topic, "Same": parameter()}})
    assert stacks.events()[before:] == [
        ("s", "UPDATE_IN_PROGRESS", "User Initiated"),
        ("P", "UPDATE_IN_PROGRESS", None),
        ("P", "UPDATE_COMPLETE", None),
        (
            "T",
            "UPDATE_IN_PROGRESS",
            "Requested update requires the creation of a new physical resource; hence creating one.",
        ),
        ("T", "UPDATE_IN_PROGRESS", "Resource creation Initiated"),
        ("T", "UPDATE_COMPLETE", None),
        ("s", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", None),
        ("T", "DELETE_IN_PROGRESS", None),
        ("T", "DELETE_COMPLETE", None),
        ("Gone", "DELETE_IN_PROGRESS", None),
        ("Gone", "DELETE_COMPLETE", None),
        ("s", "UPDATE_COMPLETE", None),
    ]


def test_an_update_of_nothing_is_refused(stacks, formation):
    stacks.create(simple())
    nothing = ("ValidationError", "No updates are to be performed.")
    assert refused(formation.update_stack, StackName="s", TemplateBody=json.dumps(simple())) == nothing
    none = ("ValidationError", "Either Template URL or Template Body must be specified.")
    assert refused(formation.update_stack, StackName="s") == none
    formation.update_stack(StackName="s", UsePreviousTemplate=True, Tags=[{"Key": "a", "Value": "b"}])
    assert stacks.one()["Tags"] == [{"Key": "a", "Value": "b"}]


FAILING = {"Type": "AWS::StepFunctions::StateMachine", "Properties": {"RoleArn": "r", "DefinitionString": "{}"}}


def test_a_creation_that_fails_rolls_back(stacks, formation):
    stack_id = stacks.create({"Resources": {"P": parameter(), "M": {**FAILING, "DependsOn": "P"}}})
    assert [event[:2] for event in stacks.events()][-6:] == [
        ("M", "CREATE_FAILED"),
        ("s", "ROLLBACK_IN_PROGRESS"),
        ("M", "DELETE_COMPLETE"),
        ("P", "DELETE_IN_PROGRESS"),
        ("P", "DELETE_COMPLETE"),
        ("s", "ROLLBACK_COMPLETE"),
    ]
    assert (
        "s",
        "ROLLBACK_IN_PROGRESS",
        "The following resource(s) failed to create: [M]. Rollback requested by user.",
    ) in (stacks.events())
    text = f"Stack:{stack_id} is in ROLLBACK_COMPLETE state and can not be updated."
    assert refused(formation.update_stack, StackName="s", TemplateBody=json.dumps(simple())) == (
        "ValidationError",
        text,
    )


def test_an_update_that_fails_goes_back_to_what_was(stacks, dynastep):
    stacks.create(simple())
    stacks.update({"Resources": {"P": parameter("w"), "New": parameter(), "Q": {**FAILING, "DependsOn": ["P", "New"]}}})
    stack = stacks.one()
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    reasons = [reason for _, status, reason in stacks.events() if status == "UPDATE_ROLLBACK_IN_PROGRESS"]
    assert reasons == ["The following resource(s) failed to create: [Q]. "]
    assert list(stacks.physical()) == ["P"]
    value = dynastep.client("ssm").get_parameter(Name=stacks.physical()["P"])["Parameter"]["Value"]
    assert value == "v"
    assert len(dynastep.client("ssm").describe_parameters()["Parameters"]) == 1


def test_a_resource_of_a_type_that_nobody_makes_fails_by_name(stacks):
    stacks.create({"Resources": {"A": {"Type": "AWS::Omics::Workflow", "Properties": {}}}})
    assert "Dynastep does not make resources of the type AWS::Omics::Workflow" in stacks.failure()
    assert stacks.one()["StackStatus"] == "ROLLBACK_COMPLETE"


def test_a_property_that_a_type_does_not_have_fails_the_resource(stacks):
    stacks.create({"Resources": {"P": parameter(Nonsense=1)}})
    assert "#: extraneous key [Nonsense] is not permitted" in stacks.failure()


def test_disabled_rollback_leaves_what_was_made(stacks, formation):
    stacks.create({"Resources": {"P": parameter(), "M": {**FAILING, "DependsOn": "P"}}}, DisableRollback=True)
    stack = stacks.one()
    assert stack["StackStatus"] == "CREATE_FAILED"
    assert stack["StackStatusReason"] == "The following resource(s) failed to create: [M]. "
    assert stacks.physical()["P"] is not None
    formation.rollback_stack(StackName="s")
    assert stacks.one()["StackStatus"] == "ROLLBACK_COMPLETE"


def test_an_update_that_was_left_where_it_failed_is_gone_on_with(stacks, formation, dynastep):
    """Twice: once it fails again, and is brought back to what the stack was at first; then it succeeds."""
    queues, values = dynastep.client("sqs"), dynastep.client("ssm")

    def queue(**properties):
        return {"Type": "AWS::SQS::Queue", "Properties": properties}

    def update(seconds, **resources):
        changed = {"P": parameter(Value="w"), "Q": {**queue(VisibilityTimeout=seconds), "DependsOn": "P"}, **resources}
        given = json.dumps({"Resources": changed})
        formation.update_stack(StackName="s", TemplateBody=given, DisableRollback=True)
        return stacks.one()["StackStatus"]

    def holds():
        attributes = queues.get_queue_attributes(QueueUrl=before["Q"], AttributeNames=["VisibilityTimeout"])
        parameter = values.get_parameter(Name=before["P"])["Parameter"]["Value"]
        return parameter, attributes["Attributes"]["VisibilityTimeout"]

    stacks.create({"Resources": {"P": parameter(), "Q": queue(VisibilityTimeout=5)}})
    before = stacks.physical()
    new = {**queue(VisibilityTimeout=99_999), "DependsOn": "Q"}
    assert [update(99_999), holds()] == ["UPDATE_FAILED", ("w", "5")]
    assert [update(7, N=new), holds()] == ["UPDATE_FAILED", ("w", "7")]
    formation.rollback_stack(StackName="s")
    assert [stacks.physical(), holds()] == [before, ("v", "5")]

    assert update(99_999) == "UPDATE_FAILED"
    assert update(7, N=new) == "UPDATE_FAILED"
    assert update(7, N={**queue(VisibilityTimeout=8), "DependsOn": "Q"}) == "UPDATE_COMPLETE"
    assert holds() == ("w", "7")
    assert len(queues.list_queues()["QueueUrls"]) == 2


def test_retained_resources_stay(stacks, dynastep):
    stack_id = stacks.create({"Resources": {"P": {**parameter(), "DeletionPolicy": "Retain"}}})
    name = stacks.physical()["P"]
    stacks.client.delete_stack(StackName="s")
    assert ("P", "DELETE_SKIPPED", None) in stacks.events(stack_id)
    assert dynastep.client("ssm").get_parameter(Name=name)["Parameter"]["Value"] == "v"


def test_a_deleted_stack_is_found_by_its_id_alone(stacks, formation):
    stack_id = stacks.create(simple())
    formation.delete_stack(StackName="s")
    formation.delete_stack(StackName="nobody")
    stack = stacks.one(stack_id)
    assert stack["StackStatus"] == "DELETE_COMPLETE"
    assert "DeletionTime" in stack
    assert "EnableTerminationProtection" not in stack
    for call, words in (
        (formation.describe_stacks, "Stack with id s does not exist"),
        (formation.get_template, "Stack with id s does not exist"),
        (formation.describe_stack_events, "Stack [s] does not exist"),
    ):
        assert refused(call, StackName="s") == ("ValidationError", words)
    asked = {"StackName": "s", "LogicalResourceId": "P"}
    assert refused(formation.describe_stack_resource, **asked) == ("ValidationError", "Stack 's' does not exist")
    text = f"Stack:{stack_id} is in DELETE_COMPLETE state and can not be updated."
    body = json.dumps(simple())
    assert refused(formation.update_stack, StackName=stack_id, TemplateBody=body) == ("ValidationError", text)


def test_a_protected_stack_is_not_deleted_and_a_protected_table_fails_the_deletion(stacks, formation):
    table = {
        "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
        "DeletionProtectionEnabled": True,
    }
    stack_id = stacks.create({"Resources": {"T": {"Type": "AWS::DynamoDB::Table", "Properties": table}}})
    formation.update_termination_protection(StackName="s", EnableTerminationProtection=True)
    text = "Stack [s] cannot be deleted while TerminationProtection is enabled"
    assert refused(formation.delete_stack, StackName="s") == ("ValidationError", text)
    formation.update_termination_protection(StackName="s", EnableTerminationProtection=False)
    formation.delete_stack(StackName="s")
    stack = stacks.one()
    assert stack["StackStatus"] == "DELETE_FAILED"
    assert stack["StackStatusReason"] == "The following resource(s) failed to delete: [T]. "
    formation.delete_stack(StackName="s", RetainResources=["T"])
    assert stacks.one(stack_id)["StackStatus"] == "DELETE_COMPLETE"


def test_names_of_stacks(stacks, formation):
    stacks.create(simple())
    body = json.dumps(simple())
    assert refused(formation.create_stack, StackName="s", TemplateBody=body) == (
        "AlreadyExistsException",
        "Stack [s] already exists",
    )
    pattern = "[a-zA-Z][-a-zA-Z0-9]*|arn:[-a-zA-Z0-9:/._+]*"
    text = (
        "1 validation error detected: Value '*@da591fa3_$' at 'stackName' failed to satisfy constraint: "
        f"Member must satisfy regular expression pattern: {pattern}"
    )
    assert refused(formation.create_stack, StackName="*@da591fa3_$", TemplateBody=body) == ("ValidationError", text)


def test_capabilities_have_to_be_given(formation):
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {}}}

    def create(properties, capabilities):
        described = {"R": {**role, "Properties": {**role["Properties"], **properties}}}
        body = json.dumps({"Resources": described})
        return refused(formation.create_stack, StackName="s", TemplateBody=body, Capabilities=capabilities)

    code = "InsufficientCapabilitiesException"
    assert create({}, []) == (code, "Requires capabilities : [CAPABILITY_IAM]")
    assert create({"RoleName": "n"}, ["CAPABILITY_IAM"]) == (code, "Requires capabilities : [CAPABILITY_NAMED_IAM]")


def test_exports_are_unique_and_kept_while_they_are_imported(stacks, formation):
    exporting = simple(Outputs={"O": {"Value": "x", "Export": {"Name": "shared"}}})
    importing = simple({"Fn::ImportValue": "shared"})
    stacks.create(exporting, "one")
    stacks.create(exporting, "two")
    reason = "Export with name shared is already exported by stack one. Rollback requested by user."
    assert ("two", "ROLLBACK_IN_PROGRESS", reason) in stacks.events("two")
    text = "Export 'shared' is not imported by any stack."
    assert refused(formation.list_imports, ExportName="shared") == ("ValidationError", text)
    stacks.create(importing, "three")
    assert formation.list_imports(ExportName="shared")["Imports"] == ["three"]
    formation.delete_stack(StackName="one")
    assert stacks.one("one")["StackStatus"] == "DELETE_FAILED"
    assert stacks.one("one")["StackStatusReason"].startswith(
        "Delete canceled. Cannot delete export shared as it is in use"
    )
    stacks.create(simple({"Fn::ImportValue": "none"}), "four")
    reason = "No export named none found. Rollback requested by user."
    assert ("four", "ROLLBACK_IN_PROGRESS", reason) in stacks.events("four")


def test_parameters_are_shown_as_given_and_as_resolved(stacks, dynastep):
    dynastep.client("ssm").put_parameter(Name="n", Value="found", Type="String")
    parameters = {
        "S": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "n"},
        "H": {"Type": "String", "Default": "secret", "NoEcho": True},
    }
    stacks.create(simple({"Fn::Sub": "${S}-${H}"}, Parameters=parameters, Outputs={"O": {"Value": {"Ref": "H"}}}))
    shown = {each["ParameterKey"]: each for each in stacks.one()["Parameters"]}
    assert shown["S"] == {"ParameterKey": "S", "ParameterValue": "n", "ResolvedValue": "found"}
    assert shown["H"] == {"ParameterKey": "H", "ParameterValue": "****"}
    assert stacks.outputs() == {"O": "secret"}


def test_dynamic_references_are_resolved_and_not_shown(stacks, dynastep):
    dynastep.client("ssm").put_parameter(Name="n", Value="found", Type="String")
    dynastep.client("secretsmanager").create_secret(Name="k", SecretString='{"user": "me"}')
    reference = "{{resolve:ssm:n}} {{resolve:secretsmanager:k:SecretString:user}}"
    stacks.create(simple(reference))
    name = stacks.physical()["P"]
    assert dynastep.client("ssm").get_parameter(Name=name)["Parameter"]["Value"] == "found me"
    events = stacks.client.describe_stack_events(StackName="s")["StackEvents"]
    assert reference in events[1]["ResourceProperties"]


def test_a_resource_whose_condition_is_false_is_not_there(stacks, formation):
    template = {
        "Conditions": {"Never": {"Fn::Equals": ["a", "b"]}},
        "Resources": {"P": parameter(), "Q": {**parameter(), "Condition": "Never"}},
        "Outputs": {"O": {"Value": {"Ref": "Q"}, "Condition": "Never"}},
    }
    stacks.create(template)
    assert list(stacks.physical()) == ["P"]
    assert stacks.outputs() == {}
    text = "Resource Q does not exist for stack s"
    asked = {"StackName": "s", "LogicalResourceId": "Q"}
    assert refused(formation.describe_stack_resource, **asked) == ("ValidationError", text)
    detail = formation.describe_stack_resource(StackName="s", LogicalResourceId="P")["StackResourceDetail"]
    assert (detail["Metadata"], detail["DriftInformation"]) == ("{}", {"StackResourceDriftStatus": "NOT_CHECKED"})


def test_a_template_is_found_by_any_address_of_the_emulator(stacks, dynastep, formation):
    bucket = f"templates-{dynastep.account}"
    s3 = dynastep.client("s3")
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="a/t.json", Body=json.dumps(simple()).encode())
    for number, host in enumerate(
        [
            f"https://s3.us-east-1.amazonaws.com/{bucket}",
            f"https://{bucket}.s3.us-east-1.amazonaws.com",
            f"https://{bucket}.s3.amazonaws.com",
            f"http://127.0.0.1:4566/{bucket}",
            f"http://localhost:4566/{bucket}",
            f"http://{bucket}.s3.localhost:4566",
        ]
    ):
        formation.create_stack(StackName=f"s{number}", TemplateURL=f"{host}/a/t.json")
        assert stacks.one(f"s{number}")["StackStatus"] == "CREATE_COMPLETE"
    text = "S3 error: Domain name specified in b is not a valid S3 domain"
    assert refused(formation.validate_template, TemplateURL="s3://b/k") == ("ValidationError", text)


def test_a_nested_stack_has_its_own_events_and_outputs(stacks, dynastep):
    bucket = f"templates-{dynastep.account}"
    s3 = dynastep.client("s3")
    s3.create_bucket(Bucket=bucket)
    inner = simple({"Ref": "V"}, Parameters={"V": {"Type": "String"}}, Outputs={"O": {"Value": {"Ref": "V"}}})
    s3.put_object(Bucket=bucket, Key="t", Body=json.dumps(inner).encode())
    properties = {"TemplateURL": f"https://s3.amazonaws.com/{bucket}/t", "Parameters": {"V": "given"}}
    nested = {"Type": "AWS::CloudFormation::Stack", "Properties": properties}
    stacks.create({"Resources": {"N": nested}, "Outputs": {"O": {"Value": {"Fn::GetAtt": "N.Outputs.O"}}}})
    assert stacks.outputs() == {"O": "given"}
    child = stacks.one(stacks.physical()["N"])
    assert child["ParentId"] == child["RootId"] == stacks.one()["StackId"]
    stacks.client.delete_stack(StackName="s")
    assert stacks.one(child["StackId"])["StackStatus"] == "DELETE_COMPLETE"


ANSWERING = """
import cfnresponse
def handler(event, context):
    old = event.get("OldResourceProperties", {}).get("Number")
    data = {"Said": f"{event['RequestType']} {event['ResourceProperties']['Number']} {old}"}
    status = cfnresponse.FAILED if event["ResourceProperties"]["Number"] == "13" else cfnresponse.SUCCESS
    cfnresponse.send(event, context, status, data, "physical", reason="unlucky")
"""


def test_a_custom_resource_is_made_by_a_function(stacks):
    function = {
        "Runtime": "python3.12",
        "Handler": "index.handler",
        "Role": {"Fn::GetAtt": "R.Arn"},
        "Code": {"ZipFile": ANSWERING},
    }
    statement = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [statement]}}

    def template(number):
        custom = {"ServiceToken": {"Fn::GetAtt": "F.Arn"}, "Number": number}
        return {
            "Resources": {
                "R": {"Type": "AWS::IAM::Role", "Properties": role},
                "F": {"Type": "AWS::Lambda::Function", "Properties": function},
                "C": {"Type": "Custom::Thing", "Properties": custom},
            },
            "Outputs": {"O": {"Value": {"Fn::GetAtt": "C.Said"}}},
        }

    stack_id = stacks.create(template(1))
    assert stacks.outputs() == {"O": "Create 1 None"}
    assert stacks.physical()["C"] == "physical"
    stacks.update(template(2))
    assert stacks.outputs() == {"O": "Update 2 1"}
    stacks.update(template(13))
    assert stacks.one()["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "Received response status [FAILED] from custom resource. Message returned: unlucky" in stacks.failure()
    stacks.client.delete_stack(StackName="s")
    assert stacks.one(stack_id)["StackStatus"] == "DELETE_COMPLETE"


@pytest.mark.parametrize(
    ("handler", "answer"),
    [("index.handler", '"hello"'), ("other.handler", "Unable to import module 'other'")],
)
def test_inline_code_is_a_module_called_index(stacks, dynastep, handler, answer):
    """A handler of another module is taken, as on AWS, and found missing when the function is called. A template of at
    most 1 MB never has code of more than the 4 MB that AWS takes."""
    function = {
        "Runtime": "python3.12",
        "Handler": handler,
        "Role": f"arn:aws:iam::{dynastep.account}:role/r",
        "Code": {"ZipFile": "def handler(event, context): return 'hello'"},
    }
    stacks.create({"Resources": {"F": {"Type": "AWS::Lambda::Function", "Properties": function}}})
    assert stacks.one()["StackStatus"] == "CREATE_COMPLETE"
    answered = dynastep.client("lambda").invoke(FunctionName=stacks.physical()["F"])
    assert answer in answered["Payload"].read().decode()


def test_an_export_in_use_is_not_changed(stacks, formation):
    def exporting(value):
        return simple(Outputs={"O": {"Value": value, "Export": {"Name": "shared"}}})

    stacks.create(exporting("x"), "one")
    stacks.create(simple({"Fn::ImportValue": "shared"}), "two")
    stacks.update(exporting("y"), "one")
    reason = "Export shared cannot be updated as it is in use by two. Rollback requested by user."
    assert ("one", "UPDATE_ROLLBACK_IN_PROGRESS", reason) in stacks.events("one")
    assert stacks.outputs("one") == {"O": "x"}


def test_resources_are_listed_by_name(stacks, formation):
    stacks.create({"Resources": {name: parameter() for name in ("B", "C", "A")}})
    described = formation.describe_stack_resources(StackName="s")["StackResources"]
    listed = formation.list_stack_resources(StackName="s")["StackResourceSummaries"]
    assert [row["LogicalResourceId"] for row in described] == [row["LogicalResourceId"] for row in listed] == [*"ABC"]
    assert all("Timestamp" in row for row in described)
    assert all("LastUpdatedTimestamp" in row for row in listed)
    stacks.update({"Resources": {"A": parameter()}})
    asked = {"StackName": "s", "LogicalResourceId": "B"}
    text = "Resource B does not exist for stack s"
    assert refused(formation.describe_stack_resource, **asked) == ("ValidationError", text)


def test_a_template_has_so_many_members_and_no_more(formation):
    topic = {"Type": "AWS::SNS::Topic"}
    for what, most, template in (
        ("resources", 500, {"Resources": {f"T{number}": topic for number in range(501)}}),
        ("outputs", 200, simple(Outputs={f"O{number}": {"Value": "v"} for number in range(201)})),
        ("mappings", 200, simple(Mappings={f"M{number}": {"a": {"b": "c"}} for number in range(201)})),
        (
            "parameters",
            200,
            simple(Parameters={f"P{number}": {"Type": "String", "Default": "v"} for number in range(201)}),
        ),
    ):
        text = f"Template format error: Number of {what}, {most + 1}, is greater than maximum allowed, {most}"
        body = json.dumps(template)
        assert refused(formation.create_stack, StackName="s", TemplateBody=body) == ("ValidationError", text)


def test_an_attribute_that_a_type_lacks_fails_the_stack(stacks):
    stacks.create(simple(Outputs={"O": {"Value": {"Fn::GetAtt": "P.Nothing"}}}))
    [reason] = [reason for _, status, reason in stacks.events() if status == "ROLLBACK_IN_PROGRESS"]
    assert "Requested attribute Nothing does not exist in schema for AWS::SSM::Parameter" in reason
    assert reason.startswith("[Error] /Outputs/O/Value")


def test_a_previous_value_needs_a_stack_that_has_one(stacks, formation):
    declared = {"A": {"Type": "String"}}
    previous = [{"ParameterKey": "A", "UsePreviousValue": True}]
    text = "Cannot specify UsePreviousValue on Parameters when ChangeSetType is CREATE"
    template = simple({"Ref": "A"}, Parameters=declared)
    asked = {"formation": formation, "template": template, "kind": "CREATE", "Parameters": previous}
    assert refused(propose, **asked) == ("ValidationError", text)
    stacks.create(template, Parameters=[{"ParameterKey": "A", "ParameterValue": "kept"}])
    formation.update_stack(
        StackName="s", UsePreviousTemplate=True, Parameters=previous, Tags=[{"Key": "a", "Value": "b"}]
    )
    assert stacks.one()["Parameters"] == [{"ParameterKey": "A", "ParameterValue": "kept"}]


def test_tags_of_awss_own_are_refused(formation):
    tags = [{"Key": "aws:mine", "Value": "b"}]
    text = "aws: prefixed tag key names are not allowed for external use."
    body = json.dumps(simple())
    assert refused(formation.create_stack, StackName="s", TemplateBody=body, Tags=tags) == ("ValidationError", text)


def test_a_mark_of_cdk_is_a_resource_without_effect(stacks):
    stacks.create({"Resources": {"CDKMetadata": {"Type": "AWS::CDK::Metadata", "Properties": {"Analytics": "v2:x"}}}})
    assert ("CDKMetadata", "CREATE_COMPLETE", None) in stacks.events()
    assert list(stacks.physical()) == ["CDKMetadata"]


def test_a_topic_goes_with_subscriptions_that_nobody_has_confirmed(stacks, dynastep):
    inner = {"Protocol": "email", "Endpoint": "me@example.com"}
    topic = {"Type": "AWS::SNS::Topic", "Properties": {"Subscription": [inner]}}
    outer = {**inner, "Endpoint": "you@example.com", "TopicArn": {"Ref": "T"}}
    beside = {"Type": "AWS::SNS::Subscription", "Properties": outer}
    stack_id = stacks.create({"Resources": {"T": topic, "S": beside}})
    stacks.update({"Resources": {"T": {"Type": "AWS::SNS::Topic"}, "S": beside}})
    assert stacks.one()["StackStatus"] == "UPDATE_COMPLETE"
    stacks.client.delete_stack(StackName="s")
    assert stacks.one(stack_id)["StackStatus"] == "DELETE_COMPLETE"
    assert dynastep.client("sns").list_topics()["Topics"] == []


def test_what_transforms_make_is_made_again_even_if_the_template_is_the_same(stacks):
    template = simple({"Fn::Length": ["a"]}, Transform="AWS::LanguageExtensions")
    stacks.create(template)
    stacks.update(template)
    assert stacks.one()["StackStatus"] == "UPDATE_COMPLETE"


def test_a_creation_that_was_left_failed_goes_on_with_what_is_missing(stacks):
    bad = {"Q": {"Type": "AWS::SQS::Queue"}, "P": {**parameter(Type="Bad"), "DependsOn": "Q"}}
    good = {"Q": {"Type": "AWS::SQS::Queue"}, "P": parameter()}
    stacks.create({"Resources": bad}, DisableRollback=True)
    assert stacks.one()["StackStatus"] == "CREATE_FAILED"
    queue = stacks.physical()["Q"]
    stacks.update({"Resources": good})
    assert stacks.one()["StackStatus"] == "UPDATE_COMPLETE", stacks.failure()
    assert stacks.physical()["Q"] == queue
    assert ("P", "CREATE_COMPLETE", None) in stacks.events()


def test_an_update_that_was_left_failed_is_rolled_back_by_hand(stacks, formation, dynastep):
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": 1}}
    stacks.create({"Resources": {"Q": queue}})
    changed = {"Q": {**queue, "Properties": {"DelaySeconds": 2}}, "P": parameter(Type="Bad")}
    stacks.update({"Resources": changed}, DisableRollback=True)
    assert stacks.one()["StackStatus"] == "UPDATE_FAILED"
    formation.rollback_stack(StackName="s")
    assert stacks.one()["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    url = stacks.physical()["Q"]
    attributes = dynastep.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["DelaySeconds"])
    assert attributes["Attributes"] == {"DelaySeconds": "1"}
