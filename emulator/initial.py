"""What a server does before it is ready: scripts and files of folders, in the order of their names.

A shell script or a program in Python is run with AWS_ENDPOINT_URL naming the server. A JSON file has parameters of
CreateTable and CreateStateMachine:

    {"tables": [{"TableName": "orders", ...}],
     "stateMachines": [{"name": "ship", "definition": {"StartAt": ...}}]}

Whatever fails ends the start: a server that was not set up as it should be answers nobody. A data folder may hold what
a file made at an earlier start. Such a table is left as it is; such a state machine gets the definition of the file.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from asl_interpreter.jsontext import InvalidJSON, dumps, loads
from emulator.progress import followed

FOLDERS: Final = (Path("/etc/localstack/init/ready.d"), Path("/etc/dynastep/ready.d"))
"""Where images of containers have them."""
_KINDS: Final = (".sh", ".py", ".json")
_ROLE: Final = "arn:aws:iam::{}:role/dynastep"

Client = Callable[[str], Any]
"""Makes a boto3 client of a service."""


class InitFailed(Exception):
    """A script or a file could not do its work. The message names it, and says why."""


@dataclass(slots=True)
class Script:
    """A script or a file, and what became of it: UNKNOWN, RUNNING, SUCCESSFUL or ERROR, as LocalStack has it."""

    path: Path
    state: str = "UNKNOWN"


@dataclass(slots=True)
class Preparation:
    """What is to be done before a server is ready."""

    scripts: list[Script] = field(default_factory=list)
    is_done: bool = False

    def run(self, url: str, account: str, client: Client) -> None:
        """Do it.

        Raises:
            InitFailed: the first of them that failed; those after it are not run.
        """
        made: set[str] = set()
        for script in self.scripts:
            script.state = "RUNNING"
            try:
                if script.path.suffix == ".json":
                    _make(script.path, account, client, made)
                else:
                    _call(script.path, url, account)
            except InitFailed:
                script.state = "ERROR"
                raise
            script.state = "SUCCESSFUL"
        self.is_done = True


def found(folder: Path | None) -> Preparation:
    """What a folder and those of images hold, and the folders in them, too.

    Raises:
        InitFailed: a file is of a kind that cannot be run.
    """
    scripts = []
    for each in [*FOLDERS, *([] if folder is None else [folder])]:
        for path in sorted(path for path in each.rglob("*") if path.is_file() and not path.name.startswith(".")):
            if path.suffix not in _KINDS:
                raise InitFailed(f"{path} cannot be run: {', '.join(_KINDS[:-1])} or {_KINDS[-1]} is wanted")
            scripts.append(Script(path))
    return Preparation(scripts, is_done=not scripts)


def _call(path: Path, url: str, account: str) -> None:
    shell = shutil.which("bash") or shutil.which("sh")
    if path.suffix == ".py":
        command = [sys.executable, str(path)]
    elif os.access(path, os.X_OK) and os.name == "posix":
        command = [str(path.resolve())]
    elif shell is not None:
        command = [shell, str(path)]
    else:
        raise InitFailed(f"{path} cannot be run: there is no shell")
    try:
        ended = subprocess.run(command, env=_environment(url, account), check=False)  # noqa: S603 - the user's own script
    except OSError as error:
        raise InitFailed(f"{path} cannot be run: {error.strerror}") from None
    if ended.returncode:
        raise InitFailed(
            f"{path} failed with exit status {ended.returncode}. What it printed may say why; with a data folder a "
            "script finds what it made at an earlier start"
        )


def _environment(url: str, account: str) -> dict[str, str]:
    """The environment of scripts: SDKs, the AWS CLI and ``awslocal`` find the server in it."""
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    return {
        **os.environ,
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": os.environ.get("AWS_ACCESS_KEY_ID") or account,
        "AWS_SECRET_ACCESS_KEY": os.environ.get("AWS_SECRET_ACCESS_KEY") or "dynastep",
        "AWS_DEFAULT_REGION": region,
        "AWS_REGION": region,
    }


def _make(path: Path, account: str, client: Client, made: set[str]) -> None:
    """Make what a file describes; ``made`` has the names of what files before it made, and gets those of this one."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        document = loads(path.read_bytes())
    except InvalidJSON as error:
        raise InitFailed(f"{path} is not JSON: {error}") from None
    if not isinstance(document, dict) or not document.keys() <= _MEMBERS.keys():
        raise InitFailed(f"{path} must be an object with {' and '.join(_MEMBERS)}, and nothing else")
    for member, (service, make) in _MEMBERS.items():
        entries = document.get(member, [])
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise InitFailed(f"{member} of {path} must be a list of objects")
        for entry in followed(entries, f"Making {member} of {path.name}", len(entries)):
            name = f"{service} {entry.get('TableName', entry.get('name'))}"
            try:
                make(client(service), entry, account, is_kept=name not in made)
            except (BotoCoreError, ClientError, TypeError) as error:
                raise InitFailed(f"{path} failed: {error}") from None
            made.add(name)


def _make_table(dynamodb: Any, entry: dict[str, Any], _account: str, *, is_kept: bool) -> None:
    """Make a table; where one may be there that a data folder kept, leave that as it is."""
    try:
        dynamodb.create_table(**entry)
    except dynamodb.exceptions.ResourceInUseException:
        if not is_kept:
            raise


def _make_machine(states: Any, entry: dict[str, Any], account: str, *, is_kept: bool) -> None:
    """Make a state machine; where one may be there that a data folder kept, give that the definition of the file."""
    definition = entry.get("definition")
    text = dumps(definition) if isinstance(definition, dict) else definition
    params: dict[str, Any] = {"roleArn": _ROLE.format(account), **entry, "definition": text}
    try:
        states.create_state_machine(**params)
    except states.exceptions.StateMachineAlreadyExists:
        if not is_kept:
            raise
        arn = f"arn:aws:states:{states.meta.region_name}:{account}:stateMachine:{entry['name']}"
        states.update_state_machine(stateMachineArn=arn, definition=text, roleArn=params["roleArn"])


_MEMBERS: Final = {"tables": ("dynamodb", _make_table), "stateMachines": ("stepfunctions", _make_machine)}
"""By member of a file the service, and what makes an entry of it."""
