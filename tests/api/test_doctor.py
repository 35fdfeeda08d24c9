"""``dynastep doctor``: what it finds, and when something is to mend."""

from __future__ import annotations

import re
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from click.testing import CliRunner

from emulator.cli import main
from emulator.commands import doctor
from emulator.moto_door import fitting

SURPRISING = [
    ({"AWS_ENDPOINT_URL_DYNAMODB": "http://elsewhere"}, ["AWS_ENDPOINT_URL_DYNAMODB"]),
    ({"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}, ["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"]),
    ({"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false"}, []),
    ({"AWS_PROFILE": "work"}, ["AWS_PROFILE"]),
    ({"HTTPS_PROXY": "http://proxy", "http_proxy": "http://proxy"}, ["HTTPS_PROXY", "http_proxy"]),
    ({"HTTPS_PROXY": "http://proxy", "NO_PROXY": "127.0.0.1,localhost"}, []),
    ({"AWS_ACCESS_KEY_ID": "123456789012"}, ["AWS_ACCESS_KEY_ID"]),
    ({"AWS_ACCESS_KEY_ID": "test", "AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}, []),
]


@pytest.mark.parametrize(("environ", "found"), SURPRISING)
def test_variables_that_lead_calls_elsewhere_are_named(environ, found):
    assert [finding.subject for finding in doctor.variables(environ)] == found


def test_a_region_that_boto3_does_not_read_is_named_and_is_nothing_to_mend():
    (found,) = doctor.variables({"AWS_REGION": "us-east-1"})
    assert (found.subject, found.remedy) == ("AWS_REGION", "")
    assert "AWS_DEFAULT_REGION is not" in found.said
    assert list(doctor.variables({"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"})) == []


def test_a_wrong_setting_is_to_mend():
    (found,) = doctor.settings({"DYNASTEP_PORT": "x"})
    assert found.remedy == "DYNASTEP_PORT is 'x': a number from 0 to 65535 is wanted."


def test_a_port_that_another_program_has_is_to_mend():
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as other:  # which knows no method
        port = other.server_port
        threading.Thread(target=other.handle_request).start()
        (found,) = doctor.settings({"DYNASTEP_PORT": str(port)})
    assert found.said == f"127.0.0.1:{port} is not free"
    assert "choose another port" in found.remedy


def test_a_server_of_ours_is_recognised(dynastep):
    port = dynastep.url.rpartition(":")[2]
    (found,) = doctor.settings({"DYNASTEP_PORT": port})
    assert re.fullmatch(rf"127\.0\.0\.1:{port} has Dynastep \S+ \(clock: virtual\)", found.said)
    assert not found.remedy


def test_functions_of_moto_that_have_changed_are_named(monkeypatch):
    monkeypatch.setattr(fitting, "digest", lambda _theirs: "another")
    (found,) = doctor.known_moto({})
    assert found.said == "this version of moto has changed some that Dynastep replaces"
    assert "moto.sqs.models:SQSBackend.receive_message" in found.remedy


def test_the_report_has_a_line_for_each_finding_and_says_how_many_are_to_mend(monkeypatch):
    looks = (lambda _environ: [doctor.Finding("a", "fine"), doctor.Finding("bcd", "wrong", "Mend it.")],)
    monkeypatch.setattr(doctor, "LOOKS", looks)
    result = CliRunner().invoke(main, ["doctor"])
    assert result.output == "- a    fine\n! bcd  wrong\n       Mend it.\n1 to mend.\n"
    assert result.exit_code == 1
