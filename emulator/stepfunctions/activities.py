"""Activities: tasks that workers fetch.

What changes them runs on the engine's loop, so that they need no lock. Source:
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-activities.html; texts of errors as observed on AWS.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from asl_interpreter.errors import RUNTIME, StateError
from asl_interpreter.jsontext import JSON, dumps
from asl_interpreter.loop.signals import Signal
from asl_interpreter.tasks import TaskRequest
from emulator import arns
from emulator.faults import Fault
from emulator.stepfunctions.encryption import Encrypted, check_reading, encryption
from emulator.stepfunctions.limits import check_room
from emulator.stepfunctions.machines import check_arn, check_name
from emulator.stepfunctions.paging import page
from emulator.stepfunctions.tags import check_tags, read_tags
from emulator.wire.waiting import Waiting

if TYPE_CHECKING:
    from emulator.wire.protocol import Call
    from emulator.world import World

POLL_SECONDS: Final = 60.0
"""How long GetActivityTask waits: https://docs.aws.amazon.com/step-functions/latest/apireference/API_GetActivityTask.html"""


class Taken(Signal[JSON]):
    """That a worker has taken a task on; the value is the worker's name."""

    __slots__ = ("task",)

    def __init__(self, name: str, task: dict[str, JSON]) -> None:
        super().__init__(name)
        self.task = task
        """As the worker sees it."""


class Poll(Signal["dict[str, JSON]"]):
    """A worker that waits for a task, at most until it is given up: then it gets an empty answer."""

    __slots__ = ("worker",)

    def __init__(self, worker: str | None) -> None:
        super().__init__("a task of an activity")
        self.worker = worker

    def give_up(self) -> dict[str, JSON]:
        """End it; the task that it got meanwhile, if any."""
        self.set({})
        return self.value


@dataclass(slots=True)
class Activity:
    """An activity, the tasks that wait for a worker, and the workers that wait for a task."""

    arn: str
    name: str
    created_at: float
    encryption: dict[str, JSON]
    tags: dict[str, str]
    _offers: dict[Taken, None] = field(default_factory=dict)
    _polls: dict[Poll, None] = field(default_factory=dict)

    @staticmethod
    def kept(members: dict[str, Any]) -> dict[str, Any]:
        """What is kept of it: tasks are offered again by the executions that wait for them."""
        return {**members, "_offers": {}, "_polls": {}}

    @property
    def encrypted(self) -> Encrypted:
        """How its tasks' inputs are encrypted."""
        return Encrypted(self.arn, self.encryption)

    def refuse(self, error: StateError) -> Taken:
        """A task that no worker gets."""
        taken = Taken(f"a worker of {self.name}", {})
        taken.fail(error)
        return taken

    def offer(self, request: TaskRequest) -> Taken:
        """Offer a task to the workers, first come first served."""
        if request.callback is None:
            message = f"a task of {self.arn} has no token"
            raise ValueError(message)
        task = {"taskToken": request.callback.token, "input": dumps(request.arguments)}
        taken = Taken(f"a worker of {self.name}", task)
        self._offers[taken] = None
        taken.subscribe(lambda: self._offers.pop(taken))
        self._match()
        return taken

    def poll(self, worker: str | None) -> Poll:
        """Wait for a task."""
        poll = Poll(worker)
        self._polls[poll] = None
        poll.subscribe(lambda: self._polls.pop(poll))
        self._match()
        return poll

    def _match(self) -> None:
        if self._offers and self._polls:
            taken, poll = next(iter(self._offers)), next(iter(self._polls))
            taken.set(poll.worker)
            poll.set(taken.task)


class Activities:
    """The activities of one account in one region, by ARN."""

    def __init__(self) -> None:
        self._activities: dict[str, Activity] = {}

    def __iter__(self) -> Iterator[Activity]:
        return iter(sorted(self._activities.values(), key=lambda activity: activity.name))

    def get(self, arn: str) -> Activity | None:
        """The activity with this ARN, if there is one."""
        return self._activities.get(arn)

    def add(self, activity: Activity, most: int) -> Activity:
        """Take one in, unless there is one of its name; that which there is then.

        Raises:
            Fault: ActivityLimitExceeded, there are as many as there may be.
        """
        if activity.arn not in self._activities:
            check_room(len(self._activities), most, "ActivityLimitExceeded")
            self._activities[activity.arn] = activity
        return self._activities[activity.arn]

    def remove(self, arn: str) -> None:
        """Let one go. Its tasks stay as they are."""
        self._activities.pop(arn, None)

    def find(self, arn: str) -> Activity:
        """The activity with this ARN.

        Raises:
            Fault: InvalidArn, ActivityDoesNotExist.
        """
        check_arn(arn, "activity")
        activity = self._activities.get(arn)
        if activity is None:
            raise Fault("ActivityDoesNotExist", f"Activity Does Not Exist: '{arn}'")
        return activity

    def called(self, arn: str) -> Activity:
        """The activity that a Task names.

        Raises:
            StateError: States.Runtime.
        """
        activity = self._activities.get(arn)
        if activity is None:
            raise StateError(RUNTIME, f"The activity {arn} does not exist.")
        return activity


def create_activity(world: World, call: Call) -> dict[str, JSON]:
    """CreateActivity. Repeating a request gives the same activity, with the tags of the first."""
    params = call.params
    check_name(params["name"])
    arn = arns.activity(call.account, call.region, params["name"])
    wanted = Activity(
        arn=arn,
        name=params["name"],
        created_at=world.clock.now(),
        encryption=encryption(world, arn, params.get("encryptionConfiguration")),
        tags=read_tags(params.get("tags") or ()),
    )
    check_tags(wanted.arn, wanted.tags, world.settings.quotas.tags)
    activities, most = world.activities(call.account, call.region), world.settings.quotas.activities
    activity = world.engine.ask(lambda: activities.add(wanted, most))
    if activity.encryption != wanted.encryption:
        raise Fault("ActivityAlreadyExists", f"Activity Already Exists: '{activity.arn}'")
    return {"activityArn": activity.arn, "creationDate": activity.created_at}


def describe_activity(world: World, call: Call) -> dict[str, JSON]:
    """DescribeActivity."""
    activity = world.activities(call.account, call.region).find(call.params["activityArn"])
    return {**_listed(activity), "encryptionConfiguration": activity.encryption}


def delete_activity(world: World, call: Call) -> dict[str, JSON]:
    """DeleteActivity; one that is not there is no error."""
    check_arn(call.params["activityArn"], "activity")
    world.engine.ask(lambda: world.activities(call.account, call.region).remove(call.params["activityArn"]))
    return {}


def list_activities(world: World, call: Call) -> dict[str, JSON]:
    """ListActivities, by name."""
    entries = world.engine.ask(lambda: [_listed(activity) for activity in world.activities(call.account, call.region)])
    shown, token = page(world, call, entries, key=lambda entry: entry["name"])
    return {"activities": shown, **token}


def _listed(activity: Activity) -> dict[str, JSON]:
    return {"activityArn": activity.arn, "name": activity.name, "creationDate": activity.created_at}


def get_activity_task(world: World, call: Call) -> Waiting[dict[str, JSON]]:
    """GetActivityTask: wait for a task. To wait lets virtual time move."""
    poll = world.engine.ask(lambda: begin_poll(world, call))
    return Waiting(world.engine, poll, lambda task: task, poll.give_up)


def begin_poll(world: World, call: Call) -> Poll:
    """Wait for a task, on the loop, for as long as GetActivityTask does.

    Raises:
        Fault: InvalidArn, ActivityDoesNotExist, KmsAccessDeniedException, KmsInvalidStateException,
            KmsThrottlingException.
    """
    activity = world.activities(call.account, call.region).find(call.params["activityArn"])
    check_reading(world, call, activity.encrypted)
    poll = activity.poll(call.params.get("workerName"))
    patience = world.engine.loop.sleep(POLL_SECONDS, poll.name)

    def expire() -> None:
        poll.set({})

    patience.subscribe(expire)
    poll.subscribe(lambda: patience.unsubscribe(expire))
    return poll
