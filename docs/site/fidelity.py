"""The pages on fidelity: everything that ``registries.py`` finds in the code, each with what the tests say of it.

Nobody writes here what is as on AWS: ``verdicts.py`` has that from the tests.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import registries
from verdicts import (
    WORDS,
    Verdict,
    by_count,
    cell,
    many,
    of_field,
    of_function,
    of_integration,
    of_moto,
    sdk_services,
    seen,
    shown,
    text,
)
from verdicts import operations as of_operations


def overview() -> str:
    """What was tested, and how much of each part is as on AWS."""
    kept = shown()
    passed = kept["passed"]
    return _page(
        "Fidelity",
        "How far Dynastep answers as AWS does, told by its tests. `make fidelity` runs the tests and notes what the "
        f"code did in each test that passed; these pages are made from its notes of {kept['date']} "
        f"(with moto {of_moto()['moto']}). Nobody edits the pages.",
        _table(
            ("What a test expects is known from", "Tests that passed"),
            [
                ("answers that AWS gave, recorded word for word", f"{passed.get('recorded', 0):,}"),
                ("AWS's documentation, in the tests of this project", f"{passed.get('tests', 0):,}"),
                ("documentation or analogy, among the recorded cases", f"{passed.get('documented', 0):,}"),
                ("the official test suite of JSONata", f"{passed.get('suite', 0):,}"),
            ],
        ),
        "## In short",
        _table(
            ("Part", *(f"<span title='{html.escape(word)}'>{word}</span>" for word in WORDS)),
            list(_summary()),
            "fid-sums",
        ),
        "## What the words mean",
        _table(("Word", "Meaning"), [(_badge(word), meaning) for word, meaning in WORDS.items()]),
        "A field counts as used where a state with the field has run, in an execution or by TestState; fields of a "
        "Retrier, of a Catcher or of a Choice rule count where the Retrier had named an error, the Catcher was taken, "
        "or the rule was tried. Tests that call a function of the interpreter without a state are not counted. A test "
        "that sets something up with an operation counts as a test of the operation, too: the number of tests says "
        "that the operation worked, not that all of it was looked at. What servers in other processes did is not "
        "counted.",
        "## Where recorded answers differ",
        "Each recorded answer that is not given here, with the reason. A test expects the difference, so that it is "
        "noticed when the difference goes away.",
        _table(
            ("Recorded case", "Why"), [(f"`{cell(case)}`", text(why)) for case, why in kept["differs"]], "fid-cases"
        ),
        "## Recorded answers by area",
        "An answer counts as equal where every member is equal but for what differs by nature (ids, times, accounts).",
        "\n\n".join(_sets(kept["sets"])),
    )


def _summary() -> Iterator[tuple[str, ...]]:
    for service, title in registries.SERVICES.items():
        yield _sums(f"[{title}](fidelity-operations.md#{_slug(title)})", of_operations(service).values())
    fields = [
        (field, language) for each in registries.objects().values() for field in each for language in field.languages
    ]
    for language in ("JSONPath", "JSONata"):
        verdicts = [of_field(field.path, spoken) for field, spoken in fields if spoken in (language, "")]
        yield _sums(f"[Fields of states, in {language}](fidelity-language.md)", verdicts)
    intrinsic = [of_function("intrinsic", name) for name in registries.intrinsic_functions()]
    yield _sums("[Intrinsic functions](fidelity-language.md#intrinsic-functions)", intrinsic)
    jsonata = [of_function("jsonata", name) for name in registries.jsonata_functions()]
    yield _sums("[Functions of JSONata](fidelity-language.md#functions-of-jsonata)", jsonata)
    optimized = [of_integration(each) for each in registries.integrations()]
    yield _sums("[Optimized integrations](fidelity-integrations.md)", optimized)


def _sums(title: str, verdicts: Iterable[Verdict]) -> tuple[str, ...]:
    counted = Counter(verdict.word for verdict in verdicts)
    return (title, *(str(counted[word] or "") for word in WORDS))


def operations() -> str:
    """Every operation of the services that workflows use."""
    return _page(
        "Fidelity: operations",
        "Every operation that AWS has of these services, as the newest models of botocore list them. "
        "[Fidelity](fidelity.md#what-the-words-mean) says what the words mean. Recorded are answers of AWS that the "
        "tests compare with the answers here; tests are all others that used the operation. The errors are those that "
        "the operation ended with in these tests.",
        *(part for service, title in registries.SERVICES.items() for part in _service(service, title)),
    )


def _service(service: str, title: str) -> Iterator[str]:
    verdicts = of_operations(service)
    counted = Counter(verdict.word for verdict in verdicts.values())
    yield f"## {title}"
    yield f"{many(len(verdicts), 'operation')}: {', '.join(f'{counted[w]} {_badge(w)}' for w in WORDS if counted[w])}"
    rows = [
        (f"`{name}`", _shown(verdict), _how(verdict))
        for name, verdict in verdicts.items()
        if verdict.word not in ("refused", "moto, untested", "untested")
    ]
    if rows:
        yield _table(("Operation", "Here", "How, and errors seen"), rows, "fid-rows")
    for word, said in (
        ("untested", "No test has used these"),
        ("moto, untested", "Passed to moto, and no test has used these"),
        ("refused", "Refused with HTTP 501 and `NotImplementedException`"),
    ):
        names = [f"`{name}`" for name, verdict in verdicts.items() if verdict.word == word]
        if names:
            yield f"{_badge(word)} {said}: {' '.join(names)}"


def language() -> str:
    """The States Language: state types, fields, and the functions of both query languages."""
    parts = []
    for name, fields in registries.objects().items():
        heads = ("Field", "Here") if fields[0].languages == ("",) else ("Field", "JSONPath", "JSONata")
        rows = [(_field_name(name, field), *(_in_language(field, head) for head in heads[1:])) for field in fields]
        parts += [f"## {_heading(name)}", _table(heads, rows, "fid-fields")]
    return _page(
        "Fidelity: the States Language",
        "Every type of state and every field that the interpreter knows, in both query languages. A field that is not "
        "listed is refused when the state machine is created, as on AWS (`SCHEMA_VALIDATION_FAILED`), and so is one "
        "of the other query language (`-`). The numbers are those of executions and tests of states: the first counts "
        "those whose history or answer AWS gave and was recorded, the second counts other tests. "
        "[Fidelity](fidelity.md#what-the-words-mean) says what the words mean.",
        *parts,
        "## Intrinsic functions",
        _table(
            ("Function", "Here"),
            [(f"`{name}`", _shown(of_function("intrinsic", name))) for name in registries.intrinsic_functions()],
            "fid-fields",
        ),
        "## Functions of JSONata",
        "Tests are here also those of JSONata's official suite. `$eval` and the operators `?:` and `??` are refused, "
        "as on AWS.",
        _table(
            ("Function", "Here"),
            [(f"`{name}`", _shown(of_function("jsonata", name))) for name in registries.jsonata_functions()],
            "fid-fields",
        ),
    )


def _heading(name: str) -> str:
    return name.rpartition(".")[2] if "." in name else name


def _field_name(holder: str, field: registries.Field) -> str:
    rest = field.path.removeprefix(holder).removeprefix(".")
    if not rest:
        return "the state itself"
    name, _, word = rest.partition("=")
    return f"`{name}`: `{word}`" if word else f"`{name}`"


def _in_language(field: registries.Field, head: str) -> str:
    spoken = "" if head == "Here" else head
    return _shown(of_field(field.path, spoken)) if spoken in field.languages else "-"


def integrations() -> str:
    """What Tasks call: the optimized integrations, and those of AWS's SDK."""
    rows = [
        (f"`{each.name}`", _shown(verdict), _how(verdict))
        for each in registries.integrations()
        for verdict in (of_integration(each),)
    ]
    direct = [
        (name, _shown(by_count(seen("integration", key))))
        for name, key in (("the ARN of a function", "function"), ("the ARN of an activity", "activity"))
    ]
    services = [
        (f"`{each.name}`", str(each.offered), str(each.answered), " ".join(f"`{name}`" for name in each.ran))
        for each in sdk_services()
    ]
    return _page(
        "Fidelity: integrations",
        "What the Resource of a Task may be. The numbers count tests in which a Task called the service for real, not "
        "a mock; recorded are those of which the whole history is AWS's. "
        "[Fidelity](fidelity.md#what-the-words-mean) says what the words mean, [integrations.md](integrations.md) how "
        "the integrations work.",
        "## ARNs of functions and activities",
        _table(("Resource", "Here"), direct, "fid-fields"),
        "## Optimized integrations",
        "`arn:aws:states:::` stands before each name. A pattern that is not listed (`.sync`, `.waitForTaskToken`) is "
        "refused when the state machine is created, as on AWS.",
        _table(("Resource", "Here", "How, and errors seen"), rows, "fid-rows fid-tasks"),
        "## AWS SDK integrations",
        "`arn:aws:states:::aws-sdk:SERVICE:ACTION`. For each service: how many actions Step Functions offers, how many "
        "of them Dynastep or moto have code for, and the actions that Tasks have called in tests that passed. An "
        "action of any other service, and one without code, fails the Task with `Dynastep.NotBuilt`; a mock can stand "
        "for it.",
        _table(("Service", "Offered", "Answered", "Called in tests"), services, "fid-sdk"),
    )


def _sets(sets: Mapping[str, Mapping[str, Mapping[str, int]]]) -> Iterator[str]:
    for title, areas in sets.items():
        total = sum((Counter(count) for count in areas.values()), Counter[str]())
        heads = ("Area", "Recorded", "Equal")
        kinds = ("recorded", "equal", *(("refused",) if total["refused"] else ()))
        rows = [(area, *(str(count[kind]) for kind in kinds)) for area, count in areas.items()]
        rows.insert(0, ("**all**", *(f"**{total[kind]}**" for kind in kinds)))
        if total["refused"]:
            heads += ("Refused, as on AWS",)
        yield f"### {title}\n\n{_table(heads, rows, 'fid-areas')}"


def _shown(verdict: Verdict) -> str:
    """A verdict with its counts."""
    counts = [f"{verdict.recorded:,} recorded"] * bool(verdict.recorded) + [many(verdict.tests, "test")] * bool(
        verdict.tests
    )
    return f"{_badge(verdict.word)} <small>{', '.join(counts)}</small>" if counts else _badge(verdict.word)


def _badge(word: str) -> str:
    return f'<span class="fid fid-{_slug(word)}">{word}</span>'


def _how(verdict: Verdict) -> str:
    """How something differs, and the errors that it ended with."""
    return " ".join(filter(None, (verdict.how, *(f"`{name}`" for name in verdict.ends))))


def _slug(title: str) -> str:
    return re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", title).strip().lower())


def _page(title: str, *parts: str) -> str:
    return "\n\n".join((f"# {title}", *parts)) + "\n"


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]], kind: str = "") -> str:
    lines = [heads, ("---",) * len(heads), *rows]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f'<div class="{kind}" markdown>\n\n{table}\n\n</div>' if kind else table


PAGES: Final = {
    "fidelity.md": overview,
    "fidelity-operations.md": operations,
    "fidelity-language.md": language,
    "fidelity-integrations.md": integrations,
}
"""The name of each page, and what writes it."""
