"""The errors that AWS does not have: each with its cause and its remedy, for the page ``errors.md``.

The names are those of the code. ``tests/test_docs.py`` holds that no error of ours is missing here.
"""

from __future__ import annotations

from typing import NamedTuple

from asl_interpreter.errors import NOT_BUILT
from asl_interpreter.running.execution import INTERNAL_ERROR
from asl_interpreter.running.kept import CANNOT_GO_ON
from emulator.bench.answers import NO_ANSWER as NO_RECORDED_ANSWER
from emulator.integrations.mocks import MOCK_FAILED, NO_ANSWER
from emulator.lambdas.workers import OUTPUT_LIMIT


class Explained(NamedTuple):
    """An error, why it comes, and what helps."""

    name: str
    cause: str
    remedy: str


IN_EXECUTIONS = (
    Explained(
        NOT_BUILT,
        "A Task, a reader of items or a writer of results needs something that neither Dynastep nor moto has. The "
        "cause names it. No Retry and no Catch matches this error, so that no test passes by it.",
        'Mock the Task: `dynastep.mock("bedrock:invokeModel", {"Body": {}, "ContentType": "application/json"})`. '
        "[mocks.md](mocks.md)",
    ),
    Explained(
        NO_ANSWER,
        "A mock has answered as often as it has answers, and the Task makes one more attempt.",
        "Give the mock another answer, or an answer for every attempt: `.then_returns(value)` as the last step. "
        "[mocks.md](mocks.md#what-they-answer)",
    ),
    Explained(
        MOCK_FAILED,
        "The callable of a mock has raised an exception, or its result is nothing that the service could answer.",
        "The cause has the exception, or the member that is wrong. `checked=False` lets any result pass. "
        "[mocks.md](mocks.md#what-they-answer)",
    ),
    Explained(
        NO_RECORDED_ANSWER,
        "In a replay, a Task has made an attempt that the recorded execution had not made.",
        "The definition now calls more than it did when the execution was recorded: record the execution again, or see "
        "in the differences where the two part. [replay.md](replay.md)",
    ),
    Explained(
        OUTPUT_LIMIT,
        "A process of a Lambda function has written more than 64 MiB of output, and was ended.",
        "Let the function write less. [lambda.md](lambda.md#processes)",
    ),
    Explained(
        CANNOT_GO_ON,
        "A server has read a running execution from its data folder, and the execution did not do again what it had "
        "done before. The cause says where.",
        "Start the execution again. If the version of Dynastep is the same as before, please report the case. "
        "[data.md](data.md)",
    ),
    Explained(
        INTERNAL_ERROR,
        "The interpreter has a defect. The traceback is in the log of the server, or in the report of the test.",
        "Please report the definition, the input and the traceback.",
    ),
)
IN_ANSWERS = (
    Explained(
        "NotImplementedException",
        "HTTP 501. The operation is not built; the message names it.",
        "Leave out the call, or mock the Task that makes it. [services.md](services.md) says what there is.",
    ),
    Explained(
        "InsufficientStorage",
        "HTTP 507. The disk of the data folder is full, and nothing of the request was done.",
        "Make room. `dynastep data compact FOLDER` gives back the room of what was deleted, while no server has the "
        "folder. [data.md](data.md)",
    ),
)
IN_TESTS = (
    Explained(
        "AWSCallRefused",
        "`dynastep_only` is set, and a test without an emulator has called AWS.",
        "Use the fixture `dynastep` in the test, or take its clients out. [testing.md](testing.md#options)",
    ),
    Explained(
        "CannotReplay",
        "A recorded history cannot be run again, for example because a payload is truncated.",
        "Record the execution with `dynastep record`, or choose another one. [replay.md](replay.md)",
    ),
    Explained(
        "Deadlock",
        "A machine waits for something that nobody will ever do, such as an answer to its task token.",
        "Mock the Task, or hold the execution with `dynastep.start(...)` and answer. [callbacks.md](callbacks.md)",
    ),
    Explained(
        "Fault",
        "An operation was refused as AWS would refuse it. `code` and `message` are AWS's.",
        "Change the request, as on AWS.",
    ),
    Explained(
        "InvalidFault",
        "A fault that was added cannot be, for example because its probability is 2.",
        "The message says which member is wrong. [faults.md](faults.md)",
    ),
    Explained(
        "InvalidOption",
        "An option of the fixture does not exist or cannot have its value: `@pytest.mark.dynastep(regoin=...)`.",
        "The message names the nearest option. [testing.md](testing.md#options)",
    ),
    Explained(
        "NotEntered",
        'A test asks for a state that the execution has not entered: `execution.states["Chrage"]`.',
        "The message names the nearest state that was entered.",
    ),
    Explained(
        "NotReached",
        "`advance_to` or another step of a held execution did not come to where the test wants the execution.",
        "The message says where the execution is. [testing.md](testing.md)",
    ),
    Explained(
        "StateError",
        "Raised by the callable of a mock, or given as its answer, to fail a Task.",
        'None: it is how a test makes an error, `StateError("Card.Busy", "try later")`.',
    ),
)
