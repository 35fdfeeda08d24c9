"""Laws that executions of state machines should keep, whatever their input and whatever fails; see docs/faults.md."""

from __future__ import annotations

from emulator.bench.laws import (
    LAWS,
    Law,
    always_ends,
    every_failure_is_caught,
    never_runtime,
    output_fits,
    under_quotas,
)

__all__ = ["LAWS", "Law", "always_ends", "every_failure_is_caught", "never_runtime", "output_fits", "under_quotas"]
