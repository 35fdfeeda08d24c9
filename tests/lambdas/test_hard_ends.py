"""What a function leaves behind, and what stands in its way: processes, folders, a full disk, halves of characters."""

from __future__ import annotations

import errno
import gc
import json
import os
import sys
import tempfile
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from emulator.lambdas import scratch
from emulator.lambdas.scratch import LOCK, PREFIX, Scratch

HALF = "half of a character: ?"


def one(function):
    return {"StartAt": "Work", "States": {"Work": {"Type": "Task", "Resource": function, "End": True}}}


def test_an_error_with_half_of_a_character_is_the_function_s(dynastep, functions):
    def work(_event):
        raise ValueError("half of a character: \ud83d")

    source = "def handler(event, context):\n    raise ValueError('half of a character: \\ud83d')"
    for arn in (dynastep.function("inside", work), functions.create(source)):
        execution = dynastep.run(one(arn))
        assert (execution.status, execution.error) == ("FAILED", "ValueError")
        assert json.loads(execution.cause)["errorMessage"] == HALF


def test_a_whole_character_stays_as_it_is(dynastep):
    assert dynastep.run(one(dynastep.function("inside", lambda _: "\U0001f600 \\ud83d"))).output == "\U0001f600 \\ud83d"


@pytest.mark.skipif(
    not Path("/proc/self/environ").exists(), reason="the system does not show the processes' environments"
)
def test_what_a_function_starts_in_a_session_of_its_own_ends_with_it(functions):
    source = (
        "import subprocess, sys\n"
        "def handler(event, context):\n"
        "    command = [sys.executable, '-c', 'import time; time.sleep(600)']\n"
        "    return subprocess.Popen(command, start_new_session=True, stdin=subprocess.DEVNULL).pid\n"
    )
    functions.create(source)
    pid = functions.invoke().payload
    assert Path(f"/proc/{pid}").exists()
    functions.dynastep._world.lambdas.close()
    assert (
        not Path(f"/proc/{pid}").exists() or Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    )


def test_a_full_disk_is_a_clear_error(functions, monkeypatch):
    functions.create("def handler(event, context):\n    return 1")

    def full(*_args, **_more):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(scratch.tempfile, "mkdtemp", full)
    with pytest.raises(
        ClientError, match="cannot write the files of functions on this machine: No space left"
    ) as caught:
        functions.invoke()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 507


def test_a_full_disk_is_a_clear_error_of_other_services(dynastep, monkeypatch):
    def full(*_args, **_more):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    s3 = dynastep.client("s3")
    s3.create_bucket(Bucket="bucket")
    monkeypatch.setattr("moto.s3.models.FakeKey.__init__", full)
    with pytest.raises(
        ClientError, match="s3 cannot keep this on the machine that Dynastep runs on: No space left"
    ) as caught:
        s3.put_object(Bucket="bucket", Key="k", Body=b"1")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 507


@pytest.mark.skipif(sys.platform == "win32", reason="folders have no locks there")
def test_folders_of_processes_that_are_gone_are_removed(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(scratch, "YOUNG", -1)
    left = tmp_path / f"{PREFIX}left"
    left.mkdir()
    (left / LOCK).touch()
    (left / "code.py").touch()
    other = tmp_path / f"{PREFIX}of-somebody-else"
    other.mkdir()
    living = Scratch()
    assert not left.exists()
    another = Scratch()
    assert living.path.exists()
    assert other.exists()
    for each in (living, another):
        each.remove()
        assert not each.path.exists()


def test_a_folder_that_nobody_removes_goes_with_the_object_that_holds_it():
    scratch = Scratch()
    (scratch.path / "task").mkdir()
    path = scratch.path
    del scratch
    gc.collect()
    assert not path.exists()
