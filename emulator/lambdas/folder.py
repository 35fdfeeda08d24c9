"""A folder of Lambda functions: ``name.py`` or ``name/``, with a ``handler`` or ``lambda_handler``, is ``name``."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from emulator.lambdas.callables import Handler

HANDLERS: Final = ("handler", "lambda_handler")


class NoHandler(ImportError):
    """A file in the folder is no function. The message says what is missing."""


def load(folder: Path) -> Iterator[tuple[str, Handler]]:
    """Every function in the folder, by name, in the order of their names.

    Raises:
        NoHandler: a module has neither ``handler`` nor ``lambda_handler``.
    """
    for path in sorted(folder.iterdir()):
        if path.suffix == ".py" and path.is_file():
            yield path.stem, _load(path.stem, path)
        elif (package := path / "__init__.py").is_file():
            yield path.name, _load(path.name, package)


def _load(name: str, path: Path) -> Handler:
    spec = importlib.util.spec_from_file_location(f"dynastep_function_{name}", path)
    if spec is None or spec.loader is None:
        message = f"{path} cannot be loaded as a Python module"
        raise NoHandler(message)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for handler in HANDLERS:
        function = getattr(module, handler, None)
        if callable(function):
            found: Handler = function
            return found
    message = f"{path} has no function named {' or '.join(HANDLERS)}"
    raise NoHandler(message)
