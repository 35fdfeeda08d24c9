"""A region of an account: its stacks, and what working on them needs of the world."""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Callable, Generator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from asl_interpreter.loop.locks import lock
from emulator.deploying.deployment import Deployment
from emulator.deploying.intrinsics import evaluate
from emulator.deploying.scope import Values, pseudo_parameters
from emulator.deploying.services import Refused, Services
from emulator.deploying.stacks import Stack, Stacks
from emulator.endpoint import inside
from emulator.faults import Fault
from emulator.wire.in_process import connect
from emulator.wire.operations import service_model

if TYPE_CHECKING:
    from asl_interpreter.engine import Engine
    from emulator.deploying.drift import Detection
    from emulator.deploying.stacks import Given
    from emulator.deploying.templates import Resource
    from emulator.world import World

log = logging.getLogger("dynastep")
T = TypeVar("T")

_STACK_NAME: Final = r"[a-zA-Z][-a-zA-Z0-9]*|arn:[-a-zA-Z0-9:/._+]*"
LONGEST_NAME: Final = 128
UPDATABLE: Final = frozenset(
    {
        *("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE"),
        *("IMPORT_ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS"),
    }
)


class Region:
    """Stacks of an account in a region. Requests come by many threads; one of them at a time works on a stack."""

    def __init__(
        self, services: Services, engine: Callable[[], Engine], now: Callable[[], float], new_id: Callable[[], str]
    ) -> None:
        self.services = services
        self.stacks = Stacks()
        self.now = now
        self.new_id = new_id
        self._engine = engine
        self.requests: dict[str, dict[str, Any]] = {}
        """What the Cloud Control API was asked: token -> what became of it, as a ProgressEvent."""
        self.detections: dict[str, Detection] = {}
        """Detections of drift, by their ids."""
        self._beginnings = lock("the beginning of work on a stack", 65)

    def new_stack_id(self, name: str) -> str:
        """The id of a stack that is about to be made; its UUID is of version 1, as AWS's are."""
        unique = uuid.UUID(int=uuid.UUID(self.new_id()).int, version=1)
        return self.services.arn("cloudformation", f"stack/{name}/{unique}")

    def check_stack_name(self, name: str) -> None:
        """Refuse what is no name of a stack. Raises Fault."""
        if not re.fullmatch(_STACK_NAME, name):
            text = f"1 validation error detected: Value '{name}' at 'stackName' failed to satisfy constraint: "
            raise Fault("ValidationError", f"{text}Member must satisfy regular expression pattern: {_STACK_NAME}")
        if len(name) > LONGEST_NAME and not name.startswith("arn:"):
            text = f"1 validation error detected: Value '{name}' at 'stackName' failed to satisfy constraint: "
            raise Fault("ValidationError", f"{text}Member must have length less than or equal to {LONGEST_NAME}")

    def check_updatable(self, stack: Stack) -> None:
        """Refuse to update a stack in a status that does not allow it. Raises Fault."""
        retried = stack.status in ("CREATE_FAILED", "UPDATE_FAILED") and stack.disable_rollback
        if stack.status not in UPDATABLE and not retried:
            raise Fault("ValidationError", f"Stack:{stack.id} is in {stack.status} state and can not be updated.")

    def check_deletable(self, stack: Stack) -> None:
        """Refuse to delete a stack while something else is done to it, other than its creation. Raises Fault."""
        if stack.is_busy and stack.status != "CREATE_IN_PROGRESS":
            text = f"Stack [{stack.id}] cannot be deleted while in status {stack.status}"
            raise Fault("ValidationError", text)

    def begin(self, stack: Stack, status: str, allowed: Callable[[], None]) -> Deployment:
        """Begin to work on a stack, if ``allowed`` does not refuse; what was at work on it has no more say.

        Of two requests that come at once, one is refused by what the other has begun.

        Raises:
            Fault: by ``allowed``.
        """
        deployment = Deployment(self.stacks, stack, self.services, self.now, self.new_id)
        with self._beginnings:
            allowed()
            stack.worker = deployment
            stack.tell(status, "User Initiated", self.now(), self.new_id())
        deployment.publish()  # not before: what another service does takes locks of its own
        return deployment

    def scope(self, stack: Stack, given: Given) -> Values:
        """What the references of a template mean in a stack."""
        pseudo = pseudo_parameters(self.services, stack.name, stack.id, given.notification_arns)
        return Values(given.template, given.parameters, pseudo, stack.rows, self.stacks.exports)

    @staticmethod
    def evaluated(scope: Values, resource: Resource) -> dict[str, Any]:
        """The properties of a resource."""
        properties: dict[str, Any] = evaluate(resource.properties, scope)
        return properties

    def drive(self, steps: Generator[float, None, None]) -> None:
        """Do the steps of a deployment here until the first of them that waits; the rest goes on on the loop."""
        wait = next(steps, None)
        if wait is None:
            return
        engine, first = self._engine(), wait

        async def go_on() -> None:
            wait: float | None = first
            while wait is not None:
                await engine.loop.sleep(wait, "a stack")
                wait = await engine.loop.call(lambda: next(steps, None), "a stack", blocking=True)

        engine.ask(lambda: engine.loop.fork(go_on(), "a stack", detached=True))

    def looked(self) -> None:
        """Somebody looks at stacks: what waits for time that is not real goes on for it."""
        if self.stacks.are_busy:
            self._engine().ask(lambda: None, lambda: not self.stacks.are_busy)

    @staticmethod
    def page(items: Sequence[T], token: str | None, size: int) -> tuple[Sequence[T], str | None]:
        """A page of a list, and the token of the next one."""
        start = int(token) if token and token.isdigit() else 0
        end = start + size
        return items[start:end], str(end) if end < len(items) else None


def of(world: World, account: str, region: str, served_at: Callable[[], str]) -> Region:
    """The stacks of an account in a region of a world, which calls services as its clients do."""
    clients: dict[str, Any] = {}

    def call(service: str, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        from botocore.exceptions import BotoCoreError, ClientError

        if service not in clients:
            clients[service] = connect(partial(inside, world), service, region, account)
        try:
            answered: dict[str, Any] = clients[service]._make_api_call(operation, params)  # noqa: SLF001 - by AWS's name
        except ClientError as error:
            said, metadata = error.response["Error"], error.response["ResponseMetadata"]
            name = service_model(service).service_id
            status, request_id = metadata["HTTPStatusCode"], metadata.get("RequestId", "")
            code = str(said.get("Code", ""))
            raise Refused(said.get("Message", ""), code, _SDK_NAMES.get(name, name), status, request_id) from None
        except BotoCoreError as error:
            raise Refused(str(error)) from None
        return answered

    services = Services(call, account, region, served_at)
    return Region(services, lambda: world.engine, world.clock.now, world.new_id)


_SDK_NAMES: Final = {"SFN": "Sfn", "DynamoDB": "DynamoDb", "SQS": "Sqs", "SNS": "Sns", "IAM": "Iam"}
"""A service's id -> its name in the second SDK for Java, by which AWS's handlers call it."""
