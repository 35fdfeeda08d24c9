"""Functions in a folder: how they are found, and that a change is seen."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from emulator import clients
from emulator.control import Control
from emulator.settings import Settings


@pytest.fixture
def control(tmp_path):
    """A world whose functions are those of ``tmp_path``."""
    control = Control(Settings(clock="virtual", functions=tmp_path))
    yield control
    control.close()


@pytest.fixture
def invoke(control):
    """Invoke a function of the folder; its payload, in which an error is its type and message."""
    client = clients.client(control, "lambda")

    def invoked(name, event=None):
        payload = json.loads(client.invoke(FunctionName=name, Payload=json.dumps(event))["Payload"].read())
        if isinstance(payload, dict) and "errorType" in payload:
            return payload["errorType"], payload["errorMessage"]
        return payload

    return invoked


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("work.py", "def handler(event, context): return [event, context.function_name]"),
        ("work.py", "def lambda_handler(event, context): return [event, context.function_name]"),
        ("work/__init__.py", "from .inner import handler"),
        ("work/lambda_function.py", "import inner\ndef lambda_handler(e, c): return inner.handler(e, c)"),
    ],
)
def test_a_python_function_is_a_file_a_package_or_a_folder(invoke, tmp_path, file, source):
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "inner.py").write_text("def handler(event, context): return [event, context.function_name]")
    (tmp_path / file).write_text(source)
    assert invoke("work", 1) == [1, "work"]


def test_a_function_may_have_the_name_of_a_module(invoke, tmp_path):
    (tmp_path / "email.py").write_text("import email.message\ndef handler(event, context): return email.__name__")
    (tmp_path / "shared.py").write_text("word = 'shared'")
    (tmp_path / "user.py").write_text("import shared\ndef handler(event, context): return shared.word")
    assert (invoke("email"), invoke("user")) == ("email", "shared")


def test_a_change_is_seen_by_the_next_invocation(invoke, tmp_path):
    for word in ("first", "other"):
        (tmp_path / "work.py").write_text(f"def handler(event, context): return {word!r}")
        assert invoke("work") == word


def test_a_bad_function_hurts_nobody_else(invoke, tmp_path):
    (tmp_path / "bad.py").write_text("def handler(")
    (tmp_path / "none.py").write_text("")
    (tmp_path / "good.py").write_text("def handler(event, context): return 1")
    assert invoke("bad")[0] == "Runtime.UserCodeSyntaxError"
    assert invoke("none") == ("Runtime.HandlerNotFound", "Handler 'handler' missing on module 'none'")
    assert invoke("good") == 1


@pytest.mark.parametrize("name", ["missing", "..", "shared"])
def test_what_is_not_in_the_folder_is_not_found(control, tmp_path, name):
    client = clients.client(control, "lambda")
    (tmp_path / "shared").mkdir()
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.invoke(FunctionName=name)


def test_a_path_is_no_name(control):
    with pytest.raises(ClientError, match="'functionName' failed to satisfy constraint"):
        clients.client(control, "lambda").invoke(FunctionName="..%2Fwork")


def test_a_function_says_what_time_it_takes_in_the_machine(invoke, control, tmp_path):
    (tmp_path / "work.py").write_text(
        "from dynastep import Later\ndef handler(event, context): return Later(after=90, value='done')"
    )
    began = control.world.clock.now()
    assert (invoke("work"), control.world.clock.now() - began) == ("done", 90)


def test_the_environment_of_a_developer_is_there_but_not_their_credentials(invoke, tmp_path, monkeypatch):
    monkeypatch.setenv("COLOUR", "red")
    monkeypatch.setenv("AWS_PROFILE", "production")
    (tmp_path / "work.py").write_text(
        "import os\ndef handler(event, context): return [os.environ.get(n) for n in ('COLOUR', 'AWS_PROFILE')]"
    )
    assert invoke("work") == ["red", None]


def test_health_counts_the_functions_of_the_folder(control, tmp_path):
    (tmp_path / "one.py").write_text("")
    (tmp_path / "two.mjs").write_text("")
    (tmp_path / "README.md").write_text("")
    assert control.counts()["functions"] == 2
