"""The examples run, and say what they should."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

ORDERS = """\
The emulator runs at URL, under virtual time.
Two tables and two state machines are set up, and 5 orders come in at once:

  order-1001  SUCCEEDED  after 2 h 1 min 30 s
    Is there anything to do? → List items (Describe item) → Take all from stock → Pay and quote
      (Take payment, Quote shipping) [1 min 30 s] → Pack [2 h] → Record order → Shipped
    = {"receipt":"R-1001","carrier":"Swift Bikes","days":1}

  order-1002  SUCCEEDED  after 2 h 1 min 30 s
    Is there anything to do? → List items (2 times Describe item) → Take all from stock → Pay and
      quote (Take payment, Quote shipping) [1 min 30 s] → Pack [2 h] → Record order → Shipped
    = {"receipt":"R-1002","carrier":"Freight & Sons","days":5}

  order-1003  FAILED  after 0 s
    Is there anything to do? → List items (2 times Describe item) → Take all from stock → Sold out
    = Shop.SoldOut: There is not enough of something in stock.

  order-1004  FAILED  after 40 s
    Is there anything to do? → List items (Describe item) → Take all from stock → Pay and quote
      (Take payment, Quote shipping) [40 s] → Put items back (Return to stock) → Read refusal → Card
      refused
    = Shop.CardRefused: The card was refused for 9000 euros.

  order-1005  FAILED  after 0 s
    Is there anything to do? → Empty order
    = Shop.EmptyOrder: An order needs at least one item.

  Table 'orders'
    id    amount  carrier         receipt
    1001  90      Swift Bikes     R-1001
    1002  420     Freight & Sons  R-1002

  Table 'stock'
    product  available
    chair    0
    lamp     3
    piano    1

4 h 3 min 40 s passed in the machines, N s on the wall (N s with starting and stopping the emulator).
The machines are examples/orders/*.asl.json; their functions and tests are in the same folder.
"""


def test_the_container_of_the_example_is_tried_where_docker_is():
    command = [sys.executable, "-m", "pytest", "-q", "-rs", "-c", os.devnull, "-p", "no:cacheprovider"]
    command += ["--rootdir", str(ROOT), "examples/testcontainers"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode in (0, pytest.ExitCode.NO_TESTS_COLLECTED), done.stdout
    if " passed" not in done.stdout:
        pytest.skip(done.stdout[done.stdout.index("SKIPPED") :].strip())


def test_the_shop_takes_its_orders():
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("DYNASTEP_", "AWS_"))}
    command = [sys.executable, "-m", "examples.orders"]
    done = subprocess.run(
        command, cwd=ROOT, env={**environ, "PYTHONIOENCODING": "utf-8"}, capture_output=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr.decode()) == (0, "")
    said = re.sub(r"http://[\d.]+:\d+", "URL", done.stdout.decode())
    assert re.sub(r"\d+\.\d+ s", "N s", said) == ORDERS


def test_the_tests_of_the_shop_pass_and_reach_everything_in_its_machines():
    environ = {
        name: value for name, value in os.environ.items() if not name.startswith(("DYNASTEP_", "AWS_", "PYTEST_"))
    }
    options = ["-q", "-p", "no:cacheprovider", "--rootdir=.", "--asl-cov", "--asl-cov-fail-under=100"]
    command = [sys.executable, "-m", "pytest", *options, "tests"]
    done = subprocess.run(
        command, cwd=ROOT / "examples" / "orders", env=environ, capture_output=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout.decode()


def test_the_shop_is_coloured_on_a_terminal_only(monkeypatch):
    from examples.orders.__main__ import coloured

    monkeypatch.delenv("NO_COLOR", raising=False)
    assert coloured("FAILED", good=False) == "FAILED"
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert coloured("FAILED", good=False) == "\033[31mFAILED\033[0m"
    monkeypatch.setenv("NO_COLOR", "1")
    assert coloured("FAILED", good=False) == "FAILED"


@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")
def test_the_demo_waits_for_no_tools_of_tests(tmp_path):
    command = ["make", "--dry-run", "--no-print-directory", "demo", f"VENV={tmp_path}"]
    planned = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert "--editable .\n" in planned
    assert "[dev]" not in planned
    (tmp_path / ".installed").touch()
    planned = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert planned.splitlines() == [f"{tmp_path}/bin/python -m examples.orders"]
