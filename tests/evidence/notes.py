"""Notes of what the code has done during a test: a set, for how often something happened within a test says nothing.

A note is a tuple of texts: its kind, what has happened, and how that ended (empty: well).

==============  ===============================================  ==========================================
kind            what                                             how it ended
==============  ===============================================  ==========================================
operation       ``dynamodb:PutItem``, by botocore's names        the code of the error
lacking         ``dynamodb:PutItem``                             the message of the HTTP 501
field           ``Task.Retry.MaxAttempts|JSONPath``              always well: the state has run
intrinsic       ``States.Format``                                always well
jsonata         ``$sum``, with arguments that fit                always well
integration     ``sqs:sendMessage.waitForTaskToken``             the name of the error
mocked          the same: a mock stood for the integration       always well
==============  ===============================================  ==========================================
"""

from __future__ import annotations

Note = tuple[str, str, str]

_seen: set[Note] = set()


def note(kind: str, what: str, ended: str = "") -> None:
    """Add a note to those of the test that runs."""
    _seen.add((kind, what, ended))


def take() -> list[Note]:
    """The notes since they were last taken."""
    taken = sorted(_seen)
    _seen.clear()
    return taken
