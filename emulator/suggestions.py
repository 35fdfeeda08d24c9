"""The name that somebody may have meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate nearest to a name that is none of them, if one is near."""
    folded = {candidate.casefold(): candidate for candidate in candidates}
    found = difflib.get_close_matches(name.casefold(), folded, n=1)
    return folded[found[0]] if found else None


def unknown(what: str, name: str, candidates: Iterable[str]) -> str:
    """Say that there is no such thing, which is near, and what there is: ``There is no test case 'a', ...``."""
    known = sorted(set(candidates))
    near = nearest(name, known)
    meant = "" if near is None else f" Is {near!r} meant?"
    return f"There is no {what} {name!r}.{meant} There is {', '.join(map(repr, known)) or 'none'}."
