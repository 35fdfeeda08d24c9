"""Functions made by CreateFunction, as their source text."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from dataclasses import dataclass
from typing import Any

import pytest


def package(files: dict[str, str]) -> bytes:
    """A zip of files."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        for name, text in files.items():
            opened.writestr(name, text)
    return archive.getvalue()


@dataclass(frozen=True)
class Answer:
    """What Invoke answers."""

    payload: Any
    error: str | None
    version: str
    log: str


@dataclass(frozen=True)
class Lambda:
    """Lambda of one test."""

    dynastep: Any
    client: Any

    def create(self, source: str, name: str = "work", runtime: str = "python3.13", **settings: Any) -> str:
        """Make a function of one file, ``app``, with a ``handler``; its ARN."""
        suffix = "py" if runtime.startswith("python") else "mjs"
        code = settings.pop("Code", {"ZipFile": package({f"app.{suffix}": source})})
        arn: str = self.client.create_function(
            FunctionName=name,
            Runtime=runtime,
            Role=f"arn:aws:iam::{self.dynastep.account}:role/any",
            **{"Handler": "app.handler", "Timeout": 10, "Code": code, **settings},
        )["FunctionArn"]
        return arn

    def invoke(self, event: Any = None, name: str = "work", **parameters: Any) -> Answer:
        """Invoke it and wait."""
        answer = self.client.invoke(FunctionName=name, Payload=json.dumps(event), LogType="Tail", **parameters)
        log = base64.b64decode(answer["LogResult"]).decode()
        text = answer["Payload"].read().decode()
        return Answer(json.loads(text), answer.get("FunctionError"), answer["ExecutedVersion"], log)


@pytest.fixture
def functions(dynastep: Any) -> Lambda:
    """Lambda of this test."""
    return Lambda(dynastep, dynastep.client("lambda"))
