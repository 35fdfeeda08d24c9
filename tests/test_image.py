"""What docker/slim.py and docker/base.py take out of the image is never read; what is asked for all the same is refused."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import shutil
import sys
from pathlib import Path
from types import ModuleType

import boto3
import botocore
import pytest
from botocore.exceptions import DataNotFoundError
from botocore.loaders import Loader

ROOT = Path(__file__).parents[1]
DATA = Path(botocore.__file__).parent / "data"


def script(name: str) -> ModuleType:
    """A script of the build, which finds those beside it by their names."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "docker" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


slim = script("slim")
base = script("base")


def files(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"12345")
    return root


def left(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def test_of_an_api_the_newest_version_stays(tmp_path):
    data = files(tmp_path, "a/2012-08-10/m", "a/2011-12-05/m", "a/2011-12-05/n", "b/2015-01-01/m", "endpoints.json")
    assert slim.remove(slim.older_versions(data)) == 10
    assert left(data) == ["a/2012-08-10/m", "b/2015-01-01/m", "endpoints.json"]


def test_botocore_takes_the_version_that_stays():
    loader, gone = Loader(extra_search_paths=[str(DATA)]), {str(path) for path in slim.older_versions(DATA)}
    services = loader.list_available_services("service-2")
    assert len(services) > 300
    for service in services:
        assert str(DATA / service / loader.determine_latest_version(service, "service-2")) not in gone


def test_a_version_that_is_gone_is_refused_by_name():
    with pytest.raises(DataNotFoundError, match="dynamodb/2011-12-06"):
        boto3.client("dynamodb", region_name="us-east-1", api_version="2011-12-06")


def test_botocore_reads_examples_for_its_documentation_alone():
    code = {path: path.read_text(encoding="utf-8") for path in DATA.parent.rglob("*.py")}
    reading = {str(path.relative_to(DATA.parent)) for path, text in code.items() if re.search("examples-1", text)}
    assert reading == {"docs/service.py"}


def test_the_examples_of_every_service_go(tmp_path):
    data = files(tmp_path, "a/2012-08-10/examples-1.json", "a/2012-08-10/service-2.json.gz")
    assert slim.remove(slim.examples(data)) == 5
    assert left(data) == ["a/2012-08-10/service-2.json.gz"]


def test_an_environment_keeps_the_folders_of_python(tmp_path):
    kept = ["bin/dynastep", "lib/python3.13/site-packages/pcre2/a.so", "pyvenv.cfg", "sbom.cdx.json"]
    prefix = files(tmp_path, *kept, "bin/pcre2grep", "lib/libpcre2-8.a", "src/libpcre2/NEWS", "share/doc/x", "setup.py")
    slim.remove(slim.beside(prefix))
    assert left(prefix) == kept


def test_bytecode_goes_by_its_size(tmp_path):
    site = files(tmp_path, "a/__pycache__/m.pyc", "a/m.py")
    assert slim.remove(slim.bytecode([site], larger=5)) == 0
    assert slim.remove(slim.bytecode([site], larger=4)) == 5
    assert left(site) == ["a/m.py"]


def test_symbols_stay_where_nothing_can_remove_them(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert slim.strip([tmp_path / "a.so"]) == 0


def test_a_link_goes_and_what_it_leads_to_stays(tmp_path):
    files(tmp_path, "kept/a")
    (tmp_path / "link").symlink_to(tmp_path / "kept")
    assert slim.remove([tmp_path / "link"]) == 0
    assert left(tmp_path) == ["kept/a"]


def test_of_a_base_goes_what_no_server_reads(tmp_path):
    library = "usr/local/lib/python3.13"
    gone = [
        *(
            "var/lib/apt/lists/index",
            "var/log/dpkg.log",
            "usr/lib/aarch64-linux-gnu/gconv/a.so",
            "usr/share/man/man1/ls",
        ),
        *(f"{library}/ensurepip/pip.whl", f"{library}/test/a.py", f"{library}/config-3.13-x86_64-linux-gnu/Makefile"),
        *(f"{library}/site-packages/pip/a.py", f"{library}/site-packages/pip-25.3.dist-info/METADATA"),
        "usr/local/bin/pip3",
    ]
    kept = [
        *("etc/ssl/certs/ca-certificates.crt", "usr/bin/apt-get", "usr/lib/aarch64-linux-gnu/libc.so.6"),
        *(
            f"{library}/json/a.py",
            f"{library}/unittest/a.py",
            "usr/share/zoneinfo/Europe/Berlin",
            "var/lib/dpkg/status",
        ),
    ]
    root = files(tmp_path, *gone, *kept)
    slim.remove(base.unread(root))
    assert left(root) == sorted(kept)


def test_installers_stay_where_the_base_has_installed_something(tmp_path):
    site = "usr/local/lib/python3.11/site-packages"
    kept = [f"{site}/{name}" for name in ("pip/a.py", "pip-25.3.dist-info/METADATA", "awscli-1.0.dist-info/METADATA")]
    root = files(tmp_path, *kept, "usr/local/bin/pip")
    slim.remove(base.unread(root))
    assert left(root) == sorted([*kept, "usr/local/bin/pip"])


def test_licences_stay(tmp_path):
    root = files(tmp_path, "usr/share/doc/bash/copyright", "usr/share/doc/bash/README.gz", "usr/share/doc/bash/a/b.txt")
    slim.remove(base.documentation(root))
    assert left(root) == ["usr/share/doc/bash/copyright"]


def test_nothing_of_ours_imports_what_goes_of_the_standard_library():
    imported = set()
    for package in base.OURS:
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    imported |= {alias.name.partition(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and not node.level:
                    imported.add(str(node.module).partition(".")[0])
    assert "json" in imported
    assert not imported & set(base.STANDARD_LIBRARY)


def test_a_bill_of_materials_lists_the_packages_of_the_system(tmp_path):
    sbom = tmp_path / "sbom.json"
    sbom.write_text('{"components": [{"name": "boto3"}]}', encoding="utf-8")
    base.list_packages(sbom, [("libc6", "2:2.36-9+deb12u14", "amd64")], "debian")
    python, system = json.loads(sbom.read_text(encoding="utf-8"))["components"]
    assert python == {"name": "boto3"}
    assert (system["name"], system["version"]) == ("libc6", "2:2.36-9+deb12u14")
    assert system["purl"] == "pkg:deb/debian/libc6@2%3A2.36-9%2Bdeb12u14?arch=amd64"


def test_a_base_that_is_not_of_debian_has_no_packages_to_remove(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    assert base.purge() == []
