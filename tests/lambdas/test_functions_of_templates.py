"""``--functions template.yaml``: functions where SAM, CDK and CloudFormation have their files, and nobody has deployed."""

from __future__ import annotations

import json
import shutil
import zipfile
from contextlib import contextmanager

import pytest
from botocore.exceptions import ClientError

from emulator.clients import client
from emulator.control import Control
from emulator.settings import InvalidSetting, Settings

PROGRAM = """
import os

def run(event, context):
    wanted = ("TABLE", "STAGE", "SHARED", "UNKNOWN", "REGION")
    return {**{name: os.environ.get(name) for name in wanted}, "memory": context.memory_limit_in_mb, "event": event}
"""

SAM = """
Transform: AWS::Serverless-2016-10-31
Parameters:
  Stage: {Type: String, Default: test}
Globals:
  Function:
    Runtime: python3.12
    Timeout: 20
    Environment: {Variables: {SHARED: all}}
Resources:
  Orders:
    Type: AWS::DynamoDB::Table
    Properties: {TableName: orders}
  Stream: {Type: AWS::Kinesis::Stream}
  Price:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src/price/
      Handler: app.run
      MemorySize: 256
      Environment:
        Variables:
          TABLE: !Ref Orders
          STAGE: !Sub "${Stage}-1"
          REGION: !Ref AWS::Region
          UNKNOWN: !GetAtt Stream.Arn
  Named:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: by-name
      Handler: index.handler
      InlineCode: |
        def handler(event, context):
            return "inline"
  Layered:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src/layered
      Handler: app.handler
      Layers: [!Ref Common]
  Common:
    Type: AWS::Serverless::LayerVersion
    Properties: {ContentUri: layer/}
"""


@pytest.fixture
def project(tmp_path):
    """A project of SAM's."""
    for path, text in (
        ("template.yaml", SAM),
        ("src/price/app.py", PROGRAM),
        ("src/layered/app.py", "import common\ndef handler(event, context): return common.WORD\n"),
        ("layer/python/common.py", "WORD = 'from a layer'\n"),
    ):
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path


@contextmanager
def served(file):
    """What invokes a function of a template by its name: its answer."""
    control = Control(Settings(functions=file), lambda: None)
    functions = client(control, "lambda", "eu-west-1")

    def invoke(name, event=None):
        answer = functions.invoke(FunctionName=name, Payload=json.dumps(event))
        assert "FunctionError" not in answer, answer["Payload"].read()
        return json.loads(answer["Payload"].read())

    try:
        yield invoke
    finally:
        control.close()


def test_a_template_of_sam(project, caplog):
    with served(project / "template.yaml") as invoke:
        known = {"TABLE": "orders", "STAGE": "test-1", "SHARED": "all", "UNKNOWN": None, "REGION": "eu-west-1"}
        assert invoke("Price", {"id": 1}) == {**known, "memory": "256", "event": {"id": 1}}
        assert invoke("by-name") == "inline"
        assert invoke("Layered") == "from a layer"
        with pytest.raises(ClientError, match="Function not found"):
            invoke("Named")
    [said] = [record.getMessage() for record in caplog.records if "left out" in record.getMessage()]
    assert said.startswith("The variable Price.UNKNOWN is left out, for its value is not known")


def test_a_changed_file_and_a_changed_template_count_at_once(project):
    with served(project / "template.yaml") as invoke:
        assert invoke("Price")["STAGE"] == "test-1"
        (project / "src/price/app.py").write_text("def run(event, context): return 'changed'\n")
        assert invoke("Price") == "changed"
        (project / "template.yaml").write_text(SAM.replace("Default: test", "Default: other"))
        (project / "src/price/app.py").write_text(PROGRAM)
        assert invoke("Price")["STAGE"] == "other-1"


def test_a_cloud_assembly_of_cdk(tmp_path):
    (tmp_path / "asset.abc").mkdir()
    (tmp_path / "asset.abc" / "index.py").write_text("def handler(event, context): return 'an asset'\n")
    with zipfile.ZipFile(tmp_path / "asset.def.zip", "w") as package:
        package.writestr("index.py", "def handler(event, context): return 'a zip'\n")
    code = {"S3Bucket": {"Fn::Sub": "cdk-assets-${AWS::AccountId}"}, "S3Key": "abc.zip"}

    def function(asset):
        properties = {"Runtime": "python3.12", "Handler": "index.handler", "Code": code}
        return {"Type": "AWS::Lambda::Function", "Properties": properties, "Metadata": {"aws:asset:path": asset}}

    resources = {"Folder1A2B": function("asset.abc"), "Zip3C4D": function("asset.def.zip")}
    (tmp_path / "shop.template.json").write_text(json.dumps({"Resources": resources}))
    with served(tmp_path / "shop.template.json") as invoke:
        assert (invoke("Folder1A2B"), invoke("Zip3C4D")) == ("an asset", "a zip")


@pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not installed")
def test_text_in_a_template_is_node_if_its_runtime_is(tmp_path):
    code = {"ZipFile": "exports.handler = async (event) => `${event.name} in Node`;"}
    properties = {"Runtime": "nodejs22.x", "Handler": "index.handler", "Code": code}
    resources = {"Hello": {"Type": "AWS::Lambda::Function", "Properties": properties}}
    (tmp_path / "t.json").write_text(json.dumps({"Resources": resources}))
    with served(tmp_path / "t.json") as invoke:
        assert invoke("Hello", {"name": "Ann"}) == "Ann in Node"


WRONG = [
    ("Resources: {F: {Type: AWS::Lambda::Function, Properties: {Code: none/}}}", "the files of F are not there: "),
    ("Resources: {F: {Type: AWS::Lambda::Function, Properties: {Code: {S3Bucket: b}}}}", "are not on this machine"),
    ("Outputs: {}", "it has no Resources"),
    ("a: b: c", "YAML not well-formed"),
]


@pytest.mark.parametrize(("text", "said"), WRONG)
def test_what_cannot_be_used_is_said(tmp_path, text, said):
    (tmp_path / "t.yaml").write_text(text)
    with served(tmp_path / "t.yaml") as invoke, pytest.raises(ClientError, match=said):
        invoke("F")


def test_only_a_folder_or_a_template_is_taken(tmp_path):
    (tmp_path / "notes.txt").write_text("")
    for path in (tmp_path / "notes.txt", tmp_path / "none.yaml"):
        with pytest.raises(InvalidSetting, match="there is no such folder or template"):
            Settings.read({"DYNASTEP_FUNCTIONS": str(path)})
    assert Settings.read({"DYNASTEP_FUNCTIONS": str(tmp_path)}).functions == tmp_path
