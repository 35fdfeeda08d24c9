"""Data sets: what a Distributed Map reads from S3, and the results that it writes there. S3 is moto's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from asl_interpreter.jsontext import JSON
from asl_interpreter.tasks import Item, ItemRequest, ResultRequest
from emulator.datasets.buckets import Permit
from emulator.datasets.reading import read_items
from emulator.datasets.writing import write_results


class S3Datasets:
    """The buckets of whoever asks: the account and the region are those of its ARN."""

    def __init__(self, permit: Permit | None = None) -> None:
        """``permit`` says why a call to S3 is refused; None where nobody asks."""
        self._permit = permit

    def read(self, request: ItemRequest) -> Iterator[Item]:
        """The items, read as they are wanted."""
        return read_items(request, self._permit)

    def write(self, request: ResultRequest) -> tuple[JSON, Sequence[JSON]]:
        """Export results; where their manifest is, and all files of what has succeeded."""
        return write_results(request, self._permit)
