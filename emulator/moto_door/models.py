"""Models: botocore's, as moto reads them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from emulator.wire.loading import installed

Load: TypeAlias = "Callable[[str, str], dict[str, Any]]"
"""Takes botocore's name of a service and the type of a model, such as ``service-2``."""


def load_model(_theirs: Load) -> Load:
    """Read a model once for moto and for us. moto itself would make a loader for each, which reads all anew."""

    def load(service: str, kind: str) -> dict[str, Any]:
        model: dict[str, Any] = installed().load_service_model(service, kind)
        return model

    return load
