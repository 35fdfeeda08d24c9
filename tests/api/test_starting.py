"""Servers that start: two on one port, and what one accepts of a body."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from fuzz.server import await_start, free_port

from emulator.reception import LARGEST_UPLOAD, _received
from emulator.wire.gate import Gate
from emulator.wire.protocol import LARGEST_BODY

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(sys.platform == "win32", reason="a port is not shared there")
def test_of_two_servers_that_start_on_one_port_at_once_one_refuses():
    port = free_port()
    command = [sys.executable, "-m", "dynastep", "start", "--port", str(port)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    started = [
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(3)
    ]
    try:
        refused = []
        while len(refused) < 2:
            refused = [each for each in started if each.poll() is not None]
        (serving,) = [each for each in started if each not in refused]
        await_start(port, serving)
        for each in refused:
            assert each.returncode == 1
            assert f"Cannot listen on 127.0.0.1:{port}" in each.stderr.read().decode()
    finally:
        for each in started:
            each.kill()
            each.communicate()


class Endless:
    """A body that never ends; it counts what was read."""

    def __init__(self, announced: int) -> None:
        self.left = announced
        self.most = 0

    def read(self, count: int = -1) -> bytes:
        assert count > 0, "a body is read whole"
        self.most = max(self.most, count)
        taken = min(count, self.left)
        self.left -= taken
        return b"x" * taken


@pytest.mark.parametrize(
    ("target", "most"), [("DynamoDB_20120810.PutItem", LARGEST_BODY), ("", LARGEST_UPLOAD)], ids=["ours", "another"]
)
@pytest.mark.parametrize("announced", [True, False])
def test_a_body_that_is_too_large_is_refused_however_it_comes(target, most, announced, monkeypatch):
    monkeypatch.setattr("emulator.reception.LARGEST_UPLOAD", 4 * LARGEST_BODY)
    most = min(most, 4 * LARGEST_BODY)
    body = Endless(most + 5)
    environ = {"REQUEST_METHOD": "POST", "PATH_INFO": "/", "wsgi.input": body, "HTTP_X_AMZ_TARGET": target}
    environ |= {"CONTENT_LENGTH": str(most + 5)} if announced else {"HTTP_TRANSFER_ENCODING": "chunked"}
    if not target:
        del environ["HTTP_X_AMZ_TARGET"]
    control = SimpleNamespace(gate=Gate(), world=None, default_account="000000000000")
    control.of = lambda _account: control
    response = _received(control, environ, None)
    assert response.status == 413
    assert body.left == 0, "the rest is not read, so that the client cannot read the answer"
    assert body.most <= 1024 * 1024
