"""botocore's models of services: each is read once a process by all sessions, and once by the emulator itself.

Whoever calls ``boto3.client`` in a test does so through a new default session, since the credentials of the last test
are gone. Each such session would read and decode the models of its services again: 2 to 20 ms of CPU a service.
"""

from __future__ import annotations

import gzip
import json
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from botocore.loaders import Loader
    from botocore.session import Session

MODELS: Final = Path(__file__).with_name("models")
"""Our copy of the models of the services that are answered here, which no older botocore changes; tests/models.py
writes the folder."""


def service_description(service: str) -> dict[str, Any]:
    """What botocore's file ``service-2`` says of a service, in our copy where there is one.

    Raises:
        botocore.exceptions.UnknownServiceError: botocore does not have the service.
    """
    for model in (MODELS / service).glob("*/service-2.json.gz"):
        ours: dict[str, Any] = _read(str(model.with_name("service-2")))
        return ours
    theirs: dict[str, Any] = installed().load_service_model(service, "service-2")
    return theirs


@cache
def installed() -> Loader:
    """The models of the botocore that is installed, as they are in its files.

    Sessions have others: a client of S3 takes the bucket out of the paths of the operations that it has called.
    """
    return _loader(None)


@contextmanager
def models_kept() -> Iterator[None]:
    """Sessions that are made inside share what they have read, as the clients of one session do."""
    import botocore

    botocore.register_initializer(_share)
    try:
        yield
    finally:
        botocore.unregister_initializer(_share)


def _share(session: Session) -> None:
    session.lazy_register_component("data_loader", lambda: _shared(session.get_config_variable("data_path")))


def _shared(path: str | None) -> Loader:
    loader = _of_sessions(path)
    loader.search_paths[:] = dict.fromkeys(loader.search_paths)  # boto3 appends its own folder for each session
    return loader


@cache
def _of_sessions(path: str | None) -> Loader:
    return _loader(path)


def _loader(path: str | None) -> Loader:
    from botocore.loaders import create_loader

    return quickened(create_loader(path))


def quickened(loader: Loader) -> Loader:
    """A loader of models, once the loader finds and reads what it did before, in a fraction of the time."""
    loader.file_loader.load_file = _read  # type: ignore[method-assign, assignment]  # of this loader alone
    loader.list_available_services = partial(_services, loader)  # type: ignore[method-assign]  # as above
    return loader


def _services(loader: Loader, type_name: str) -> list[str]:
    """The services of which there is a model of a type, such as ``service-2``: botocore asks this for each model.

    botocore itself would look through a thousand folders for each type and each loader: 15 ms of CPU.
    """
    return sorted({service for path in loader.search_paths for service in _models_in(path).get(type_name, ())})


@cache
def _models_in(folder: str) -> Mapping[str, AbstractSet[str]]:
    """What a folder of models has: type of a model -> services. Empty where there is no such folder."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for service in _entries(folder) if Path(folder).is_dir() else ():
        for version in _entries(service.path) if service.is_dir() else ():
            for file in _entries(version.path) if version.is_dir() else ():
                kind, of_a_model, _ = file.name.partition(".json")
                if of_a_model:
                    found[kind].add(service.name)
    return found


def _entries(folder: str) -> list[os.DirEntry[str]]:
    """Entries know what they are; asking each path anew takes twice as long."""
    with os.scandir(folder) as entries:
        return list(entries)


def _read(path: str) -> Any:
    """Read a file as botocore's ``JSONFileLoader`` does, from a path without its ending, but into dicts.

    An OrderedDict is three times as large, and the garbage collector visits each of the hundred thousand that the
    models of a few services have, on every full collection.
    """
    plain, compressed = Path(f"{path}.json"), Path(f"{path}.json.gz")
    if plain.is_file():
        return json.loads(plain.read_bytes())
    return json.loads(gzip.decompress(compressed.read_bytes())) if compressed.is_file() else None
