"""What of other people's is installed here, and the environment that it runs in."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

HERE = Path(__file__).parent
AWS_CLI = HERE.parents[1] / ".venvs" / "awscli" / "bin" / "aws"
"""In an environment of its own, because it wants a botocore of its own."""
SAM_CLI = AWS_CLI.parents[2] / "samcli" / "bin" / "sam"
"""In one of its own, too, for the same reason."""
ENVIRONMENT = {"AWS_ACCESS_KEY_ID": "000000000000", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "eu-west-1"}


def need(package: str) -> Path:
    """The folder of an installed package of npm; skips the test where there is none."""
    if shutil.which("node") is None:
        pytest.skip("Node.js is not installed")
    folder = HERE / "node_modules" / package
    if not folder.is_dir():
        pytest.skip(f"{package} is not installed: make clients")
    return folder
