"""The tutorial, followed to the letter: its files written to a folder, its commands run there."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from dynastep import emulator

PAGE = (Path(__file__).parents[1] / "docs" / "tutorial.md").read_text(encoding="utf-8")
TITLED = re.findall(r'^```\w+ title="([^"]+)"\n(.*?)^```', PAGE, re.MULTILINE | re.DOTALL)
"""Name and content of each file, in the order of the page; a file that is added to comes again."""


def write(folder: Path, *, until: str) -> None:
    """Make the files that a reader has made when the page comes to the words ``until``."""
    read = PAGE[: PAGE.index(until)]
    for name, content in TITLED:
        if content in read and not name.startswith("report"):
            file = folder / name
            file.parent.mkdir(exist_ok=True, parents=True)
            before = f"{file.read_text(encoding='utf-8')}\n\n" if file.exists() else ""
            file.write_text(before + content, encoding="utf-8")


def run(folder: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run Python there, with the environment of a reader who has set nothing else."""
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "DYNASTEP_", "PYTEST_", "COV"))
    }
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, cwd=folder, env={**clean, **environ}, capture_output=True, text=True, timeout=120, check=False
    )


def test_a_misspelt_name_is_reported_as_the_tutorial_shows(tmp_path: Path) -> None:
    write(tmp_path, until="## 3.")
    passed = run(tmp_path, "-m", "pytest", "-p", "no:cacheprovider")
    assert "3 passed" in passed.stdout

    definition = tmp_path / "order.asl.json"
    definition.write_text(definition.read_text(encoding="utf-8").replace("$.charge.receipt", "$.charge.reciept"))
    failed = run(tmp_path, "-m", "pytest", "-p", "no:cacheprovider")
    said = {" ".join(line.split()) for line in failed.stdout.splitlines()}
    assert {" ".join(line.split()) for line in dict(TITLED)["report of the misspelt name"].splitlines()} <= said


def test_what_the_tests_do_not_reach_is_reported_as_the_tutorial_shows(tmp_path: Path) -> None:
    measured = ["-m", "pytest", "-p", "no:cacheprovider", "--asl-cov", "--asl-cov-report=term-missing"]
    assert f"$ {' '.join(measured[1:2] + measured[4:])}" in PAGE
    write(tmp_path, until="## 4.")
    report = dict(TITLED)["report of the coverage"]
    assert report in run(tmp_path, *measured).stdout

    (whole := tmp_path / "whole").mkdir()
    write(whole, until="## 5.")
    complete = run(whole, *measured, f"--rootdir={whole}").stdout
    assert "5 passed" in complete
    assert re.search(r"^order\.asl\.json +3/3 +8 +0 +100%$", complete, re.MULTILINE)


def test_the_machine_is_deployed_and_runs(tmp_path: Path) -> None:
    write(tmp_path, until="## 6.")
    with emulator(functions=str(tmp_path / "functions")) as dynastep:
        keys = {
            "AWS_ACCESS_KEY_ID": dynastep.account,
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
        }
        done = run(tmp_path, "deploy.py", AWS_ENDPOINT_URL=dynastep.url, **keys)
        assert done.returncode == 0, done.stderr
        execution = dynastep.run(done.stdout.strip(), json.loads(re.findall(r'`(\{"id": "7".*?\})`', PAGE)[0]))
        assert execution.output == {"id": "7", "amount": 42, "charge": {"receipt": "receipt-7"}}


@pytest.mark.parametrize("section", range(1, 7))
def test_the_sections_that_tests_look_for_are_there(section: int) -> None:
    assert f"\n## {section}. " in PAGE
