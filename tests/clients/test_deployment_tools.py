"""CDK, SAM, Terraform, Serverless and plain CloudFormation deploy the application of this folder, and it works.

Each tool deploys to a server of its own: first as it is, then again, then with another definition, then with a queue
that cannot be made; at the end it takes everything away.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
from applications import ACCOUNT, EXPECTED, client, does, end_state, left, use
from botocore.exceptions import ClientError
from fuzz.server import running
from installed import HERE, SAM_CLI, need

APPLICATION = HERE / "application"
IMPOSSIBLE = 99_999
"""Seconds for which no queue hides a message."""


class Deployed(Protocol):
    """How a tool deploys and destroys. ``deploy`` tells whether it succeeded, and what it said."""

    def deploy(self, comment: str = "first", deadline: int = 30) -> tuple[bool, str]: ...
    def destroy(self) -> None: ...


@pytest.fixture
def url() -> Iterator[str]:
    with running() as (port, _):
        yield f"http://127.0.0.1:{port}"


def environment(url: str, **more: str) -> dict[str, str]:
    """What every tool runs in."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TF_"))}
    keys = {"AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "secret"}
    regions = {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"}
    return {**clean, **keys, **regions, "AWS_ENDPOINT_URL": url, "AWS_EC2_METADATA_DISABLED": "true", **more}


def run(command: list[str], folder: Path, env: dict[str, str]) -> tuple[bool, str]:
    """Whether a command succeeded, and what it said."""
    ended = subprocess.run(
        command,
        cwd=folder,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
        check=False,
    )
    return ended.returncode == 0, ended.stdout


class CloudFormation:
    """The operations themselves, as ``aws cloudformation`` asks for them."""

    def __init__(self, url: str, _folder: Path) -> None:
        self.client = client(url, "cloudformation")

    def deploy(self, comment: str = "first", deadline: int = 30) -> tuple[bool, str]:
        values = {"Comment": comment, "Deadline": str(deadline)}
        given = {
            "StackName": "orders",
            "TemplateBody": (APPLICATION / "template.yaml").read_text(encoding="utf-8"),
            "Parameters": [{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()],
            "Capabilities": ["CAPABILITY_NAMED_IAM"],
        }
        try:
            self.client.create_stack(**given)
        except self.client.exceptions.AlreadyExistsException:
            try:
                self.client.update_stack(**given)
            except ClientError as error:
                return "No updates are to be performed" in str(error), str(error)
        [stack] = self.client.describe_stacks(StackName="orders")["Stacks"]
        return "ROLLBACK" not in stack["StackStatus"], stack["StackStatus"]

    def destroy(self) -> None:
        self.client.delete_stack(StackName="orders")
        self.client.get_waiter("stack_delete_complete").wait(StackName="orders")


class Cdk:
    """``cdk bootstrap``, ``deploy``, ``destroy``, the application in JavaScript."""

    def __init__(self, url: str, folder: Path) -> None:
        need("aws-cdk-lib")
        self.command = [str(need("aws-cdk") / "bin" / "cdk"), "--app", f"node {APPLICATION / 'cdk.mjs'}"]
        self.command += ["--output", str(folder / "cdk.out")]
        self.env = environment(url, CDK_DISABLE_CLI_TELEMETRY="true", CI="true")
        succeeded, said = self.run("bootstrap", f"aws://{ACCOUNT}/us-east-1")
        assert succeeded, said

    def run(self, *arguments: str) -> tuple[bool, str]:
        """Run a command of CDK's."""
        return run(["node", *self.command, *arguments], APPLICATION, self.env)

    def deploy(self, comment: str = "first", deadline: int = 30) -> tuple[bool, str]:
        values = ("-c", f"comment={comment}", "-c", f"deadline={deadline}")
        return self.run("deploy", "--require-approval", "never", *values)

    def destroy(self) -> None:
        succeeded, said = self.run("destroy", "--force")
        assert succeeded, said


class Sam:
    """``sam build``, ``deploy --resolve-s3``, ``delete``."""

    def __init__(self, url: str, folder: Path) -> None:
        if not SAM_CLI.exists():
            pytest.skip("the SAM CLI is not installed: make clients")
        self.built = folder / "build"
        self.env = environment(
            url, SAM_CLI_TELEMETRY="0", PATH=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        )
        shutil.copytree(APPLICATION, folder / "source", ignore=shutil.ignore_patterns("cdk*", "*.tf"))
        template = folder / "source" / "sam.yaml"
        installed = f"python3.{sys.version_info.minor}"
        build_for = template.read_text(encoding="utf-8").replace(
            "python3.12", installed
        )  # sam builds with what is there
        template.write_text(build_for, encoding="utf-8")
        self.folder = folder
        succeeded, said = run([str(SAM_CLI), "build", "-t", str(template), "-b", str(self.built)], folder, self.env)
        assert succeeded, said
        built = self.built / "template.yaml"
        built.write_text(built.read_text(encoding="utf-8").replace(installed, "python3.12"), encoding="utf-8")

    def deploy(self, comment: str = "first", deadline: int = 30) -> tuple[bool, str]:
        command = [str(SAM_CLI), "deploy", "-t", str(self.built / "template.yaml"), "--stack-name", "orders"]
        command += ["--resolve-s3", "--no-confirm-changeset", "--no-fail-on-empty-changeset"]
        command += ["--capabilities", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
        command += ["--parameter-overrides", f"Comment={comment}", f"Deadline={deadline}"]
        return run(command, self.folder, self.env)

    def destroy(self) -> None:
        command = [str(SAM_CLI), "delete", "--stack-name", "orders", "--no-prompts"]
        succeeded, said = run(command, self.folder, self.env)
        assert succeeded, said


MIRRORS = ("/usr/local/share/terraform/plugins", "/usr/share/terraform/plugins")
"""Where images for builds without a network have Terraform's providers; or TF_PLUGIN_DIR says where."""


class Terraform:
    """``terraform init``, ``apply``, ``destroy``."""

    def __init__(self, url: str, folder: Path, source: Path = APPLICATION) -> None:
        if shutil.which("terraform") is None:
            pytest.skip("Terraform is not installed")
        places = [place for place in (os.environ.get("TF_PLUGIN_DIR"), *MIRRORS) if place and Path(place).is_dir()]
        shutil.copy(source / "main.tf", folder)
        with zipfile.ZipFile(folder / "check.zip", "w") as package:
            package.write(APPLICATION / "check" / "index.py", "index.py")
        self.folder = folder
        self.env = environment(
            url, TF_VAR_package="check.zip", TF_IN_AUTOMATION="1", CHECKPOINT_DISABLE="1", NO_COLOR="1"
        )
        succeeded, said = self.run("init", *(f"-plugin-dir={place}" for place in places[:1]))
        if not succeeded:
            pytest.skip(f"Terraform's provider for AWS is not here: {said[-300:]}")

    def run(self, *arguments: str) -> tuple[bool, str]:
        """Run a command of Terraform's."""
        return run(["terraform", *arguments], self.folder, self.env)

    def deploy(self, comment: str = "first", deadline: int = 30) -> tuple[bool, str]:
        return self.run("apply", "-auto-approve", f"-var=comment={comment}", f"-var=deadline={deadline}")

    def destroy(self) -> None:
        succeeded, said = self.run("destroy", "-auto-approve")
        assert succeeded, said


ROLLING_BACK: list[Callable[[str, Path], Deployed]] = [CloudFormation, Sam, Cdk]


@pytest.mark.parametrize("tool", ROLLING_BACK)
def test_a_tool_on_cloudformation_deploys_the_application(
    tool: Callable[[str, Path], Any], url: str, tmp_path: Path
) -> None:
    at_first = left(url)
    deployed = tool(url, tmp_path)
    succeeded, said = deployed.deploy()
    assert succeeded, said
    assert end_state(url) == EXPECTED
    assert use(url, "one") == does("one")
    events = client(url, "cloudformation").describe_stack_events(StackName="orders")["StackEvents"]

    succeeded, said = deployed.deploy()
    assert succeeded, said
    assert client(url, "cloudformation").describe_stack_events(StackName="orders")["StackEvents"] == events

    succeeded, said = deployed.deploy(comment="second")
    assert succeeded, said
    changed = {**EXPECTED, "comment": "second", "versions": ["2"]}
    assert end_state(url) == changed

    succeeded, said = deployed.deploy(comment="third", deadline=IMPOSSIBLE)
    assert not succeeded, said
    [stack] = client(url, "cloudformation").describe_stacks(StackName="orders")["Stacks"]
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert {**end_state(url), "versions": ["2"]} == changed
    assert use(url, "two") == does("two")

    deployed.destroy()
    assert left(url) == at_first


def test_cdk_tells_what_differs_and_swaps_it(url: str, tmp_path: Path) -> None:
    at_first = left(url)
    deployed = Cdk(url.replace("127.0.0.1", "localhost"), tmp_path)
    succeeded, said = deployed.deploy()
    assert succeeded, said
    events = client(url, "cloudformation").describe_stack_events(StackName="orders")["StackEvents"]
    changed = ("-c", "comment=second")
    for arguments, number in (((), 0), (changed, 1)):
        succeeded, said = deployed.run("diff", *arguments)
        assert succeeded, said
        assert f"Number of stacks with differences: {number}" in said

    succeeded, said = deployed.run("deploy", "--hotswap", "--require-approval", "never", *changed)
    assert succeeded, said
    assert end_state(url) == {**EXPECTED, "comment": "second"}
    assert client(url, "cloudformation").describe_stack_events(StackName="orders")["StackEvents"] == events
    deployed.destroy()
    assert left(url) == at_first


def test_terraform_deploys_the_application(url: str, tmp_path: Path) -> None:
    at_first = left(url)
    deployed = Terraform(url, tmp_path)
    succeeded, said = deployed.deploy()
    assert succeeded, said
    assert end_state(url) == EXPECTED
    assert use(url, "one") == does("one")

    unchanged, said = deployed.run("plan", "-detailed-exitcode")
    assert unchanged, said
    succeeded, said = deployed.deploy(comment="second")
    assert succeeded, said
    assert end_state(url) == {**EXPECTED, "comment": "second", "versions": ["2"]}

    deployed.destroy()
    assert left(url) == at_first


IMPORTED = {
    "aws_dynamodb_table.wide": "wide",
    "aws_dynamodb_table.indexed": "indexed",
    "aws_sfn_activity.work": f"arn:aws:states:us-east-1:{ACCOUNT}:activity:work",
    "aws_sfn_state_machine.flow": f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:flow",
}
"""What is forgotten and imported again: address -> id."""


def test_terraform_finds_what_it_has_made_as_it_made_it(url: str, tmp_path: Path) -> None:
    at_first = left(url)
    deployed = Terraform(url, tmp_path, HERE / "terraform")

    def done(*arguments: str) -> None:
        succeeded, said = deployed.run(*arguments)
        assert succeeded, said

    done("apply", "-auto-approve")
    done("plan", "-detailed-exitcode")
    replica = client(url, "dynamodb", "eu-west-1").describe_table(TableName="wide")["Table"]
    assert replica["SSEDescription"]["KMSMasterKeyArn"].startswith(f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/")

    queue = client(url, "sqs").get_queue_url(QueueName="work.fifo")["QueueUrl"]
    imported = {**IMPORTED, "aws_sqs_queue.work": queue}
    done("state", "rm", *imported)
    for address, identifier in imported.items():
        done("import", address, identifier)
    done("plan", "-detailed-exitcode")

    changed = ("-var=comment=second", "-var=capacity=7", '-var=indexed=["status","kind"]', "-var=receives=4")
    done("apply", "-auto-approve", *changed)
    done("plan", "-detailed-exitcode", *changed)
    table = client(url, "dynamodb").describe_table(TableName="indexed")["Table"]
    assert table["ProvisionedThroughput"]["ReadCapacityUnits"] == 7
    assert sorted(index["IndexName"] for index in table["GlobalSecondaryIndexes"]) == ["by-kind", "by-status"]

    done("destroy", "-auto-approve", *changed)
    assert left(url) == at_first
