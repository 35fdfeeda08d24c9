"""Functions that a template describes and nobody has deployed: their files are where the template says.

Templates of SAM (``CodeUri``, ``sam build``), of CDK (``cdk.out``) and of CloudFormation (``Code`` as a path, or
``ZipFile``). A function is called by its FunctionName, or by its logical id where it has none. The template is read
anew when it changes.

Sources: https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-function.html,
https://docs.aws.amazon.com/cdk/v2/guide/assets.html
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from emulator import arns
from emulator.deploying.intrinsics import NOTHING, as_text, evaluate
from emulator.deploying.reading import InvalidTemplate, read
from emulator.deploying.scope import Literals
from emulator.deploying.types.functions import inline
from emulator.faults import Fault
from emulator.lambdas.deployments import Deployment, unpack
from emulator.lambdas.folder import stamps
from emulator.lambdas.functions import FunctionName
from emulator.lambdas.scratch import Scratch

log = logging.getLogger("dynastep")

SUFFIXES: Final = (".yaml", ".yml", ".json", ".template")
_FUNCTIONS: Final = ("AWS::Serverless::Function", "AWS::Lambda::Function")
_LAYERS: Final = ("AWS::Serverless::LayerVersion", "AWS::Lambda::LayerVersion")
_NAMES: Final = {
    "AWS::DynamoDB::Table": "TableName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::Serverless::Function": "FunctionName",
    "AWS::Serverless::SimpleTable": "TableName",
}
"""Type -> the property that names a resource, which Ref gives; a queue's URL or a topic's ARN is not known before."""


@dataclass(frozen=True, slots=True)
class _Described:
    """A function as its template describes it; ``root`` is the folder of its files."""

    name: str
    handler: str
    runtime: str
    root: Path
    layers: Path | None
    timeout: float
    memory: int
    variables: Mapping[str, Any]
    """Values still hold functions: an ARN needs the account and the region of the caller."""


@dataclass(slots=True)
class TemplateFunctions:
    """The functions of a template in a file."""

    file: Path
    _read_at: tuple[object, ...] = ()
    _functions: dict[str, _Described] = field(default_factory=dict)
    _document: dict[str, Any] = field(default_factory=dict)
    _scratch: Scratch | None = None
    _readings: int = 0
    _warned: set[str] = field(default_factory=set)

    def find(self, name: FunctionName) -> Deployment | None:
        """The function of this name; None if the template has none.

        Raises:
            Fault: the template cannot be read any more.
        """
        self._read()
        found = self._functions.get(name.name)
        if found is None:
            return None
        return Deployment(
            name,
            found.handler,
            found.runtime,
            found.root,
            layers=found.layers,
            timeout=found.timeout,
            memory=found.memory,
            variables=dict(self._variables(found, name)),
        )

    def names(self) -> set[str]:
        """The functions."""
        self._read()
        return set(self._functions)

    def revision(self) -> object:
        """What changes when the template does, or a file of a function."""
        self._read()
        roots = sorted({str(function.root) for function in self._functions.values() if function.root.is_dir()})
        return (self._read_at, *(stamp for root in roots for stamp in stamps(Path(root))))

    def check(self) -> None:
        """Read the template. Raises InvalidTemplate: it cannot be, or a function's files are not there."""
        self._document = read(self.file.read_text(encoding="utf-8"))
        self._scratch = self._scratch or Scratch()
        self._readings += 1  # processes of what was read before may still use its files
        scratch = self._scratch.path / f"template-{self._readings}"
        self._functions = {each.name: each for each in _functions(self._document, self.file.parent, scratch)}

    def close(self) -> None:
        """Remove what was unpacked."""
        if self._scratch is not None:
            self._scratch.remove()
        self._scratch, self._read_at = None, ()

    def _read(self) -> None:
        found = self.file.stat()
        now = (found.st_mtime_ns, found.st_size)
        if now == self._read_at:
            return
        try:
            self.check()
        except (InvalidTemplate, OSError) as error:
            raise Fault("InvalidTemplate", f"{self.file} cannot be used: {error}", status=500) from None
        self._read_at = now

    def _variables(self, function: _Described, name: FunctionName) -> Iterator[tuple[str, str]]:
        """The variables whose values are known; of every other one, say once that it is left out."""
        for key, value in function.variables.items():
            try:
                known = evaluate(value, _scope(self._document, name.account, name.region))
            except InvalidTemplate as error:
                what = f"{function.name}.{key}"
                if what not in self._warned:
                    self._warned.add(what)
                    log.warning("The variable %s is left out, for its value is not known: %s", what, error)
                continue
            if known is not NOTHING:
                yield key, as_text(known)


def _scope(document: Mapping[str, Any], account: str, region: str) -> Literals:
    """What references of a template mean before anything is deployed: defaults, and names that are given."""
    known: dict[str, Any] = {
        "AWS::AccountId": account,
        "AWS::NoValue": NOTHING,
        "AWS::Partition": arns.partition_of(region),
        "AWS::Region": region,
        "AWS::URLSuffix": "amazonaws.com",
    }
    for name, declared in (document.get("Parameters") or {}).items():
        if isinstance(declared, dict) and "Default" in declared:
            known[name] = declared["Default"]
    for name, resource in (document.get("Resources") or {}).items():
        if isinstance(resource, dict):
            given = (resource.get("Properties") or {}).get(_NAMES.get(resource.get("Type", ""), ""))
            if isinstance(given, str):
                known[name] = given
    return Literals(known, document.get("Mappings") or {}, document.get("Conditions") or {}, region)


def _functions(document: Mapping[str, Any], base: Path, scratch: Path) -> Iterator[_Described]:
    resources = document.get("Resources")
    if not isinstance(resources, dict):
        raise InvalidTemplate("it has no Resources")
    shared = (document.get("Globals") or {}).get("Function") or {}
    scope = _scope(document, "000000000000", "us-east-1")
    for logical_id, resource in resources.items():
        if not isinstance(resource, dict) or resource.get("Type") not in _FUNCTIONS:
            continue
        given = resource.get("Properties") or {}
        own = {**shared, **given} if resource["Type"] == _FUNCTIONS[0] else given
        named = own.get("FunctionName")
        place = scratch / logical_id
        place.mkdir(parents=True)
        environment = {**_of(shared, "Environment"), **_of(given, "Environment")}
        layers = [*shared.get("Layers", []), *given.get("Layers", [])] if own is not given else own.get("Layers", [])
        yield _Described(
            named if isinstance(named, str) else logical_id,
            as_text(own.get("Handler", "")),
            as_text(evaluate(own.get("Runtime", ""), scope)),
            _root(logical_id, resource, own, base, place),
            _layers(layers, resources, base, place),
            float(as_text(evaluate(own.get("Timeout", 3), scope))),
            int(as_text(evaluate(own.get("MemorySize", 128), scope))),
            environment,
        )


def _of(properties: Mapping[str, Any], member: str) -> dict[str, Any]:
    return dict((properties.get(member) or {}).get("Variables") or {})


def _root(logical_id: str, resource: Mapping[str, Any], own: Mapping[str, Any], base: Path, place: Path) -> Path:
    """The folder of a function's files; text in the template is written to ``place``, and so is a zip."""
    code = own.get("Code")
    text = own.get("InlineCode") or (code.get("ZipFile") if isinstance(code, dict) else None)
    asset = (resource.get("Metadata") or {}).get("aws:asset:path")
    if isinstance(text, str):
        unpack([inline(text, as_text(own.get("Runtime", "")))], place / "code")
        return place / "code"
    path = asset or own.get("CodeUri") or code or "."
    if not isinstance(path, str) or path.startswith("s3://"):
        raise InvalidTemplate(f"the files of {logical_id} are not on this machine: {path}")
    return _folder(logical_id, base / path, place / "code")


def _folder(what: str, path: Path, place: Path) -> Path:
    if path.is_dir():
        return path.absolute()
    if path.suffix == ".zip" and path.is_file():
        unpack([path.read_bytes()], place)
        return place
    raise InvalidTemplate(f"the files of {what} are not there: {path}")


def _layers(layers: list[Any], resources: Mapping[str, Any], base: Path, place: Path) -> Path | None:
    """What Lambda has as /opt: the layers that the template itself makes, later ones over earlier ones."""
    if not layers:
        return None
    target = place / "opt"
    target.mkdir()
    for layer in layers:
        logical_id = layer.get("Ref") if isinstance(layer, dict) else None
        resource = resources.get(logical_id) if isinstance(logical_id, str) else None
        if not isinstance(resource, dict) or resource.get("Type") not in _LAYERS:
            raise InvalidTemplate(f"the layer {layer} is none that the template makes")
        properties = resource.get("Properties") or {}
        asset = (resource.get("Metadata") or {}).get("aws:asset:path")
        path = asset or properties.get("ContentUri") or properties.get("Content")
        if not isinstance(path, str):
            raise InvalidTemplate(f"the files of {logical_id} are not on this machine: {path}")
        shutil.copytree(
            _folder(str(logical_id), base / path, place / f"layer-{logical_id}"), target, dirs_exist_ok=True
        )
    return target
