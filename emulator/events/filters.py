"""Filter criteria of event source mappings and pipes: patterns, any of which an item has to match.

Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
"""

from __future__ import annotations

from collections.abc import Mapping

from asl_interpreter.jsontext import JSON
from emulator.events.patterns import InvalidPattern, compile_pattern


def filter_problem(criteria: JSON) -> str:
    """What is wrong with filter criteria, in Lambda's words; empty if nothing is."""
    try:
        for each in (criteria or {}).get("Filters") or []:
            compile_pattern(each.get("Pattern", "{}"))
    except (InvalidPattern, TypeError, AttributeError):
        return "Invalid filter pattern definition."
    return ""


def wanted(criteria: Mapping[str, JSON] | None, item: JSON) -> bool:
    """Whether filter criteria that were checked let an item pass."""
    filters = (criteria or {}).get("Filters") or []
    return not filters or any(compile_pattern(each["Pattern"]).matches(item) for each in filters)
