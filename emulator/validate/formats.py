"""How findings in definitions are written: for people, for programs, for code scanners and for GitHub's log."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final
from urllib.parse import quote

from asl_interpreter.jsontext import JSON, dumps
from emulator.validate.files import Finding


def as_text(findings: Sequence[Finding]) -> str:
    """A line for each: ``file:line:column: error CODE at /path: message``."""
    return "\n".join(
        f"{finding.file}:{finding.line}:{finding.column}: {finding.problem.severity.lower()} {finding.problem.code}"
        f"{f' at {finding.problem.location}' if _has_path(finding) else ''}: {finding.message}"
        for finding in findings
    )


def _has_path(finding: Finding) -> bool:
    return (finding.problem.location or "").startswith("/")


def as_json(findings: Sequence[Finding]) -> str:
    """A list of objects."""
    return dumps([_described(finding) for finding in findings])


def _described(finding: Finding) -> dict[str, JSON]:
    described: dict[str, JSON] = {
        "file": finding.file,
        "line": finding.line,
        "column": finding.column,
        "severity": finding.problem.severity,
        "code": finding.problem.code,
        "message": finding.problem.message,
    }
    if finding.problem.location is not None:
        described["location"] = finding.problem.location
    if finding.meant is not None:
        described["didYouMean"] = finding.meant
    return described


def as_sarif(findings: Sequence[Finding]) -> str:
    """SARIF 2.1.0: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html."""
    codes = sorted({finding.problem.code for finding in findings})
    run = {
        "tool": {"driver": {"name": "dynastep", "rules": [{"id": code} for code in codes]}},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding) for finding in findings],
    }
    return dumps({"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]})


def _result(finding: Finding) -> dict[str, JSON]:
    region = {"startLine": finding.line, "startColumn": finding.column}
    place: dict[str, JSON] = {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(finding.file.replace("\\", "/"), safe="/:")},
            "region": region,
        }
    }
    if _has_path(finding):
        place["logicalLocations"] = [{"fullyQualifiedName": finding.problem.location}]
    return {
        "ruleId": finding.problem.code,
        "level": finding.problem.severity.lower(),
        "message": {"text": finding.message},
        "locations": [place],
    }


def as_github(findings: Sequence[Finding]) -> str:
    """Workflow commands, which GitHub shows beside the line."""
    return "\n".join(
        f"::{finding.problem.severity.lower()} file={_property(finding.file)},line={finding.line},"
        f"col={finding.column},title={_property(finding.problem.code)}::{_data(finding.message)}"
        for finding in findings
    )


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


FORMATS: Final[Mapping[str, Callable[[Sequence[Finding]], str]]] = {
    "text": as_text,
    "json": as_json,
    "sarif": as_sarif,
    "github": as_github,
}
