"""Copies the models of the services answered here from the botocore that is installed: ``make models``.

They are kept in the repository so that Dynastep answers alike beside every version of boto3, and knows an operation that
the installed boto3 is too old for. Their documentation is left out, which makes them a fifth as large.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import botocore
from botocore.loaders import Loader

from emulator.wire.loading import MODELS
from emulator.wire.protocol import TARGETS


def undocumented(model: Any) -> Any:
    """A model without its texts for people."""
    match model:
        case dict():
            kept = {name: value for name, value in model.items() if name != "documentation" or isinstance(value, dict)}
            return {name: undocumented(value) for name, value in kept.items()}
        case list():
            return [undocumented(value) for value in model]
        case _:
            return model


def model_of(service: str) -> tuple[str, Any]:
    """Botocore's model of a service, and the name of its file in a folder of models."""
    loader = Loader()
    version = loader.determine_latest_version(service, "service-2")
    return f"{service}/{version}/service-2.json.gz", loader.load_service_model(service, "service-2")


def copy(folder: Path) -> None:
    """Write the models of the services answered here into a folder, as botocore's loader reads them."""
    for service in sorted(TARGETS.values()):
        name, model = model_of(service)
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(undocumented(model), separators=(",", ":"))
        file.write_bytes(gzip.compress(text.encode(), mtime=0))
    (folder / "README.md").write_text(
        f"Models of botocore {botocore.__version__} (Apache License 2.0), without their documentation; "
        "`make models` copies them anew.\n"
    )


if __name__ == "__main__":
    copy(MODELS)
