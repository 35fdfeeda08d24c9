"""A folder of Lambda functions, each named after its file or folder, for every account and region.

Python is ``name.py`` or the package ``name/__init__.py``, with a ``handler`` or ``lambda_handler``, or
``name/lambda_function.py`` with a ``lambda_handler``. Node is ``name.js``, ``name.mjs`` or ``name.cjs``, or
``name/index.js`` and the like, with an exported ``handler``.
"""

from __future__ import annotations

import ast
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from emulator.lambdas.deployments import Deployment
from emulator.lambdas.functions import FunctionName

LONGEST: Final = 900.0
"""Seconds that a function may take: a folder does not say, so it is what Lambda allows."""
_NAME: Final = re.compile(r"[A-Za-z0-9_-]+")
_NODE: Final = (".js", ".mjs", ".cjs")
_SOURCES: Final = (".py", *_NODE, ".json")
_FOREIGN: Final = frozenset({"__pycache__", "node_modules"})


def find(folder: Path, name: FunctionName) -> Deployment | None:
    """The function of this name; None if the folder has none."""
    if _NAME.fullmatch(name.name) is None:
        return None
    inner = folder / name.name
    python = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for module in (folder / f"{name.name}.py", inner / "__init__.py", inner / "lambda_function.py"):
        if module.is_file():
            root = inner if module.name == "lambda_function.py" else folder
            return _deployment(name, root, f"{name.name}.{_handler(module)}", python, module)
    for root, stem in ((folder, name.name), (inner, "index")):
        if any((root / f"{stem}{suffix}").is_file() for suffix in _NODE):
            return _deployment(name, root, f"{stem}.handler", "nodejs", None)
    return None


def _deployment(name: FunctionName, root: Path, handler: str, runtime: str, module: Path | None) -> Deployment:
    variables = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "DYNASTEP_"))}
    return Deployment(
        name,
        handler,
        runtime,
        root.absolute(),
        timeout=LONGEST,
        variables=variables,
        module=module and module.absolute(),
    )


def _handler(module: Path) -> str:
    """``lambda_handler`` if the module has one and no ``handler``. What it lacks or cannot do its process will say."""
    found = module.stat()
    return _handler_in(module, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=1024)
def _handler_in(module: Path, _changed: int, _size: int) -> str:
    try:
        tree = ast.parse(module.read_bytes())
    except (SyntaxError, ValueError):
        return "handler"
    names = set(_names(tree))
    return "lambda_handler" if "lambda_handler" in names and "handler" not in names else "handler"


def _names(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Assign(targets=targets):
                yield from (target.id for target in targets if isinstance(target, ast.Name))
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                yield from (alias.asname or alias.name for alias in aliases)


def names(folder: Path) -> set[str]:
    """The functions of a folder."""
    stems = {entry.stem for entry in folder.iterdir()}
    return {stem for stem in stems if find(folder, FunctionName("", "", stem)) is not None}


@dataclass(frozen=True, slots=True)
class Folder:
    """The functions of a folder."""

    path: Path

    def find(self, name: FunctionName) -> Deployment | None:
        """The function of this name; None if the folder has none."""
        return find(self.path, name)

    def names(self) -> set[str]:
        """The functions."""
        return names(self.path)

    def revision(self) -> object:
        """What changes when a file of the functions does: any of them may import any other."""
        return stamps(self.path)

    def close(self) -> None:
        """Nothing was made of it."""


def stamps(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """What changes when a file in a folder does."""
    return tuple(sorted(_stamps(folder)))


def _stamps(folder: Path) -> Iterator[tuple[str, int, int]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(".") or entry.name in _FOREIGN:
                continue
            if entry.is_dir():
                yield from _stamps(Path(entry.path))
            elif entry.name.endswith(_SOURCES):
                found = entry.stat()
                yield entry.path, found.st_mtime_ns, found.st_size
