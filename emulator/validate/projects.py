"""State machines in the files of a project: templates of SAM, CloudFormation, CDK and Serverless, plans of Terraform.

What a template puts into a definition is guessed without deploying: a reference to a resource is its name, and its
ARN is made of that name. Example: ``!GetAtt Charge.Arn`` of a function without a name of its own is
``arn:aws:lambda:us-east-1:000000000000:function:Charge``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from asl_interpreter.jsontext import JSON, dumps
from emulator.deploying import reading
from emulator.deploying.intrinsics import evaluate
from emulator.suggestions import unknown
from emulator.validate import positions
from emulator.validate.documents import CannotRead, places_in, read_definition
from emulator.validate.positions import Position

PLACEHOLDER: Final = re.compile(r"\$\{([\w.:-]+)\}")
TYPES: Final = ("AWS::StepFunctions::StateMachine", "AWS::Serverless::StateMachine")
NAMES: Final = (
    *("template.yaml", "template.yml", "template.json", "*.template.json", "*.template.yaml", "*.template.yml"),
    *("serverless.yml", "serverless.yaml"),
)
"""How files are called that a folder is searched for; what holds no state machine is passed over."""


_MEMBERS: Final = ("Resources", "stepFunctions", "planned_values")
"""What a file of a project has one of."""


class NoSuchMachine(ValueError):
    """A file of a project has no state machine of this name, or its definition is not in the files."""


@dataclass(frozen=True, slots=True)
class Defined:
    """A state machine that a file of a project defines."""

    name: str
    """The logical name in the file."""
    kind: str
    """STANDARD or EXPRESS."""
    text: str
    """The definition as JSON."""
    file: Path
    """Where the text stands: the file of the project, or one that it names."""
    places: Mapping[str, Position] = field(repr=False, default_factory=dict)
    """Location in the definition -> line and column in ``file``."""
    aliases: frozenset[str] = frozenset()
    """Further names: the one it would have on AWS, and those of the constructs that it was made by."""
    substitutions: Mapping[str, JSON] = field(default_factory=dict)
    """What stands for ``${Name}`` in the text, as far as the file says."""

    @property
    def substituted(self) -> str:
        """The text with its substitutions in place."""
        return substitute(self.text, self.substitutions)


def substitute(text: str, values: Mapping[str, JSON]) -> str:
    """A definition with values in the place of ``${Name}``; a name without a value stays."""

    def value(found: re.Match[str]) -> str:
        given = values.get(found[1], found[0])
        return given if isinstance(given, str) else dumps(given)

    return PLACEHOLDER.sub(value, text)


def is_project(document: JSON) -> bool:
    """Whether a document is a file of a project, and no definition itself."""
    return isinstance(document, dict) and any(isinstance(document.get(name), dict) for name in _MEMBERS)


def read_project(file: Path, text: str, account: str, region: str) -> list[Defined] | None:
    """The state machines of a file of a project; None if the text is none, such as a definition.

    Raises:
        NoSuchMachine: a definition is in a file that is not there, or is known only when it is deployed.
    """
    if not any(name in text for name in _MEMBERS):
        return None  # most files are definitions: reading YAML takes long
    try:
        document = reading.read(text)
    except reading.InvalidTemplate:
        return None
    if not is_project(document):
        return None
    places = places_in(text)
    if "planned_values" in document:
        return list(_of_terraform(document, file))
    guesses = Guesses(document, account, region)
    if "stepFunctions" in document:
        return list(_of_serverless(document, file, places, guesses))
    return list(_of_cloudformation(document, file, places, guesses))


def find(machines: list[Defined], name: str | None) -> Defined:
    """The machine with a name, or the only one.

    Raises:
        NoSuchMachine: there is none, or several and no name is given.
    """
    named = [machine for machine in machines if name is None or name == machine.name or name in machine.aliases]
    if len(named) == 1:
        return named[0]
    known = [machine.name for machine in machines]
    if name is None or named:
        raise NoSuchMachine(f"Say which state machine is meant by its logical name: {', '.join(known) or 'none'}.")
    raise NoSuchMachine(unknown("state machine", name, known))


def _of_cloudformation(
    template: Mapping[str, Any], file: Path, places: Mapping[str, Position], guesses: Guesses
) -> Iterator[Defined]:
    for name, resource in template["Resources"].items():
        if not isinstance(resource, dict) or resource.get("Type") not in TYPES:
            continue
        given = resource.get("Properties") or {}
        kind = given.get("Type") or given.get("StateMachineType") or "STANDARD"
        named = evaluate(given.get("Name") or given.get("StateMachineName"), guesses)
        path = str((resource.get("Metadata") or {}).get("aws:cdk:path", ""))
        substitutions = evaluate(given.get("DefinitionSubstitutions") or {}, guesses)
        found = Defined(
            name,
            kind if kind in ("STANDARD", "EXPRESS") else "STANDARD",
            "",
            file,
            aliases=frozenset({str(named), *path.split("/")[:-1]} - {"", "None"}),
            substitutions=substitutions if isinstance(substitutions, dict) else {},
        )
        yield _with_definition(found, given, f"/Resources/{name}/Properties", places, guesses)


def _with_definition(
    found: Defined, given: Mapping[str, Any], at: str, places: Mapping[str, Position], guesses: Guesses
) -> Defined:
    """A machine with its definition: an object, a text, or a file beside the template."""
    if "Definition" in given:
        text = dumps(evaluate(given["Definition"], guesses))
        return _replaced(found, text, found.file, _below(places, f"{at}/Definition"))
    if "DefinitionString" in given:
        text = str(evaluate(given["DefinitionString"], guesses))
        return _replaced(found, text, found.file, {positions.ROOT: places.get(f"{at}/DefinitionString", (1, 1))})
    where = given.get("DefinitionUri", given.get("DefinitionS3Location"))
    if isinstance(where, str) and not where.startswith("s3://"):
        file = found.file.parent / where
        try:
            text = file.read_text(encoding="utf-8")
        except OSError as error:
            raise NoSuchMachine(f"The definition of {found.name} cannot be read: {error}") from None
        return _replaced(found, *_of_file(file, text))
    raise NoSuchMachine(f"The definition of {found.name} is not in the files: {dumps(where)}.")


def _of_file(file: Path, text: str) -> tuple[str, Path, Mapping[str, Position]]:
    try:
        document, places = read_definition(str(file), text)
    except CannotRead:
        return text, file, {}  # what is wrong with it is said where it is read
    return (text if text.lstrip().startswith("{") else dumps(document)), file, places


def _replaced(found: Defined, text: str, file: Path, places: Mapping[str, Position]) -> Defined:
    return Defined(found.name, found.kind, text, file, places, found.aliases, found.substitutions)


def _below(places: Mapping[str, Position], at: str) -> dict[str, Position]:
    """Where the values inside of one stand, by their location in it."""
    inside = {
        location[len(at) :] or positions.ROOT: place for location, place in places.items() if _is_below(location, at)
    }
    return inside or {positions.ROOT: (1, 1)}


def _is_below(location: str, at: str) -> bool:
    return location == at or (location.startswith(at) and location[len(at)] in "/[")


_FILE: Final = re.compile(r"\$\{file\(([^)]+)\)(?::[^}]*)?\}")


def _of_serverless(
    document: Mapping[str, Any], file: Path, places: Mapping[str, Position], guesses: Guesses
) -> Iterator[Defined]:
    """Of the plugin serverless-step-functions."""
    for name, given in (document["stepFunctions"].get("stateMachines") or {}).items():
        if not isinstance(given, dict):
            continue
        kind = "EXPRESS" if given.get("type") == "EXPRESS" else "STANDARD"
        aliases = frozenset({given["name"]} if isinstance(given.get("name"), str) else ())
        found, definition = Defined(name, kind, "", file, aliases=aliases), given.get("definition")
        if isinstance(definition, str) and (named := _FILE.fullmatch(definition.strip())):
            yield _with_definition(found, {"DefinitionUri": named[1].strip()}, "", places, guesses)
        else:
            at = f"/stepFunctions/stateMachines/{name}/definition"
            yield _replaced(found, dumps(evaluate(definition, guesses)), file, _below(places, at))


def _of_terraform(plan: Mapping[str, Any], file: Path) -> Iterator[Defined]:
    """Of ``terraform show -json``."""
    modules = [plan["planned_values"].get("root_module") or {}]
    while modules:
        module = modules.pop()
        modules += module.get("child_modules") or []
        for resource in module.get("resources") or []:
            if resource.get("type") != "aws_sfn_state_machine":
                continue
            values = resource.get("values") or {}
            text = values.get("definition")
            if not isinstance(text, str):
                raise NoSuchMachine(
                    f"The definition of {resource['address']} is known only after Terraform has applied."
                )
            aliases = frozenset({str(values.get("name")), str(resource.get("address"))})
            kind = "EXPRESS" if values.get("type") == "EXPRESS" else "STANDARD"
            yield Defined(str(resource.get("name")), kind, text, file, {positions.ROOT: (1, 1)}, aliases)


_NAMES_OF: Final = {
    # type of resource: the member with its name, and its ARN
    "AWS::Lambda::Function": ("FunctionName", "arn:aws:lambda:{region}:{account}:function:{name}"),
    "AWS::Serverless::Function": ("FunctionName", "arn:aws:lambda:{region}:{account}:function:{name}"),
    "AWS::StepFunctions::StateMachine": ("StateMachineName", "arn:aws:states:{region}:{account}:stateMachine:{name}"),
    "AWS::Serverless::StateMachine": ("Name", "arn:aws:states:{region}:{account}:stateMachine:{name}"),
    "AWS::StepFunctions::Activity": ("Name", "arn:aws:states:{region}:{account}:activity:{name}"),
    "AWS::DynamoDB::Table": ("TableName", "arn:aws:dynamodb:{region}:{account}:table/{name}"),
    "AWS::DynamoDB::GlobalTable": ("TableName", "arn:aws:dynamodb:{region}:{account}:table/{name}"),
    "AWS::Serverless::SimpleTable": ("TableName", "arn:aws:dynamodb:{region}:{account}:table/{name}"),
    "AWS::SQS::Queue": ("QueueName", "arn:aws:sqs:{region}:{account}:{name}"),
    "AWS::SNS::Topic": ("TopicName", "arn:aws:sns:{region}:{account}:{name}"),
    "AWS::S3::Bucket": ("BucketName", "arn:aws:s3:::{name}"),
    "AWS::Events::EventBus": ("Name", "arn:aws:events:{region}:{account}:event-bus/{name}"),
    "AWS::IAM::Role": ("RoleName", "arn:aws:iam::{account}:role/{name}"),
}
_BY_ARN: Final = frozenset({*TYPES, "AWS::StepFunctions::Activity", "AWS::SNS::Topic"})
"""Types of resources whose Ref is their ARN."""


@dataclass(frozen=True, slots=True)
class Guesses:
    """What the references of a template mean before it is deployed: a scope of CloudFormation's functions."""

    template: Mapping[str, Any]
    account: str
    region: str

    def ref(self, name: str) -> Any:
        """A parameter's default, a pseudo parameter, or what a resource's Ref would be."""
        pseudo = {
            "AWS::AccountId": self.account,
            "AWS::Region": self.region,
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::StackName": "stack",
        }
        if name in pseudo:
            return pseudo[name]
        parameters = self.template.get("Parameters")
        if isinstance(parameters, dict) and name in parameters:
            return (parameters[name] or {}).get("Default", name)
        kind, called = self._resource(name)
        if kind in _BY_ARN:
            return self.attribute(name, "Arn")
        if kind == "AWS::SQS::Queue":
            return f"https://sqs.{self.region}.amazonaws.com/{self.account}/{called}"
        return called

    def attribute(self, resource: str, name: str) -> Any:
        """An ARN made of the resource's name; any other attribute is its name."""
        kind, called = self._resource(resource)
        _, arn = _NAMES_OF.get(kind, ("", "arn:aws:lambda:{region}:{account}:function:{name}"))
        if name in ("Arn", "TopicArn", "Alias"):
            return arn.format(region=self.region, account=self.account, name=called)
        return called

    def _resource(self, logical: str) -> tuple[str, str]:
        """The type of a resource, and the name that it has or is given here."""
        resource = (self.template.get("Resources") or {}).get(logical)
        if not isinstance(resource, dict):
            return "", logical
        kind = str(resource.get("Type"))
        named = (resource.get("Properties") or {}).get(_NAMES_OF.get(kind, ("", ""))[0])
        return kind, named if isinstance(named, str) else logical

    def condition(self, name: str) -> bool:
        """True where the template's conditions say so of the defaults of its parameters."""
        conditions = self.template.get("Conditions") or {}
        return bool(evaluate(conditions[name], self)) if name in conditions else True

    def mapped(self, name: str, top: str, second: str) -> Any:
        """A value of the template's mappings. Raises KeyError where there is none."""
        return self.template["Mappings"][name][top][second]

    def imported(self, name: str) -> Any:
        """The name of the export: the other stack is not known."""
        return name

    def zones(self, region: str) -> list[str]:
        """Two zones of a region."""
        return [f"{region or self.region}{letter}" for letter in "ab"]
