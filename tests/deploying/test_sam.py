"""Templates of SAM: AWS's own library makes of them what it makes for AWS, and all of it is there."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

pytest.importorskip("samtranslator", reason="aws-sam-translator is not installed: pip install 'dynastep[sam]'")

SAM = "Transform: AWS::Serverless-2016-10-31\n"

ORDERS = """
Globals:
  Function:
    Timeout: 9
Resources:
  Flow:
    Type: AWS::Serverless::StateMachine
    Properties:
      Definition:
        StartAt: Put
        States:
          Put:
            Type: Task
            Resource: arn:aws:states:::dynamodb:putItem
            Parameters:
              TableName: ${Table}
              Item: {id: {"S.$": $.id}}
            ResultPath: null
            Next: Check
          Check: {Type: Task, Resource: "${Function}", End: true}
      DefinitionSubstitutions:
        Table: !Ref Orders
        Function: !GetAtt Check.Arn
      Policies:
        - DynamoDBCrudPolicy: {TableName: !Ref Orders}
        - LambdaInvokePolicy: {FunctionName: !Ref Check}
      Events:
        Nightly:
          Type: Schedule
          Properties: {Schedule: rate(1 day), Enabled: false}
        Later:
          Type: ScheduleV2
          Properties: {ScheduleExpression: rate(1 hour)}
        Placed:
          Type: EventBridgeRule
          Properties:
            Pattern: {source: [shop]}
      AutoPublishAlias: live
  Check:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Handler: index.handler
      InlineCode: |
        def handler(event, context):
            return {"checked": event["id"]}
      AutoPublishAlias: live
      FunctionUrlConfig: {AuthType: NONE}
      Events:
        Work:
          Type: SQS
          Properties: {Queue: !GetAtt Queue.Arn}
        Told:
          Type: SNS
          Properties: {Topic: !Ref Topic}
        Call:
          Type: Api
          Properties: {Path: /check, Method: post}
        Http:
          Type: HttpApi
          Properties: {Path: /check, Method: get}
  Queue: {Type: AWS::SQS::Queue}
  Topic: {Type: AWS::SNS::Topic}
  Orders:
    Type: AWS::Serverless::SimpleTable
Outputs:
  Flow: {Value: !Ref Flow}
  Alias: {Value: !Ref Check.Alias}
  Orders: {Value: !Ref Orders}
"""


def test_an_application_is_made_whole_and_runs(stacks, dynastep):
    stacks.create(SAM + ORDERS)
    assert stacks.one()["StackStatus"] == "CREATE_COMPLETE", stacks.failure()
    made = stacks.physical()
    for name in (
        *(
            "Flow",
            "FlowRole",
            "FlowVersion",
            "FlowAliaslive",
            "FlowNightly",
            "FlowNightlyRole",
            "FlowLater",
            "FlowPlaced",
        ),
        *("Check", "CheckRole", "CheckAliaslive", "CheckUrl", "CheckWork", "CheckTold", "CheckToldPermission"),
        *("ServerlessRestApi", "ServerlessRestApiProdStage", "CheckCallPermissionProd", "ServerlessHttpApi", "Orders"),
    ):
        assert made.get(name), name
    outputs = stacks.outputs()
    assert outputs["Alias"].endswith(":live")
    states = dynastep.client("stepfunctions")
    started = states.start_execution(stateMachineArn=outputs["Flow"], input='{"id": "7"}')
    ended = states.describe_execution(executionArn=started["executionArn"])
    assert (ended["status"], json.loads(ended["output"])) == ("SUCCEEDED", {"checked": "7"})
    item = dynastep.client("dynamodb").get_item(TableName=outputs["Orders"], Key={"id": {"S": "7"}})["Item"]
    assert item == {"id": {"S": "7"}}
    tags = states.list_tags_for_resource(resourceArn=outputs["Flow"])["tags"]
    assert {"key": "stateMachine:createdBy", "value": "SAM"} in tags
    processed = stacks.client.get_template(StackName="s", TemplateStage="Processed")["TemplateBody"]
    assert {"Transform", "Globals"}.isdisjoint(processed)
    stacks.client.delete_stack(StackName="s")
    assert stacks.client.describe_stacks()["Stacks"] == []
    assert states.list_state_machines()["stateMachines"] == []


def test_a_changed_definition_moves_the_alias_to_a_new_version(stacks, dynastep):
    stacks.create(SAM + ORDERS)
    flow = stacks.outputs()["Flow"]
    stacks.update(SAM + ORDERS.replace("StartAt: Put", "StartAt: Put\n        Comment: changed"))
    assert stacks.one()["StackStatus"] == "UPDATE_COMPLETE", stacks.failure()
    alias = dynastep.client("stepfunctions").describe_state_machine_alias(stateMachineAliasArn=f"{flow}:live")
    assert [route["stateMachineVersionArn"] for route in alias["routingConfiguration"]] == [f"{flow}:2"]


def test_a_change_set_of_no_changes_says_so_in_the_words_for_transforms(stacks):
    stacks.create(SAM + ORDERS)
    made = stacks.client.create_change_set(StackName="s", ChangeSetName="c", TemplateBody=SAM + ORDERS)
    described = stacks.client.describe_change_set(ChangeSetName=made["Id"])
    assert (described["Status"], described["StatusReason"]) == ("FAILED", "No updates are to be performed.")


BROKEN = """
Resources:
  Flow:
    Type: AWS::Serverless::StateMachine
    Properties: {Role: r}
"""


def test_what_sam_refuses_fails_the_change_set_and_rolls_the_stack_back(stacks):
    made = stacks.client.create_change_set(
        StackName="s", ChangeSetName="c", ChangeSetType="CREATE", TemplateBody=SAM + BROKEN
    )
    reason = stacks.client.describe_change_set(ChangeSetName=made["Id"])["StatusReason"]
    assert reason.startswith("Transform AWS::Serverless-2016-10-31 failed with: Invalid Serverless Application")
    assert "Either 'Definition' or 'DefinitionUri' property must be specified." in reason
    stacks.create(SAM + BROKEN, "t")
    assert stacks.one("t")["StackStatus"] == "ROLLBACK_COMPLETE"


def test_a_macro_that_is_not_there_fails_by_name(stacks):
    stacks.create("Transform: [Nobody]\nResources: {T: {Type: AWS::SNS::Topic}}")
    [reason] = [reason for _, status, reason in stacks.events() if status == "ROLLBACK_IN_PROGRESS"]
    assert reason.startswith("No transform named ")
    assert reason.endswith("::Nobody found.. Rollback requested by user.")


def test_a_change_set_needs_no_capability_for_its_macros(stacks):
    template = SAM + "Resources: {T: {Type: AWS::SNS::Topic}}"
    made = stacks.client.create_change_set(
        StackName="s", ChangeSetName="InitialCreation", ChangeSetType="CREATE", TemplateBody=template
    )  # as ``sam deploy --resolve-s3`` does
    stacks.client.execute_change_set(ChangeSetName=made["Id"])
    assert stacks.one()["StackStatus"] == "CREATE_COMPLETE"
    with pytest.raises(ClientError, match=r"Requires capabilities : \[CAPABILITY_AUTO_EXPAND\]"):
        stacks.create(template, "t", Capabilities=[])
