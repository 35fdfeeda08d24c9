"""What a process is like while a test has an emulator, and that all of this ends with the test."""

from __future__ import annotations

import gc
import subprocess
import sys
import urllib.request

import botocore.session
import pytest

from dynastep import Dynastep, emulator
from emulator.wire.operations import service_model

pytest_plugins = ["pytester"]


def test_models_are_read_once_for_all_sessions_of_all_tests() -> None:
    with emulator():
        first = botocore.session.Session().get_component("data_loader")
    with emulator():
        second = botocore.session.Session().get_component("data_loader")
    outside = botocore.session.Session().get_component("data_loader")
    assert first is second
    assert outside is not first


def test_what_is_read_is_what_botocore_reads() -> None:
    with emulator():
        kept = botocore.session.Session().get_component("data_loader")
        ours = kept.load_service_model("sqs", "service-2")
    theirs = botocore.session.Session().get_component("data_loader").load_service_model("sqs", "service-2")
    assert ours == theirs
    assert list(ours["operations"]) == list(theirs["operations"])  # the order of clients' methods


def test_folders_of_models_do_not_grow_with_each_session() -> None:
    import boto3

    with emulator():
        boto3.Session()
        few = len(botocore.session.Session().get_component("data_loader").search_paths)
        for _ in range(5):
            boto3.Session()
        assert len(botocore.session.Session().get_component("data_loader").search_paths) == few


def test_a_folder_of_models_of_the_users_own_is_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("models")
    (folder / "tea" / "2026-01-01").mkdir(parents=True)
    (folder / "tea" / "2026-01-01" / "service-2.json").write_text('{"metadata": {}, "operations": {}}')
    monkeypatch.setenv("AWS_DATA_PATH", str(folder))
    with emulator():
        assert "tea" in botocore.session.Session().get_available_services()
    monkeypatch.delenv("AWS_DATA_PATH")
    with emulator():
        assert "tea" not in botocore.session.Session().get_available_services()


def test_the_collector_is_as_before_when_the_test_is_over() -> None:
    outer = gc.get_threshold()
    try:
        gc.set_threshold(701, 11, 12)
        with emulator():
            assert gc.get_threshold() > (701, 11, 12)
        assert gc.get_threshold() == (701, 11, 12)
        gc.set_threshold(0)  # no collector
        with emulator():
            assert gc.get_threshold()[0] == 0
    finally:
        gc.set_threshold(*outer)


def test_a_test_that_makes_no_connection_imports_no_web_server(dynastep: Dynastep) -> None:
    script = """
import sys
from dynastep import emulator
with emulator() as dynastep:
    assert dynastep.run({"StartAt": "Go", "States": {"Go": {"Type": "Succeed"}}}).succeeded
    dynastep.client("dynamodb").list_tables()
    print(sorted({"flask", "waitress", "granian"} & sys.modules.keys()))
"""
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout == "[]\n"
    with urllib.request.urlopen(f"{dynastep.url}/_dynastep/health") as answer:
        assert answer.status == 200


def test_modules_of_the_emulator_are_not_rewritten(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import asl_interpreter.engine, emulator.control

        def test_it(dynastep):
            loaders = {type(module.__loader__).__name__ for module in (asl_interpreter.engine, emulator.control)}
            assert loaders == {"SourceFileLoader"}
        """
    )
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)


def test_what_a_client_does_to_its_models_is_not_seen_by_the_emulator(dynastep: Dynastep) -> None:
    """A client of S3 takes the bucket out of the path of an operation, in the model that its session has read."""
    dynastep.client("s3").create_bucket(Bucket="labels")
    assert service_model("s3").operation_model("CreateBucket").http["requestUri"] == "/{Bucket}"
