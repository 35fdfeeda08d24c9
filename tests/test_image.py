"""What docker/slim.py takes out of the image is never read, and what is asked for all the same is refused by name."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import boto3
import botocore
import pytest
from botocore.exceptions import DataNotFoundError
from botocore.loaders import Loader

ROOT = Path(__file__).parents[1]
DATA = Path(botocore.__file__).parent / "data"
spec = importlib.util.spec_from_file_location("slim", ROOT / "docker" / "slim.py")
assert spec is not None
assert spec.loader is not None
slim = importlib.util.module_from_spec(spec)
spec.loader.exec_module(slim)


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
    assert slim.remove(slim.bytecode(site, larger=5)) == 0
    assert slim.remove(slim.bytecode(site, larger=4)) == 5
    assert left(site) == ["a/m.py"]


def test_symbols_stay_where_nothing_can_remove_them(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert slim.strip([tmp_path / "a.so"]) == 0
