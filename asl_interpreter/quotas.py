"""Quotas: how much of what AWS allows.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Final

_HARD: Final = {"hard": True}
"""Metadata of a quota that AWS raises for nobody."""


@dataclass(frozen=True, slots=True)
class Quotas:
    """One account's quotas in one region; the defaults are AWS's own.

    Raises:
        ValueError: one is not above 0, or above what AWS allows anybody.
    """

    payload_bytes: int = field(default=262_144, metadata=_HARD)
    """Of an execution's input and of a state's input, output or result, as UTF-8."""
    variables_bytes: int = field(default=10_485_760, metadata=_HARD)
    """Of all variables that a state can read; those that one state assigns are limited as a payload is."""
    history_events: int = field(default=25_000, metadata=_HARD)
    """Of a STANDARD execution."""
    definition_bytes: int = field(default=1_048_576, metadata=_HARD)
    map_concurrency: int = field(default=40, metadata=_HARD)
    """Iterations of an inline Map that run at once."""
    express_seconds: int = field(default=300, metadata=_HARD)
    """How long an EXPRESS execution may take."""
    redrive_days: int = field(default=14, metadata=_HARD)
    """How long after its end an execution can be redriven."""
    tags: int = field(default=50, metadata=_HARD)
    """Of a state machine or an activity."""
    versions: int = 1_000
    """Of a state machine."""
    aliases: int = 100
    """Of a state machine."""
    state_machines: int = 100_000
    activities: int = 100_000
    open_executions: int = 1_000_000

    def __post_init__(self) -> None:
        for quota in fields(self):
            value: int = getattr(self, quota.name)
            if value < 1:
                message = f"the quota {quota.name} is {value}: a whole number above 0 is wanted"
                raise ValueError(message)
            if quota.metadata.get("hard") and value > quota.default:  # type: ignore[operator]  # each has a default
                message = f"the quota {quota.name} is {value}: AWS allows {quota.default} at most"
                raise ValueError(message)


AWS: Final = Quotas()
"""As every account has them at first."""
