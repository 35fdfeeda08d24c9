"""Takes out of an environment what the emulator never reads, before the environment becomes a layer of the image.

``python docker/slim.py`` works on the environment of the Python that runs it, and checks that what is left loads. A
program in the image can miss one thing, older versions of an API. For example
``boto3.client("dynamodb", api_version="2011-12-05")`` raises botocore's error for a version that it does not know.
"""

from __future__ import annotations

import importlib
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path

FOLDERS = ("bin", "lib", "lib64", "pyvenv.cfg", "sbom.cdx.json")
"""What belongs into an environment."""


def beside(prefix: Path) -> Iterator[Path]:
    """What packages have put beside Python's own folders: sources, tools and documentation (26 MB of pcre2's)."""
    yield from sorted(path for path in prefix.iterdir() if path.name not in FOLDERS)
    yield from sorted(path for path in (prefix / "lib").iterdir() if not path.name.startswith("python"))
    yield from sorted((prefix / "bin").glob("pcre2*"))


def older_versions(data: Path) -> Iterator[Path]:
    """The folders of the API versions that botocore takes only by name: it takes the last one otherwise."""
    for service in sorted(data.iterdir()):
        if service.is_dir():
            yield from sorted(version for version in service.iterdir() if version.is_dir())[:-1]


def examples(data: Path) -> Iterator[Path]:
    """The files of examples, which botocore reads only to write its own documentation."""
    yield from sorted(data.glob("*/*/examples-1.json*"))


def libraries(site: Path) -> list[Path]:
    """The shared libraries of extension modules."""
    return sorted(site.rglob("*.so"))


def bytecode(folders: Iterable[Path], larger: int = 0) -> Iterator[Path]:
    """The compiled modules beneath folders that have more than so many bytes."""
    for folder in folders:
        yield from sorted(file for file in folder.rglob("*.pyc") if file.stat().st_size > larger)


def size(paths: Iterable[Path]) -> int:
    """How many bytes files and folders have; links have none."""
    trees = (path for path in paths if not path.is_symlink())
    files = (file for tree in trees for file in (tree, *tree.rglob("*")) if file.is_file() and not file.is_symlink())
    return sum(file.stat().st_size for file in files)


def remove(paths: Iterable[Path]) -> int:
    """Remove files and folders; how many bytes they had."""
    paths = list(paths)
    total = size(paths)
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    return total


def strip(files: list[Path]) -> int:
    """Remove the symbols of shared libraries, which only a debugger reads; how many bytes they had.

    Where there is no ``strip`` they stay.
    """
    command = shutil.which("strip")
    if command is None:
        return 0
    before = size(files)
    subprocess.run([command, "--strip-unneeded", *files], check=True)
    return before - size(files)


def check(site: Path) -> None:
    """Load the newest model of every service, and every shared library.

    Raises:
        Exception: something that is left does not load.
    """
    import botocore.session

    session = botocore.session.get_session()
    for service in session.get_available_services():
        session.get_service_model(service)
    for library in libraries(site):
        importlib.import_module(".".join((*library.relative_to(site).parent.parts, library.name.partition(".")[0])))


def main() -> None:
    """Slim the environment, and say what went."""
    site = Path(sysconfig.get_path("purelib"))
    data = site / "botocore" / "data"
    removed = {
        "sources, tools and documentation": remove(beside(Path(sys.prefix))),
        "older versions of APIs": remove(older_versions(data)),
        "examples": remove(examples(data)),
        "symbols of libraries": strip(libraries(site)),
    }
    remove(bytecode([site]))
    check(site)
    print(*(f"{what}: {bytes_ / 1e6:.1f} MB less" for what, bytes_ in removed.items()), sep="\n")
    print(f"left: {size([site]) / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
