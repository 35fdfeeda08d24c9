"""The machines that others have written, and what stands for AWS when they run.

The definitions are read from beside the repository. What each is started with, and what its Tasks answer one after the
other (the last answer again and again), stands in ``workflows.json``, and what an ItemReader reads: the text of an
object, or what is listed. A Task of which it says nothing answers as botocore's model of its operation says.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import plausible
import pytest
from properties.scripted import LAMBDA

from asl_interpreter.tasks import Callback, Integration, Item, ItemRequest, ResultRequest, TaskRequest
from emulator.datasets.formats import entries
from emulator.integrations.resources import Resources

WORKFLOWS = Path(__file__).resolve().parents[2].parent / "shared" / "machines" / "workflows"
if not WORKFLOWS.exists():
    pytest.skip("the machines are not beside the repository (../shared)", allow_module_level=True)

FILES = sorted(WORKFLOWS.glob("*.asl.json"))
PLAUSIBLE = json.loads((Path(__file__).parent / "workflows.json").read_text(encoding="utf-8"))
SUBSTITUTED = re.compile(
    r'"(?P<field>Resource|FunctionName|StateMachineArn|TopicArn|RoleArn)(?P<dollar>\.\$)?"\s*:\s*"\$\{[^}]+\}"'
)
NUMBER = re.compile(r'(?<![\w"])\$\{[^}]+\}(?=\s*[,}\]\n])')
NAME = re.compile(r"\$\{[^}]+\}")


def deployed(text: str) -> Any:
    """A definition as deployed: each ``${Name}`` replaced by a value of its kind."""
    text = SUBSTITUTED.sub(rf'"\g<field>\g<dollar>": "{LAMBDA}name"', text)
    return json.loads(NAME.sub("name", NUMBER.sub("5", text)))


DEFINITIONS = {file.name: deployed(file.read_text(encoding="utf-8")) for file in FILES}


class Mocked:
    """Every integration of AWS answers at once, with what is plausible for the state that calls it."""

    def __init__(self, aws: Resources, results: dict[str, list[Any]]) -> None:
        self._aws = aws
        self._results = {state: list(answers) for state, answers in results.items()}

    def __call__(self, resource: str, _state: str = "", /) -> Integration:
        real = self._aws(resource)

        def answer(request: TaskRequest) -> Any:
            answers = self._results.get(request.context["State"]["Name"])
            if answers is None:
                by = self._aws.answering(resource)
                result: Any = {} if by is None else plausible.answer(by.operation, by.spelling)
            else:
                result = answers.pop(0) if len(answers) > 1 else answers[0]
            if request.callback is None:
                return result
            request.callback.set(result)
            return {}

        waits = real.action.endswith((".sync", ".sync:2", ".waitForTaskToken"))
        return Integration(
            real.kind, real.service, real.action, answer, False, real.size_name, _open if waits else None
        )


def _open(_execution: str, seed: int) -> Callback:
    return Callback(f"token-{seed}")


class Bucket:
    """What ItemReaders read."""

    def __init__(self, text: str | None, listed: list[Any]) -> None:
        self._text = text
        self._listed = listed

    def read(self, request: ItemRequest) -> Iterator[Item]:
        if self._text is None:
            return (Item(about, "s3://bucket") for about in self._listed)
        found = entries(io.BytesIO(self._text.encode()), "key", request.config)
        return (Item(value, "s3://bucket/key", key) for value, key in found)

    def write(self, _request: ResultRequest) -> Any:
        return {"Bucket": "bucket", "Key": "results"}
