"""Marks: what Step Functions adds to the request for a job, by which the service and its events tell who started it.

Sources: https://docs.aws.amazon.com/step-functions/latest/dg/connect-mediaconvert.html ("Key features"); of the others,
TaskScheduled and the descriptions of jobs as recorded from AWS. Only ``.sync`` marks a job, except for MediaConvert's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from asl_interpreter.jsontext import JSON

Mark: TypeAlias = Callable[[dict[str, Any], str], dict[str, Any]]
"""Makes of the arguments of a Task, and the ARN of its execution, arguments that say who calls."""

_NAME: Final = "MANAGED_BY_AWS"
_VALUE: Final = "STARTED_BY_STEP_FUNCTIONS"


def _started_by(arguments: dict[str, Any], _execution: str) -> dict[str, Any]:
    return {**arguments, "StartedBy": "AWS Step Functions"}


def _in_environment(arguments: dict[str, Any], _execution: str) -> dict[str, Any]:
    """A variable of the container; none where the job has no container to override, but nodes, pods or tasks."""
    if any(name in arguments for name in _NO_CONTAINER):
        return arguments
    overrides = _object(arguments, "ContainerOverrides")
    environment = [*_list(overrides, "Environment"), {"Name": _NAME, "Value": _VALUE}]
    return {**arguments, "ContainerOverrides": {**overrides, "Environment": environment}}


_NO_CONTAINER: Final = ("EcsPropertiesOverride", "EksPropertiesOverride", "NodeOverrides")
"""What Batch takes in place of ContainerOverrides, and not beside them."""


def _in_list_of_tags(arguments: dict[str, Any], execution: str) -> dict[str, Any]:
    added = [{"Key": "AWS_STEP_FUNCTIONS_EXECUTION_ARN", "Value": execution}, {"Key": _NAME, "Value": _VALUE}]
    return {**arguments, "Tags": [*_list(arguments, "Tags"), *added]}


def _in_tags(arguments: dict[str, Any], _execution: str) -> dict[str, Any]:
    return {**arguments, "Tags": {**_object(arguments, "Tags"), "ManagedByService": "AWSStepFunctions"}}


def _object(value: Mapping[str, Any], name: str) -> dict[str, Any]:
    member = value.get(name)
    return member if isinstance(member, dict) else {}


def _list(value: Mapping[str, Any], name: str) -> list[Any]:
    member = value.get(name)
    return member if isinstance(member, list) else []


_MARKS: Final[Mapping[tuple[str, str], Mark]] = {
    ("batch", "submitJob.sync"): _in_environment,
    ("ecs", "runTask.sync"): _started_by,
    **{("mediaconvert", f"createJob{suffix}"): _in_tags for suffix in ("", ".sync")},
    **{
        ("sagemaker", f"create{kind}.sync"): _in_list_of_tags
        for kind in ("HyperParameterTuningJob", "LabelingJob", "ProcessingJob", "TrainingJob", "TransformJob")
    },
}
"""Service and action with its suffix -> how a job is marked."""


def marked(service: str, action: str, arguments: JSON, execution: str) -> JSON:
    """Arguments as they are sent: with the mark of the integration, if it has one."""
    mark = _MARKS.get((service, action))
    return mark(arguments, execution) if mark is not None and isinstance(arguments, dict) else arguments
