"""The command line and what runs behind it: settings, start, control routes, stop."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from click.testing import CliRunner
from werkzeug.test import Client

from emulator import server
from emulator.app import create_app
from emulator.cli import main
from emulator.commands.start import dangers
from emulator.control import Control
from emulator.settings import InvalidSetting, Settings
from emulator.wire.hosts import url_of

ROOT = Path(__file__).parents[2]

COMMAND = """
    from emulator import wiring
    from emulator.wire import operations

    def slow(_world, _call):
        import time
        print("a slow request", flush=True)
        time.sleep(60)

    operations.handlers("stepfunctions")["ListActivities"] = slow

    from emulator.cli import main
    main(prog_name="dynastep")
"""
"""``dynastep`` with one operation that takes a minute."""


def run(*arguments, **environment):
    """Run ``dynastep`` with these arguments and nothing of this machine's settings."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("DYNASTEP_", "AWS_"))}
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(COMMAND), *arguments],
        cwd=ROOT,
        env={**inherited, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def started():
    """Start ``dynastep`` on a free port; the process and its URL, once it says that it is ready."""
    processes = []

    def start(*arguments, **environment):
        process = run("start", "--port", "0", *arguments, **environment)
        processes.append(process)
        line = process.stdout.readline()
        found = re.search("http://[0-9.:]+", line)
        assert found is not None, line + process.stderr.read()
        assert process.stdout.readline() == "Ready.\n"  # what waits for LocalStack waits for that
        return process, found[0], line

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def fetch(url, body=None, **headers):
    request = urllib.request.Request(url, body if body is None else json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


# Settings


def test_flags_come_before_the_environment_and_that_before_defaults(tmp_path):
    environ = {"DYNASTEP_PORT": "1", "DYNASTEP_CLOCK": "virtual", "DYNASTEP_FUNCTIONS": str(tmp_path)}
    settings = Settings.read(environ, {"port": "2", "clock": None})
    assert settings == Settings(host="127.0.0.1", port=2, clock="virtual", functions=tmp_path)


def test_an_empty_variable_is_none():
    assert Settings.read({"DYNASTEP_PORT": ""}) == Settings()


@pytest.mark.parametrize(
    ("environ", "flags", "message"),
    [
        ({"DYNASTEP_PORT": "http"}, {}, "DYNASTEP_PORT is 'http': a number from 0 to 65535 is wanted"),
        ({}, {"port": "65536"}, "--port is '65536': a number from 0 to 65535 is wanted"),
        ({}, {"port": "-1"}, "--port is '-1': a number from 0 to 65535 is wanted"),
        ({"DYNASTEP_CLOCK": "sun"}, {}, "DYNASTEP_CLOCK is 'sun': wall, virtual or manual is wanted"),
        ({}, {"functions": "/nowhere"}, "--functions is '/nowhere': there is no such folder or template"),
        *[
            (
                {"DYNASTEP_ALLOWED_HOSTS": text},
                {},
                f"DYNASTEP_ALLOWED_HOSTS is {text!r}: names such as dynastep.example.com,*.example.org are wanted",
            )
            for text in ("http://a.example", "a.example:80", "a.*", "a,,b", "*a.example")
        ],
    ],
)
def test_a_wrong_setting_says_where_it_stands_and_what_is_wanted(environ, flags, message):
    with pytest.raises(InvalidSetting) as raised:
        Settings.read(environ, flags)
    assert str(raised.value) == message


def test_allowed_hosts_are_names_in_small_letters():
    settings = Settings.read({"DYNASTEP_ALLOWED_HOSTS": "Dynastep.Example.com, *.example.org,*"})
    assert settings.allowed_hosts == ("dynastep.example.com", "*.example.org", "*")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.0.0.53"])
def test_a_server_of_this_machine_warns_of_nothing(host):
    assert list(dangers(Settings(host=host, allowed_hosts=("*.example.com",)))) == []


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "dynastep.example.com"])
def test_a_server_beyond_this_machine_warns_of_whom_it_lets_in(host):
    assert list(dangers(Settings(host=host, allowed_hosts=("*",)))) == [
        f"Listening on {host}: no key is checked, so everybody who reaches this port can run code here. "
        "Use --host 127.0.0.1 for this machine alone; for a container, -p 127.0.0.1:4566:4566",
        "Answering to every host name: any web page can give its own name this address, and run code here",
    ]


def test_a_wrong_flag_is_one_line():
    result = CliRunner().invoke(main, ["start", "--clock", "sun"])
    assert (result.exit_code, result.output) == (1, "Error: --clock is 'sun': wall, virtual or manual is wanted\n")


def test_help_names_each_setting_with_its_variable_and_default():
    text = " ".join(CliRunner().invoke(main, ["start", "--help"]).output.split())
    for said in ("--host", "DYNASTEP_PORT; default 4566", "--clock wall|virtual|manual", "--functions DIR"):
        assert said in text
    assert "[DYNASTEP_DYNAMODB_THROTTLING; default off]" in text
    assert "[DYNASTEP_MOCK_CONFIG or SFN_MOCK_CONFIG; default none]" in text


def test_a_mock_configuration_that_cannot_be_used_is_one_line(tmp_path):
    file = tmp_path / "mocks.json"
    file.write_text('{"StateMachines": {}}', encoding="utf-8")
    result = CliRunner().invoke(main, ["start", "--port", "0", "--mock-config", str(file)])
    said = f"The mock configuration {file} cannot be used: it has no 'MockedResponses'; it has 'StateMachines'"
    assert (result.exit_code, result.output) == (1, f"Error: {said}\n")


# Start and stop


def test_start_says_one_line_when_it_is_ready_and_serves(started):
    _, url, line = started()
    assert line == f"Dynastep is ready at {url} (clock: wall, account: 000000000000). Ctrl-C stops it.\n"
    status, health = fetch(f"{url}/_dynastep/health")
    assert (status, health["status"], health["clock"]) == (200, "ok", "wall")
    assert health["counts"].keys() >= {"stateMachines", "executions"}


def test_settings_come_from_the_environment(started):
    _, url, _ = started(DYNASTEP_CLOCK="manual", DYNASTEP_PORT="1")
    status, clock = fetch(f"{url}/_dynastep/clock")
    assert (status, clock["mode"]) == (200, "manual")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_cleanly_in_under_a_second(started, number):
    process, url, _ = started()
    fetch(f"{url}/_dynastep/health")
    at = time.monotonic()
    process.send_signal(number)
    _, errors = process.communicate(timeout=10)
    assert (process.returncode, errors) == (0, "")
    assert time.monotonic() - at < 1


def test_a_request_that_takes_long_does_not_hold_it(started):
    process, url, _ = started()
    headers = {"X-Amz-Target": "AWSStepFunctions.ListActivities", "Content-Type": "application/x-amz-json-1.0"}
    code = f"import urllib.request as r; r.urlopen(r.Request({url!r}, b'{{}}', {headers!r}))"
    client = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL)
    assert process.stdout.readline() == "a slow request\n"
    at = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=10)
    assert (process.returncode, client.wait(timeout=10)) == (0, 1)
    assert time.monotonic() - at < 1


def test_a_port_that_is_taken_is_one_line(started):
    _, url, _ = started()
    port = url.rpartition(":")[2]
    second = run("start", "--port", port)
    output, errors = second.communicate(timeout=10)
    said = f"Cannot listen on 127.0.0.1:{port} (Address already in use): stop what uses it, or choose another port"
    assert (second.returncode, output, errors) == (1, "", f"Error: {said}\n")


def test_an_address_that_is_not_ours_is_one_line():
    with pytest.raises(
        server.PortTaken, match=r"^Cannot listen on 192\.0\.2\.1:0 \(.*\): stop what uses it, or choose"
    ):
        server.free_port("192.0.2.1", 0)


def test_a_host_that_does_not_exist_is_one_line():
    with pytest.raises(server.PortTaken, match=r"^Cannot listen on nowhere\.invalid:0 \(.*\): choose another host"):
        server.free_port("nowhere.invalid", 0)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:1"),
        ("0.0.0.0", "http://127.0.0.1:1"),
        ("::", "http://[::1]:1"),
        ("::1", "http://[::1]:1"),
    ],
)
def test_the_url_is_one_that_a_client_can_use(host, url):
    assert url_of(host, 1) == url


def test_neither_moto_nor_botocore_is_imported_to_start():
    code = "import emulator.cli, emulator.app, emulator.control, sys; print({'moto', 'botocore'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, text=True) == "set()\n"


# Control routes


@pytest.fixture
def control(world):
    return Client(create_app(world))


def test_health(control):
    answer = control.get("/_dynastep/health")
    assert answer.content_type == "application/json"
    assert answer.json.keys() == {"status", "version", "clock", "counts"}
    assert (answer.json["status"], answer.json["counts"]) == ("ok", {"stateMachines": 3})


def test_the_clock_is_read_set_and_advanced(control):
    assert control.get("/_dynastep/clock").json == {"mode": "wall", "now": 0.0}
    assert control.post("/_dynastep/clock", json={"mode": "manual", "advance": 60}).json == {
        "mode": "manual",
        "now": 60.0,
    }
    assert control.post("/_dynastep/clock", json={"advance": 0.5}).json == {"mode": "manual", "now": 60.5}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('{"mode":"sun"}', "the clock has no mode 'sun'"),
        ('{"mode":1}', '"mode" must be "wall", "virtual" or "manual"'),
        ('{"advance":"1"}', '"advance" must be a number of seconds'),
        ('{"advance":true}', '"advance" must be a number of seconds'),
        ("{}", 'The body must be an object with "mode", "advance" or both'),
        ('{"speed":2}', 'The body must be an object with "mode", "advance" or both'),
        ("[]", 'The body must be an object with "mode", "advance" or both'),
    ],
)
def test_a_wrong_change_of_the_clock_is_refused_in_words(control, body, message):
    answer = control.post("/_dynastep/clock", data=body)
    assert (answer.status_code, answer.json) == (400, {"error": message})


def test_what_is_no_json_is_refused(control):
    answer = control.post("/_dynastep/clock", data="mode=wall")
    assert answer.status_code == 400
    assert answer.json["error"].startswith("The body is not JSON: ")


def test_reset(control, world):
    assert control.post("/_dynastep/reset").status_code == 200
    assert world.was_reset


def test_no_route_answers_html_for_an_error(control):
    for answer in (control.get("/_dynastep/nothing"), control.get("/_dynastep/reset")):
        assert answer.status_code in (404, 405)
        assert answer.content_type == "application/json"


def test_a_bug_in_a_control_route_is_json_with_an_id_in_the_log(control, world, caplog):
    world.reset = lambda: 1 / 0
    answer = control.post("/_dynastep/reset")
    assert answer.status_code == 500
    assert answer.json["error"].rpartition(" ")[2] in caplog.text


def test_a_browser_gets_a_page():
    holder = Control(Settings())
    answer = Client(create_app(holder)).get("/", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    assert "<title>Dynastep</title>" in answer.text
    holder.close()


COMPLETED = [
    ("rep", 1, ["plain,replay"]),
    ("start --clo", 2, ["plain,--clock"]),
    ("start --clock v", 3, ["plain,virtual"]),
    ("start --log-format ", 3, ["plain,text", "plain,json"]),
    ("start --data-dir ", 3, ["dir,"]),
    ("start --mock-config m", 3, ["file,m"]),
    ("run ord", 2, ["file,ord"]),
    ("replay --definition ", 3, ["file,"]),
]


@pytest.mark.parametrize(("typed", "word", "offered"), COMPLETED)
def test_a_shell_completes_commands_options_values_and_files(typed, word, offered):
    said = CliRunner().invoke(
        main,
        prog_name="dynastep",
        env={
            "_DYNASTEP_COMPLETE": "bash_complete",
            "COMP_WORDS": f"dynastep {typed}",
            "COMP_CWORD": str(word),
        },
    )
    assert said.output.splitlines() == offered


def test_a_command_that_there_is_not_names_the_nearest():
    said = CliRunner().invoke(main, ["strat"])
    assert said.exit_code == 2
    assert "No such command 'strat'. Did you mean 'start'?" in said.output
    assert "No such command 'zzz'.\n" in CliRunner().invoke(main, ["zzz"]).output
