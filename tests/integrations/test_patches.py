"""The moto that is there: what of it is replaced, and what is said where it is another, or where a part is missing."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib import import_module, metadata
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from packaging.requirements import Requirement

from emulator.moto_door import extras, fitting
from emulator.moto_door.patches import Patch
from emulator.moto_door.state import MotoUnknown

CHANGED = """
import json, sys
from emulator.moto_door import fitting
from emulator.moto_door.patches import PATCHES
changed = []
for patch in [patch for of_package in PATCHES.values() for patch in of_package]:
    owner, name = fitting.find(patch.target)
    if (digest := fitting.digest(getattr(owner, name))) not in patch.known:
        changed.append([patch.target, digest])
json.dump(changed, sys.stdout)
"""


def test_every_patch_fits_the_moto_that_is_installed():
    """In a process of its own, where nothing has been replaced yet."""
    said = subprocess.run([sys.executable, "-c", CHANGED], capture_output=True, text=True, check=True).stdout
    assert json.loads(said) == []


def test_the_release_that_is_installed_has_been_compared():
    """Where it has not, all sources are read in each process, and what changed is named."""
    assert metadata.version("moto") in fitting.COMPARED


APPLIED = """
import moto.sqs.models
from dynastep import emulator
with emulator() as dynastep:
    dynastep.client("sns").create_topic(Name="topic")
    import sys
    print("moto.awslambda.models" in sys.modules)
    import moto.awslambda.models
    for kind in (moto.sqs.models.SQSBackend.receive_message, moto.sns.models.Topic.publish,
                 moto.awslambda.models.LambdaFunction.invoke):
        print(kind.__module__.partition(".")[0])
"""


def test_a_module_is_patched_whether_it_was_imported_before_or_is_imported_later():
    """In a process of its own; SNS knows Lambda, which nobody has used, and does not import what belongs to it."""
    said = subprocess.run([sys.executable, "-c", APPLIED], capture_output=True, text=True, check=True).stdout
    assert said.split() == ["False", "emulator", "emulator", "emulator"]


def replace(theirs):
    return f"ours for {theirs}"


OF_OTHERS = "emulator.moto_door.extras"
"""A module that stands for one of moto's."""


def patching(target, *known):
    return fitting.Patching({"sqs": (Patch(target, replace, frozenset(known)),)})


@pytest.fixture
def newer(monkeypatch):
    """A release that nobody has compared."""
    monkeypatch.setattr(fitting.metadata, "version", {"moto": "5.2.14"}.get)


def test_a_patch_takes_the_place_of_what_it_knows(newer, monkeypatch, caplog):
    monkeypatch.setattr(extras, "STANDARD", "moto's", raising=False)
    patching(f"{OF_OTHERS}:STANDARD", fitting.digest("moto's")).patch(extras)
    assert extras.STANDARD == "ours for moto's"
    assert caplog.records == []


def test_what_moto_has_changed_is_named_in_the_log(newer, monkeypatch, caplog):
    monkeypatch.setattr(extras, "STANDARD", "another", raising=False)
    patching(f"{OF_OTHERS}:STANDARD", "0123456789ab").patch(extras)
    assert extras.STANDARD == "ours for another"
    assert caplog.messages == [
        f"moto 5.2.14 has changed {OF_OTHERS}:STANDARD, which Dynastep replaces: what depends on it may not be as on AWS"
    ]


def test_a_module_is_patched_when_it_is_imported(monkeypatch, tmp_path):
    (tmp_path / "letters.py").write_text("LETTER = 'A'", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "meta_path", [patching("letters:LETTER", fitting.digest("A")), *sys.meta_path])
    letters = import_module("letters")
    assert letters.LETTER == "ours for A"
    assert type(letters.__loader__).__name__ == "SourceFileLoader"


@pytest.mark.parametrize("target", ["moto.sqs.models:SQSBackend.receive_letters", "moto.sqs.models:Letter"])
def test_a_service_whose_patch_finds_nothing_answers_so(target):
    with pytest.raises(MotoUnknown) as raised:
        patching(target).patch(import_module("moto.sqs.models"))
    assert str(raised.value) == (
        f"Dynastep does not know moto {metadata.version('moto')}, which is installed (it has no {target}): "
        "install moto>=5.2.4,<5.3"
    )


@pytest.fixture
def unopened(monkeypatch):
    """Patches as in a process in which moto has not been opened; those of the table are not applied again."""
    monkeypatch.setattr(fitting, "_fitted", [])
    monkeypatch.setattr(fitting, "PATCHES", {})
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])


@pytest.mark.parametrize("version", ["5.1.12", "5.2.3", "5.3.0", "6.0", "5.3.0.dev1"])
def test_another_moto_is_refused_by_its_version(unopened, monkeypatch, dynastep, version):
    monkeypatch.setattr(fitting.metadata, "version", {"moto": version}.get)
    with pytest.raises(ClientError) as raised:
        dynastep.client("sqs").list_queues()
    assert raised.value.response["Error"] == {
        "Code": "NotImplementedException",
        "Message": f"Dynastep does not know moto {version}, which is installed (its insides are others): "
        "install moto>=5.2.4,<5.3",
    }
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


@pytest.mark.parametrize("version", ["5.2.4", "5.2.5", "5.2.14"])
def test_the_versions_that_are_known(unopened, monkeypatch, version):
    monkeypatch.setattr(fitting.metadata, "version", {"moto": version}.get)
    fitting.fit()


PROJECT = (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")


def test_the_distribution_asks_for_the_versions_that_are_known():
    [moto] = [Requirement(text) for text in re.findall(r'"(moto\[.*?)",', PROJECT)]
    lowest, below = (".".join(map(str, version)) for version in (fitting.LOWEST, fitting.BELOW))
    assert str(moto.specifier) == f"<{below},>={lowest}"


@pytest.mark.parametrize(
    ("module", "service", "operation", "parameters", "extra"),
    [
        ("graphql", "appsync", "StartSchemaCreation", {"definition": b"type Query { a: Int }"}, "appsync"),
    ],
)
def test_a_part_that_is_not_installed_is_refused_by_name_with_the_remedy(
    dynastep, monkeypatch, module, service, operation, parameters, extra
):
    client = dynastep.client(service)
    if service == "appsync":
        api = client.create_graphql_api(name="api", authenticationType="API_KEY")["graphqlApi"]
        parameters = {**parameters, "apiId": api["apiId"]}
    monkeypatch.setitem(sys.modules, module, None)  # an import of it fails as one of what is not there
    with pytest.raises(ClientError) as raised:
        client._make_api_call(operation, parameters)
    assert raised.value.response["Error"] == {
        "Code": "NotImplementedException",
        "Message": f"this request to {service} needs the Python module {module}, which is not installed: "
        f"install dynastep[{extra}]",
    }
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_a_whole_service_that_is_not_installed_is_refused_alike():
    """In a process of its own: moto's X-Ray imports the module when X-Ray is imported."""
    code = (
        "import sys; sys.modules['aws_xray_sdk'] = None\n"
        "from emulator.testing import emulator\n"
        "with emulator() as dynastep:\n"
        "    dynastep.client('xray').get_groups()\n"
    )
    failed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert failed.stderr.strip().endswith(
        "this request to xray needs the Python module aws_xray_sdk, which is not installed: install dynastep[xray]"
    )


def test_what_the_distribution_itself_brings_is_missing_only_where_an_installation_is_broken(dynastep, monkeypatch):
    monkeypatch.setitem(sys.modules, "py_partiql_parser", None)
    s3 = dynastep.client("s3")
    s3.create_bucket(Bucket=f"bucket-{dynastep.account}")
    s3.put_object(Bucket=f"bucket-{dynastep.account}", Key="k", Body=b'{"a": 1}')
    with pytest.raises(ClientError) as raised:
        s3.select_object_content(
            Bucket=f"bucket-{dynastep.account}",
            Key="k",
            Expression="SELECT * FROM S3Object",
            ExpressionType="SQL",
            InputSerialization={"JSON": {"Type": "DOCUMENT"}},
            OutputSerialization={"JSON": {}},
        )
    assert raised.value.response["Error"]["Message"] == (
        "this request to s3 needs the Python module py_partiql_parser, which is not installed: "
        "install dynastep anew, for it brings py_partiql_parser"
    )


def test_the_extras_are_those_of_the_distribution():
    declared = PROJECT.partition("[project.optional-dependencies]")[2].partition("\n[")[0]
    assert set(extras.EXTRAS.values()) <= set(re.findall(r"^(\w+) = \[$", declared, re.MULTILINE))
