"""Verdicts: what the tests say of each operation, field, function and integration of ``registries.py``.

What the tests did is in ``fidelity.json``, what moto has code for in ``fidelity-moto.json``: ``make fidelity`` writes
both. A verdict follows from counts, and a reason is one that a test or a table of the code gives.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import registries

from asl_interpreter.errors import NOT_BUILT

DOCS: Final = Path(__file__).parents[1]
WORDS: Final[Mapping[str, str]] = {
    "as AWS": "AWS's own answers were recorded, and each of them is given here. The number says how many: one recorded "
    "answer proves little, fifty prove much.",
    "differs": "Something is not as on AWS, and the table says what.",
    "tested": "Dynastep's own code. Tests that passed have used it; they expect what AWS documents. No answer of AWS "
    "was recorded.",
    "moto": "moto answers, behind Dynastep's checks of the request. Tests that passed have used it.",
    "moto, untested": "Passed to moto, which has code for it (of S3: may have). No test of Dynastep has used it.",
    "refused": "An error names what is missing: HTTP 501 for an operation, `Dynastep.NotBuilt` for a Task.",
    "untested": "Dynastep's own code, and none of the tests that were counted has used it.",
}
"""Each verdict, and what it means."""


class Verdict(NamedTuple):
    """What the tests say of one thing."""

    word: str
    recorded: int = 0
    tests: int = 0
    how: str = ""
    ends: tuple[str, ...] = ()
    """Errors that it ended with in tests."""


@cache
def shown() -> dict[str, Any]:
    """What ``make fidelity`` has written."""
    kept: dict[str, Any] = json.loads((DOCS / "fidelity.json").read_text(encoding="utf-8"))
    return kept


@cache
def of_moto() -> dict[str, Any]:
    """What moto's own tables say: of which operations moto has code, and in which version."""
    tables: dict[str, Any] = json.loads((DOCS / "fidelity-moto.json").read_text(encoding="utf-8"))
    return tables


def seen(kind: str, name: str) -> dict[str, Any]:
    """What was noted of a thing of a kind, such as an ``operation``; empty if nothing was."""
    found: dict[str, Any] = shown().get(kind, {}).get(name, {})
    return found


def _counts(entry: Mapping[str, Any]) -> tuple[int, int]:
    """How many recorded answers, and how many other tests."""
    return entry.get("recorded", 0), sum(entry.get(basis, 0) for basis in ("tests", "documented", "suite"))


# Operations


def operations(service: str) -> dict[str, Verdict]:
    """What the tests say of each operation of a service, by name."""
    known = registries.operations(service, of_moto()["answered"])
    return {operation.name: of_operation(service, operation) for operation in known}


def of_operation(service: str, operation: registries.Operation) -> Verdict:
    """What the tests say of an operation."""
    entry = seen("operation", f"{service}:{operation.name}")
    recorded, tests = _counts(entry)
    ends = tuple(entry.get("ends", ()))
    by = operation.by
    if by in ("refused", "unknown"):
        by = "moto" if entry.get("well") or by == "unknown" else "refused"
    if by == "refused":
        return Verdict("refused", recorded, tests, "", ends)
    hows = list(_differences(service, operation.name, entry))
    if hows:
        word = "differs"
    elif recorded:
        word = "as AWS"
    elif by == "ours":
        word = "tested" if tests else "untested"
    else:
        word = "moto" if tests else "moto, untested"
    if (recorded or tests) and not entry.get("well"):
        hows.append("The tests have seen refusals only.")
    return Verdict(word, recorded, tests, " ".join(hows), ends)


def _differences(service: str, name: str, entry: Mapping[str, Any]) -> Iterator[str]:
    for why, count in sorted(entry.get("differs", {}).items()):
        yield f"{many(count, 'recorded answer')} {'differ' if count > 1 else 'differs'}: {text(why)}."
    if name in _kept_only().get(service, {}):
        yield f"{_kept_only()[service][name]}."
    whole = re.compile(rf"Dynastep has not built {service}\.{name} yet|.*The \w+ action has not been implemented")
    lacking = [
        said.removeprefix("moto, behind Dynastep, lacks this: ")
        for said in seen("lacking", f"{service}:{name}").get("ends", ())
        if not whole.fullmatch(said)  # of a test that has taken the operation away, or sends a strange request
    ]
    if lacking:
        more = f" (and {len(lacking) - MOST_SAID} more like it)" if len(lacking) > MOST_SAID else ""
        yield f"Refused in part: {'; '.join(map(text, lacking[:MOST_SAID]))}{more}."


MOST_SAID: Final = 3
_KEPT: Final = re.compile(
    r"^\| `([\w-]+):(\w+)` \| ((?:Acts|Kept only)[^|]*kept only[^|]*|Kept only[^|]*) \|$", re.MULTILINE
)


@cache
def _kept_only() -> dict[str, dict[str, str]]:
    """What services.md says of operations of which something, or all, is kept and has no effect that AWS's has."""
    found: dict[str, dict[str, str]] = {}
    for service, name, how in _KEPT.findall((DOCS / "services.md").read_text(encoding="utf-8")):
        if "as on AWS" not in how:
            found.setdefault(service, {})[name] = how
    return found


# Fields, functions and integrations


def of_field(path: str, language: str) -> Verdict:
    """What the tests say of a field in a query language."""
    return by_count(seen("field", f"{path}|{language}"))


def of_function(kind: str, name: str) -> Verdict:
    """What the tests say of a function; ``kind`` is ``intrinsic`` or ``jsonata``."""
    return by_count(seen(kind, name))


def by_count(entry: Mapping[str, Any]) -> Verdict:
    """The verdict where nothing but counts is known."""
    recorded, tests = _counts(entry)
    return Verdict("as AWS" if recorded else "tested" if tests else "untested", recorded, tests)


def of_integration(integration: registries.Integration) -> Verdict:
    """What the tests say of an optimized integration in one of its patterns."""
    entry = seen("integration", integration.name)
    recorded, tests = _counts(entry)
    mocks = sum(_counts(seen("mocked", integration.name)))
    stands = f"A mock stood for it in {many(mocks, 'test')}." if mocks else "A mock can stand for it."
    ends = tuple(name for name in entry.get("ends", ()) if name != NOT_BUILT)
    service = integration.operation.partition(":")[0]
    answered = service in OWN or integration.operation in of_moto()["integrated"] or not service
    if not integration.is_built or not (answered or entry.get("well")):
        return Verdict("refused", recorded, tests, f"`{NOT_BUILT}`. {stands}", ends)
    how = f"{_who(integration)} {stands if mocks else ''}".strip()
    if NOT_BUILT in entry.get("ends", ()):
        return Verdict("differs", recorded, tests, f"In some tests the Task has ended with `{NOT_BUILT}`. {how}", ends)
    if recorded:
        return Verdict("as AWS", recorded, tests, how, ends)
    if service in OWN or not service:
        return Verdict("tested" if tests else "untested", recorded, tests, how, ends)
    return Verdict("moto" if tests else "moto, untested", recorded, tests, how, ends)


OWN: Final = frozenset({"dynamodb", "stepfunctions", "lambda"})
"""Services whose operations that Tasks call are answered by Dynastep."""


def _who(integration: registries.Integration) -> str:
    """The operation that is called, where the name of the integration does not say that."""
    name = integration.name.partition(".")[0].partition(":")[2]
    operation = integration.operation.partition(":")[2]
    return f"Calls `{integration.operation}`." if operation and operation.lower() != name.lower() else ""


class Offered(NamedTuple):
    """AWS SDK integrations of a service: how many actions Step Functions offers, and how many are answered here."""

    name: str
    offered: int
    answered: int
    ran: list[str]
    """The actions, with their patterns, that Tasks have called in tests, and that were answered."""


def sdk_services() -> Iterator[Offered]:
    """The AWS SDK integrations of each service of which something is answered."""
    from emulator.integrations import sdk

    counts = {name: (each["offered"], each["answered"]) for name, each in of_moto()["offered"].items()}
    for name, service in sdk._services().items():  # noqa: SLF001 - the same table
        if service in registries.SERVICES:
            model = registries.service_model(service)
            here = registries.operations(service, of_moto()["answered"])
            offered = [each for each in here if sdk.offers(model.operation_model(each.name))]
            answered = [each for each in offered if of_operation(service, each).word != "refused"]
            counts[name] = (len(offered), len(answered))
    for name, (offers, answers) in sorted(counts.items()):
        prefix = f"aws-sdk:{name}:"
        called = shown().get("integration", {})
        ran = [each for each, entry in called.items() if each.startswith(prefix) and entry.get("well")]
        yield Offered(name, offers, answers, sorted(each.removeprefix(prefix) for each in ran))


def many(count: int, noun: str) -> str:
    """A number of things, in words."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def text(said: str) -> str:
    """A sentence of the code's or of a test's inside a page."""
    escaped = html.escape(cell(said).rstrip("."), quote=False)
    return re.sub(r"docs/([\w-]+\.md)", r"[\1](\1)", escaped)


def cell(content: str) -> str:
    """A text inside a table."""
    return re.sub(r"\s+", " ", content).replace("|", "\\|").replace("`", "'")
