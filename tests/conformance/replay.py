"""Plays recorded cases against an endpoint and says where its answers differ from AWS's.

As a command, against anything that speaks the AWS protocols:

    python -m tests.conformance.replay http://127.0.0.1:4566 [--area PREFIX] [-v]
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError, ParamValidationError
from botocore.parsers import ResponseParserError

from .corpus import Case, Step, load
from .endpoint import REGION, Endpoint, Http
from .normalise import JSON, Token, is_uuid, members, normalise, recorded_token, regex, request_ids_named
from .scope import Scope, Unresolved

PAUSE = 0.02
"""Seconds between two polls."""

_PROGRESS = {
    "DescribeExecution",
    "DescribeLogStreams",
    "DescribeMapRun",
    "GetExecutionHistory",
    "GetLogEvents",
    "ListExecutions",
    "ListMapRuns",
    "ReceiveMessage",
}
"""Reads whose answer depends on how far an execution has come: repeated, like those that the recording polled."""
_ENDS = {"ExecutionSucceeded", "ExecutionFailed", "ExecutionAborted", "ExecutionTimedOut"}


def play(case: Case, endpoint: Endpoint, *, salt: str = "", patience: float = 5.0) -> list[str]:
    """Do what the case does; the differences as lines ``key.path: expected ... got ...``, none if it passes.

    Args:
        case: the conversation to repeat.
        endpoint: with whom.
        salt: changes the random parts of the case's names, so that it can run again on the same service.
        patience: for how many real seconds a read is repeated whose answer is not yet as expected.
    """
    return played(case, endpoint, salt=salt, patience=patience).differences()


def played(case: Case, endpoint: Endpoint, *, salt: str = "", patience: float = 5.0) -> Play:
    """Do what the case does, as ``play``; what was answered, to be compared in more than one way."""
    done = Play(_salted(case, salt) if salt else case, endpoint, patience)
    done.run()
    return done


_RANDOM_PART = re.compile(r"(?<=[-_G-Zg-z])[0-9a-f]{8}(?![0-9A-Za-z-])")


def _salted(case: Case, salt: str) -> Case:
    """With other random parts (eight hexadecimal digits at the end of a word) in what is sent; no answer shows them."""
    shown = set(_RANDOM_PART.findall(json.dumps(case.expected)))

    def other(part: re.Match[str]) -> str:
        return part[0] if part[0] in shown else hashlib.sha256(f"{salt}{part[0]}".encode()).hexdigest()[:8]

    def anew(value: JSON) -> JSON:
        return json.loads(_RANDOM_PART.sub(other, json.dumps(value)))

    steps = tuple(replace(step, request=anew(step.request), of=anew(step.of)) for step in case.steps)
    return replace(case, steps=steps, tokens=tuple(anew(case.tokens)))


class _Refused(Exception):
    """A call that the case goes on from did not do what it did in the recording."""


@dataclass(slots=True)
class Play:
    """A case that is played against an endpoint, and what was answered."""

    case: Case
    endpoint: Endpoint
    patience: float
    scope: Scope = field(init=False)
    config: Config = field(init=False)
    observed: dict[str, JSON] = field(default_factory=dict)
    stopped: str = ""
    """Why the case could not be played to its end, if it could not."""

    def __post_init__(self) -> None:
        self.scope = Scope(self.endpoint.account)
        self.config = Config(
            parameter_validation=self.case.validated_by_client,
            inject_host_prefix=False,
            retries={"total_max_attempts": 1},
        )

    def run(self) -> None:
        """Play the steps in order, up to the first that cannot be played."""
        for place, step in enumerate(self.case.steps):
            later = self.case.steps[place + 1 :]
            try:
                if step.operation:
                    self._call_until_settled(step, later)
                elif step.match is not None:
                    self._build_until_matching(step)
            except (Unresolved, _Refused) as problem:
                self.stopped = f"{step.id or step.match} {step.operation}: {problem}"
                break

    def differences(self, view: Callable[[JSON], JSON] = lambda answer: answer) -> list[str]:
        """Where the answers differ from AWS's, as far as ``view`` shows either of them."""
        lines = [self.stopped] if self.stopped else []
        got = self._normalised()
        for key, expected in self.case.expected.items():
            lines += differences(view(expected), view(got[key]) if key in got else _NOTHING, key)
        return lines

    def _call_until_settled(self, step: Step, later: Sequence[Step]) -> None:
        def attempt() -> bool:
            answer = self._call(step)
            if step.match is not None:
                self.observed[step.match] = answer
            if step.fails or not (step.polled or step.operation in _PROGRESS) or _final(step.operation, answer):
                return True
            if step.polled and step.operation == "GetExecutionHistory":
                return False
            awaited = any(self.scope.misses(step.id, (other.request, other.of)) for other in later)
            return not awaited and self._matches(step.match)

        self._repeat(attempt)

    def _build_until_matching(self, step: Step) -> None:
        """Build a value from earlier answers; while it is not as expected, ask again those that may change."""
        sources = [s for s in self.case.steps if s.operation in _PROGRESS and self.scope.names(s.id, step.of)]

        def attempt() -> bool:
            self.observed[step.match or ""] = _as_raised(self.scope.value(step.of))
            if self._matches(step.match):
                return True
            open_sources = [s for s in sources if not _final(s.operation, self.scope.answers[s.id])]
            for source in open_sources:
                self._call(source)
            return not open_sources

        self._repeat(attempt)

    def _repeat(self, attempt: Callable[[], bool]) -> None:
        deadline = time.monotonic() + self.patience
        while not attempt() and time.monotonic() < deadline:
            self.endpoint.pause(PAUSE)

    def _call(self, step: Step) -> JSON:
        """Make one call and keep its answer; an error answer is an answer where the recording had one.

        Raises:
            Unresolved: the request refers to something that an earlier answer lacks.
            _Refused: the call failed, or it should have.
        """
        request = self.scope.value(step.request)
        self.scope.requests[step.id] = request
        answer: JSON
        try:
            if "behaviour" in request:
                answer = {"FunctionArn": self.endpoint.function(request["FunctionName"], request["behaviour"])}
            else:
                client = self.endpoint.client(step.service, self.config)
                answer = _read(getattr(client, xform_name(step.operation))(**request))
        except ClientError as error:
            answer, failed = error.response, str(error)
        except ParamValidationError as error:
            answer, failed = {"Error": {"Code": "ParamValidationError", "Message": str(error)}}, str(error)
        except (BotoCoreError, ResponseParserError) as error:
            raise _Refused(repr(error)) from error
        else:
            failed = ""
        if bool(failed) != step.fails:
            raise _Refused(failed or f"should have failed, but answered {_shown(answer)}")
        if step.operation == "ReceiveMessage":  # a queue gives each message once: keep those of earlier polls
            received = self.scope.answers.get(step.id, {}).get("Messages", [])
            answer = {**answer, "Messages": received + answer.get("Messages", [])}
        self.scope.answers[step.id] = answer
        return answer

    def _matches(self, key: str | None) -> bool:
        if key is None or key not in self.case.expected:
            return True
        return not differences(self.case.expected[key], self._normalised()[key], key)

    def _normalised(self) -> dict[str, JSON]:
        named = request_ids_named(self.case.expected)
        tokens = [*_listed(self.case, self.scope), *_standard(self.case, self.scope, self.observed)]
        observed = _without(self.observed, self.case.not_yet)
        return normalise(observed, tokens, account=self.scope.account, region=REGION, named_request_ids=named)


def _final(operation: str, answer: JSON) -> bool:
    """Whether the answer can no longer change."""
    if operation == "GetExecutionHistory":
        events = answer.get("events")
        return bool(events) and events[-1]["type"] in _ENDS
    return operation == "DescribeExecution" and answer.get("status") != "RUNNING"


def _read(answer: JSON) -> JSON:
    """An answer with its body, if that is a stream, as text."""
    return {name: value.read().decode() if hasattr(value, "read") else value for name, value in answer.items()}


def _without(value: JSON, names: frozenset[str]) -> JSON:
    """A value without the members of these names."""
    if isinstance(value, dict):
        return {name: _without(item, names) for name, item in value.items() if name not in names}
    return [_without(item, names) for item in value] if isinstance(value, list) else value


def _as_raised(value: JSON) -> JSON:
    """A value that quotes errors: botocore puts what the service said into a sentence, but not what it found itself."""
    sentence = r"An error occurred \(ParamValidationError\) when calling the \w+ operation: "
    return json.loads(re.sub(sentence, "", json.dumps(value, default=str)))


def _listed(case: Case, scope: Scope) -> Iterator[Token]:
    """The case's own tokens, as far as the answers that they refer to are there."""
    for kind, *arguments in case.tokens:
        if kind == "regex":
            pattern, replacement = arguments
            if (resolved := _resolved(scope, pattern)) is not None:
                yield recorded_token(kind, resolved, replacement)
        else:
            yield recorded_token(kind, *arguments)


def _resolved(scope: Scope, pattern: str) -> str | None:
    try:
        return scope.text(pattern, quote=re.escape)
    except Unresolved:
        return None


def _standard(case: Case, scope: Scope, observed: JSON) -> Iterator[Token]:
    """The tokens of every case, for what it does not list itself and as far as the expected answers show them."""
    listed = {_resolved(scope, token[1]) for token in case.tokens if token[0] == "regex"}
    shown = json.dumps(case.expected)
    for value, token in _named(case, scope, observed):
        if token in shown and re.escape(value) not in listed:
            yield regex(re.escape(value), token)
    yield regex(r"Extended Request ID: [a-zA-Z0-9-/=+]+", "Extended Request ID: <extended_request_id>")
    yield regex(r"Request ID: [a-zA-Z0-9-]+", "Request ID: <request_id>")


def _named(case: Case, scope: Scope, observed: JSON) -> Iterator[tuple[str, str]]:
    """What the case named or was told the name of, and the token for it."""
    for role in sorted(set(re.findall(r"\{\{(role\d*)\}\}", json.dumps([step.request for step in case.steps])))):
        yield scope.text("{{" + role + "}}"), "snf_role_arn"
    for step in case.steps:
        if step.operation == "CreateStateMachine" and step.id in scope.requests:
            yield scope.requests[step.id]["name"], "<ArnPart_0idx>"
        if step.operation == "StartExecution" and "executionArn" in scope.answers.get(step.id, ()):
            yield scope.answers[step.id]["executionArn"].rpartition(":")[2], "<ExecArnPart_0idx>"
    for index, arn in enumerate(dict.fromkeys(members(observed, "mapRunArn"))):
        label, _, run = arn.rpartition("/")[2].partition(":")
        yield run, f"<MapRunArnPart1_{index}idx>"
        if is_uuid(label):
            yield label, f"<MapRunArnPart0_{index}idx>"


def differences(expected: JSON, got: JSON, path: str) -> list[str]:
    """Where two values differ, strictly: 1 is neither 1.0 nor true. One line each, in the order of the expected."""
    if isinstance(expected, dict) and isinstance(got, dict):
        names = dict.fromkeys((*expected, *got))
        pairs = [(f"{path}.{name}", expected.get(name, _NOTHING), got.get(name, _NOTHING)) for name in names]
    elif isinstance(expected, list) and isinstance(got, list):
        items = enumerate(itertools.zip_longest(expected, got, fillvalue=_NOTHING))
        pairs = [(f"{path}[{index}]", one, other) for index, (one, other) in items]
    elif type(expected) is type(got) and expected == got:
        pairs = []
    else:
        return [f"{path}: expected {_shown(expected)}, got {_shown(got)}"]
    return [line for inner, one, other in pairs for line in differences(one, other, inner)]


_NOTHING = object()
_LONGEST = 300


def _shown(value: JSON) -> str:
    text = "nothing" if value is _NOTHING else json.dumps(value, default=str)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + " ..."


def main(arguments: Sequence[str] | None = None) -> int:
    """Play all cases, or those whose ids begin with ``--area``; the exit code says whether all passed."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.conformance.replay", description="Plays AWS's recorded answers."
    )
    parser.add_argument("url", help="the endpoint, such as http://127.0.0.1:4566")
    parser.add_argument("--area", default="", help="only cases whose id begins so")
    parser.add_argument("-v", "--verbose", action="store_true", help="say what differs")
    options = parser.parse_args(arguments)
    cases = [case for case in load() if case.id.startswith(options.area) and not case.lost]
    passed, total = Counter[str](), Counter[str]()
    run = f"{time.time_ns() // 10**9 % 10**8:08}"
    for number, case in enumerate(cases):
        try:
            lines = play(case, Http(options.url, access_key=f"1{run}{number:03}"), salt=run)
        except EndpointConnectionError as error:
            parser.error(str(error))
        total[case.area] += 1
        passed[case.area] += not lines
        if lines and options.verbose:
            print(case.id, *lines, sep="\n    ")  # noqa: T201 - a command
    for area in sorted(total):
        print(f"{area:40} {passed[area]:4}/{total[area]}")  # noqa: T201 - a command
    print(f"{'all':40} {passed.total()}/{total.total()}")  # noqa: T201 - a command
    return 0 if passed == total else 1


if __name__ == "__main__":
    raise SystemExit(main())
