"""Data sets: what a Distributed Map reads from S3, and the results that it writes there. S3 is moto's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from asl_interpreter.jsontext import JSON
from asl_interpreter.tasks import Item, ItemRequest, ResultRequest
from emulator.datasets.reading import read_items
from emulator.datasets.writing import write_results


class S3Datasets:
    """The buckets of whoever asks: the account and the region are those of its ARN."""

    def read(self, request: ItemRequest) -> Iterator[Item]:
        """The items, read as they are wanted."""
        return read_items(request)

    def write(self, request: ResultRequest) -> tuple[JSON, Sequence[JSON]]:
        """Export results; where their manifest is, and all files of what has succeeded."""
        return write_results(request)
