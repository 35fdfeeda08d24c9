"""Tags of state machines and activities.

Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_TagResource.html; texts of errors as observed
on AWS.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

from asl_interpreter.jsontext import JSON
from emulator import arns
from emulator.faults import Fault

if TYPE_CHECKING:
    from emulator.stepfunctions.activities import Activity
    from emulator.stepfunctions.machines import StateMachine
    from emulator.wire.protocol import Call
    from emulator.world import World


def tag_resource(world: World, call: Call) -> dict[str, JSON]:
    """TagResource."""
    machine = _tagged(world, call)

    def change() -> None:
        tags = machine.tags | read_tags(call.params["tags"])
        check_tags(machine.arn, tags, world.settings.quotas.tags)
        machine.tags = tags

    world.engine.ask(change)
    return {}


def check_tags(arn: str, tags: Mapping[str, str], most: int) -> None:
    """A resource has so many tags at most.

    Raises:
        Fault: TooManyTags.
    """
    if len(tags) > most:
        raise Fault("TooManyTags", f"Too many tags: '{arn}'", resourceName=arn)


def read_tags(tags: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Tags as a request has them, by key.

    Raises:
        Fault: ValidationException, a character may not be in a tag, or the key is one of AWS's own. AWS states the rule
            and not the words of its error; the first text is the rule, the second what other services say.
    """
    read = {tag.get("key", ""): tag.get("value", "") for tag in tags}
    for key, value in read.items():
        if _TEXT.fullmatch(key) is None or _TEXT.fullmatch(value) is None:
            text = "Tags may only contain Unicode letters, digits, white space, or these symbols: _ . : / = + - @."
            raise Fault("ValidationException", text)
        if key.lower().startswith("aws:"):
            raise Fault("ValidationException", "aws: prefixed tag key names are not allowed for external use.")
    return read


_TEXT: Final = re.compile(r"[\w\s.:/=+@-]*")
"""Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_Tag.html"""


def untag_resource(world: World, call: Call) -> dict[str, JSON]:
    """UntagResource."""
    machine = _tagged(world, call)

    def change() -> None:
        machine.tags = {key: value for key, value in machine.tags.items() if key not in call.params["tagKeys"]}

    world.engine.ask(change)
    return {}


def list_tags_for_resource(world: World, call: Call) -> dict[str, JSON]:
    """ListTagsForResource."""
    return {"tags": [{"key": key, "value": value} for key, value in _tagged(world, call).tags.items()]}


def _tagged(world: World, call: Call) -> StateMachine | Activity:
    arn = call.params["resourceArn"]
    try:
        arns.Arn.parse(arn)
    except arns.InvalidArn as error:
        raise Fault("InvalidArn", f"Invalid Arn: '{error}'") from None
    tagged = world.state_machines(call).get(arn) or world.activities(call.account, call.region).get(arn)
    if tagged is None:
        raise Fault("ResourceNotFound", f"Resource not found: '{arn}'", resourceName=arn)
    return tagged
