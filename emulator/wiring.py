"""Wiring: how a world is put together, and what moto's services are told of ours."""

from __future__ import annotations

import logging
import random
import secrets
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asl_interpreter.engine import Engine
from asl_interpreter.jsontext import JSON, loads
from asl_interpreter.loop.clock import Clock
from emulator import arns, moto_door, websockets
from emulator.cloudwatch import Alarms, Metrics
from emulator.cloudwatch.counting import api_counter, count_message, execution_counter, invocation_counter, meters
from emulator.datasets import S3Datasets
from emulator.dynamodb.model.store import DynamoDBSettings, Store
from emulator.encryption.keys import Keys
from emulator.encryption.tables import TableKeys
from emulator.endpoint import inside
from emulator.faults import Fault
from emulator.injection.errors import OF_FUNCTIONS
from emulator.injection.rules import FaultRules
from emulator.integrations.mocks import Mocks
from emulator.lambdas.callables import Callables
from emulator.lambdas.functions import FunctionName, Invocation, Request
from emulator.lambdas.service import Lambdas
from emulator.settings import IAM, Settings
from emulator.stepfunctions.callbacks import Callbacks
from emulator.stepfunctions.logs import Logs
from emulator.stepfunctions.retention import Retention
from emulator.stepfunctions.spilling import Spill
from emulator.stepfunctions.status_changes import PutEvent, StatusChanges
from emulator.wire import operations
from emulator.wire.hosts import url_of
from emulator.wire.protocol import Call
from emulator.world import Makers, World

if TYPE_CHECKING:
    from asl_interpreter.coverage import Coverage
    from emulator.apigateway.apis import Apis
    from emulator.apigateway.sockets import Sockets
    from emulator.datasets.buckets import Permit
    from emulator.deploying.regions import Deployments
    from emulator.dynamodb.forwarding import Forward
    from emulator.dynamodb.model.streams import Stream
    from emulator.eventbridge.pipes import Pipes
    from emulator.eventbridge.schedules import Schedules
    from emulator.integrations.mock_config import MockConfig
    from emulator.lambdas.cluster import Cluster
    from emulator.lambdas.deployments import Sources
    from emulator.permissions.guard import Guard

log = logging.getLogger("dynastep")


@dataclass(frozen=True, slots=True)
class Lasting:
    """What a world is made from, and what outlasts a reset: the next world is made from the same."""

    settings: Settings
    url: Callable[[], str]
    """Where the emulator is served."""
    clock: Clock
    mock_config: MockConfig | None
    mocks: Mocks | None = None
    faults: FaultRules | None = None
    """Those of a test, which outlast a snapshot that it restores; None where each world has its own."""
    coverage: dict[str, Coverage] | None = None
    seed: int = 0
    """Of the ids that are made up where time is not real."""
    callables: Callables = field(default_factory=Callables)
    """The functions that are callables of this process."""
    cluster: Cluster | None = None
    """Where functions run, if not here."""

    @classmethod
    def of(
        cls,
        settings: Settings,
        url: Callable[[], str] | None = None,
        mocks: Mocks | None = None,
        faults: FaultRules | None = None,
        coverage: dict[str, Coverage] | None = None,
        starts: float | None = None,
        seed: int = 0,
    ) -> Lasting:
        """What the settings say; ``url`` is where it is served, if that is elsewhere; ``starts`` when its time does."""
        mock_config = None if settings.mock_config is None else _mock_config(settings.mock_config)
        served_at = url or (lambda: url_of(settings.host, settings.port))
        clock = Clock(settings.clock, starts)
        cluster = None if settings.functions_cluster is None else _cluster(settings.functions_cluster)
        return cls(settings, served_at, clock, mock_config, mocks, faults, coverage, seed, cluster=cluster)


def put_together(given: Lasting) -> World:
    """A world in which nothing is yet but the functions."""
    settings, clock, engine = given.settings, given.clock, Engine(given.clock)
    dynamodb = Store(clock, DynamoDBSettings.of(settings), engine.outbox)

    def find_stream(arn: str) -> Stream | None:
        parsed = arns.Arn.parse(arn)
        if parsed.service != "dynamodb":
            return None
        stream: Stream | None = dynamodb.region(parsed.account, parsed.region).streams.get(arn)
        return stream

    lambdas = Lambdas(
        clock,
        engine,
        given.callables,
        given.url,
        find_stream,
        _sources(settings.functions),
        settings.function_url,
        given.cluster,
    )

    def run_machine(arn: str, text: str) -> dict[str, JSON]:
        machine = arns.Arn.parse(arn)
        params: dict[str, JSON] = {"stateMachineArn": arn, "input": text}
        call = Call("stepfunctions", "StartSyncExecution", params, machine.account, machine.region, "")
        return operations.perform(world, call)

    metrics = Metrics(clock)
    dynamodb.counted, lambdas.counted = metrics.request, invocation_counter(metrics)
    guard = _guard(settings.iam, clock, dynamodb)

    def strike_key(operation: str, members: Mapping[str, JSON]) -> str | None:
        strike = world.faults.strike_operation("kms", operation, dict(members)) if world.faults else None
        return None if strike is None else strike.error

    keys = Keys(clock.now, guard, strike_key)
    dynamodb.keys = TableKeys(keys)

    def make_apis() -> Apis:
        from emulator.apigateway.apis import Apis  # with Velocity and OpenAPI, which few need

        apis = Apis(
            clock,
            lambdas,
            new_id=world.new_id,
            serve=partial(inside, world),
            pass_time=world.pass_time,
            chance=world.random.random,
            listen=lambda: websockets.listen(settings.host, settings.websocket_port),
        )
        apis.counted = api_counter(metrics)
        return apis

    def make_deployments() -> Deployments:
        from emulator.deploying.regions import Deployments

        return Deployments(given.url)

    def make_pipes() -> Pipes:
        from emulator.eventbridge.pipes import Pipes

        return Pipes(engine, lambdas, run_machine)

    def make_schedules() -> Schedules:
        from emulator.eventbridge.schedules import Schedules

        return Schedules(engine)

    world = World(
        settings=settings,
        clock=clock,
        engine=engine,
        dynamodb=dynamodb,
        lambdas=lambdas,
        logs=Logs(engine.outbox, moto_door.write_log_events, moto_door.has_log_group),
        status_changes=StatusChanges(engine.outbox, clock, _find_bus, execution_counter(metrics)),
        callbacks=Callbacks(secrets.token_bytes() if settings.clock == "wall" else b"repeatable"),
        makers=Makers(make_apis, make_deployments, make_pipes, make_schedules),
        metrics=metrics,
        alarms=Alarms(engine, metrics),
        retention=Retention(clock, settings.keep_executions),
        spill=Spill(),
        datasets=S3Datasets(None if guard is None else _permit(guard)),
        elsewhere=_elsewhere(settings),
        guard=guard,
        keys=keys,
        random=random.Random(given.seed),  # noqa: S311 - the same calls make the same choices
        ids=random.SystemRandom() if settings.clock == "wall" else random.Random(f"ids{given.seed or ''}"),  # noqa: S311 - repeatable
        mocks=Mocks() if given.mocks is None else given.mocks,
        faults=FaultRules() if given.faults is None else given.faults,
        mock_config=given.mock_config,
        coverage=given.coverage,
    )
    lambdas.hit = partial(_hit_function, world.faults)
    return world


def _mock_config(path: Path) -> MockConfig:
    from emulator.integrations.mock_config import MockConfig

    return MockConfig(path)


def _guard(mode: IAM, clock: Clock, dynamodb: Store) -> Guard | None:
    if mode == "off":
        return None
    from emulator.actors import guard_of  # with IAM, which few emulators ask

    return guard_of(mode, clock, dynamodb)


def _permit(guard: Guard) -> Permit:
    from emulator.integrations.permitted import permit_of  # as above

    return permit_of(guard)


def _hit_function(faults: FaultRules, request: Request) -> Invocation | None:
    """What an invocation comes to that a fault hits."""
    if not faults:
        return None
    params: JSON = {"FunctionName": request.name.name, "Payload": loads(request.payload)}
    strike = faults.strike_operation("lambda", "Invoke", params, function=True)
    return None if strike is None else OF_FUNCTIONS[str(strike.error)](request.request_id, strike.delay)


def _elsewhere(settings: Settings) -> Mapping[str, Forward]:
    if settings.dynamodb_endpoint is None:
        return {}
    from emulator.dynamodb.forwarding import SERVICES, forward_to

    return dict.fromkeys(SERVICES, forward_to(settings.dynamodb_endpoint))


def _cluster(address: str) -> Cluster:
    from emulator.lambdas.cluster import Cluster  # which few need at the start

    return Cluster(address)


def _find_bus() -> PutEvent | None:
    """EventBridge, if anybody has used it."""
    return moto_door.put_event if "moto.events.models" in sys.modules else None


def _step_functions() -> Mapping[str, operations.Handler]:
    from emulator.stepfunctions.operations import OPERATIONS

    return OPERATIONS


def _dynamodb() -> Mapping[str, operations.Handler]:
    from emulator.dynamodb.operations import OPERATIONS

    return OPERATIONS


def _cloudformation() -> Mapping[str, operations.Handler]:
    from emulator.deploying.operations import OPERATIONS

    return OPERATIONS


def _cloud_control() -> Mapping[str, operations.Handler]:
    from emulator.deploying.cloud_control import OPERATIONS

    return OPERATIONS


def _iam() -> Mapping[str, operations.Handler]:
    from emulator.simulation import OPERATIONS

    return OPERATIONS


operations.offer("iam", _iam)
operations.offer("cloudcontrol", _cloud_control)
operations.offer("cloudformation", _cloudformation)
operations.offer("stepfunctions", _step_functions)
operations.offer("dynamodb", _dynamodb)
operations.offer("dynamodbstreams", _dynamodb)


def meet_moto(world_of: Callable[[str], World], is_open: Callable[[], bool] = lambda: True) -> None:
    """Show moto's services our tables, and take what they send to state machines and functions, once they are used.

    ``world_of`` finds the world of an account; ``is_open`` says whether there is any: while there is none, moto has
    tables of its own. Of the process, as moto's state is: who comes last counts.
    """
    moto_door.meet(partial(_tell_moto, world_of, is_open))


def _tell_moto(world_of: Callable[[str], World], is_open: Callable[[], bool]) -> None:
    from emulator.encryption.messages import ask_kms
    from emulator.eventbridge.destinations import call_destination
    from emulator.eventbridge.universal import call_any
    from emulator.events.filters import filter_problem
    from emulator.lambdas.deployments import archive_problem

    def owner(arn: str) -> World:
        return world_of(arns.Arn.parse(arn).account)

    def arrived(source: str, *what: Any) -> None:
        if arns.Arn.parse(source).service == "sqs":
            count_message(owner(source).metrics, source)
        owner(source).lambdas.arrived(source, *what)

    def sockets_of(api: str) -> Sockets | None:
        account = moto_door.owner_of_api(api)
        return None if account is None else world_of(account).apis.sockets

    websockets.find_with(sockets_of)
    for service in ("apigateway", "apigatewayv2", "apigatewaymanagementapi"):
        moto_door.answer_here(service, lambda operation, *given: world_of(given[-1][0]).apis.operate(operation, *given))
    moto_door.take_metrics(meters(lambda account: world_of(account).metrics, lambda account: world_of(account).alarms))
    moto_door.take_touched(lambda account, region: world_of(account).alarms.touched(account, region))
    moto_door.show_tables(lambda account: world_of(account).dynamodb if is_open() else None, attach_tables)
    moto_door.take_clock(lambda account: world_of(account).clock.now())
    moto_door.deliver("states", lambda arn, text: _start(owner(arn), arn, text))
    moto_door.deliver("lambda", lambda arn, text: _invoke(owner(arn), arn, text))
    moto_door.deliver("scheduler", lambda arn, text: call_any(owner(arn), arn, text))
    moto_door.take_schedules(lambda account, region: world_of(account).schedules.changed(account, region))
    moto_door.call_destinations(call_destination)
    moto_door.take_pipes(
        moto_door.Plumber(
            has_stream=lambda arn: _has_stream(owner(arn), arn),
            latest_sequences=moto_door.latest_sequences,
            filter_problem=filter_problem,
            changed=lambda account, region: world_of(account).pipes.changed(account, region),
        )
    )
    moto_door.take_topics(moto_door.Web(lambda account: world_of(account).deployments.served_at(), _post))
    moto_door.take_keys(lambda sealed: ask_kms(world_of(sealed.account).keys, sealed))
    moto_door.take_functions(lambda arn, text: _try_to_invoke(owner(arn), arn, text), archive_problem)
    moto_door.take_mappings(
        moto_door.Sources(
            find_function=lambda account, *named: world_of(account).lambdas.mapped_function(account, *named),
            has_stream=lambda arn: _has_stream(owner(arn), arn),
            latest_sequences=moto_door.latest_sequences,
            filter_problem=filter_problem,
            changed=lambda account, region: world_of(account).lambdas.mappings_changed(account, region),
            arrived=arrived,
            pass_time=lambda account, seconds: _pass_time(world_of(account).engine, seconds),
            later=lambda account, *what: world_of(account).lambdas.later(*what),
            in_background=lambda account, *what: world_of(account).lambdas.in_background(*what),
        )
    )


def leave_moto() -> None:
    """Let moto be as it is without us, as far as others could tell: tests of ``mock_aws`` may stand beside ours."""
    if "emulator.moto_door.metrics" in sys.modules:
        moto_door.take_metrics(None)
    moto_door.left()


def _has_stream(world: World, arn: str) -> bool:
    """Whether there is a stream of a table, or of Kinesis, with this ARN."""
    return moto_door.find_stream(arn) is not None or world.lambdas.find_stream(arn) is not None


def _post(url: str, headers: Mapping[str, str], body: str) -> int:
    """Post something to a web server; the status that it answers. Raises OSError: no answer came."""
    from emulator.integrations import web

    return web.send(web.WebRequest("POST", url, tuple(headers.items()), body)).status


def _pass_time(engine: Engine, seconds: float) -> bool:
    """Have time pass for a client that waits for messages.

    A wait of a function's own, or of a Task, takes no virtual time: the loop waits for them, not they for it.
    """
    clock = engine.loop.clock
    if clock.mode == "virtual" and engine.loop.errand_of_this_thread() is None:
        engine.advance(seconds)
    return clock.mode != "wall"


def attach_tables(store_of: Callable[[str], Store | None]) -> None:
    """Put views of our tables into moto's DynamoDB; called once, when moto has been imported."""
    from emulator.dynamodb import registry

    registry.attach(store_of)


def _start(world: World, arn: str, text: str) -> None:
    """Start the state machine that is the target of a rule. Raises Fault where it cannot be started."""
    target = arns.Arn.parse(arn)
    params = {"stateMachineArn": arn, "input": text}
    operations.perform(world, Call("stepfunctions", "StartExecution", params, target.account, target.region, ""))


def _invoke(world: World, arn: str, text: str) -> None:
    """Call a function without waiting for what comes of it. Raises Fault: there is none, or the event is too large."""
    target = arns.Arn.parse(arn)
    name = FunctionName.parse(arn, target.account, target.region)
    world.lambdas.invoke_later(Request(name, text, world.lambdas.new_id()))


def _try_to_invoke(world: World, arn: str, text: str) -> None:
    """Call the function that another service has as its target; if that cannot be, only the log says so."""
    try:
        _invoke(world, arn, text)
    except Fault as fault:
        log.warning("%s could not be invoked: %s", arn, fault)


def _sources(path: Path | None) -> Sources | None:
    """The functions of a folder, or of a template."""
    if path is None:
        return None
    if path.is_dir():
        from emulator.lambdas.folder import Folder

        return Folder(path)
    from emulator.deploying.local_functions import TemplateFunctions  # with YAML, which few need at the start

    return TemplateFunctions(path)
