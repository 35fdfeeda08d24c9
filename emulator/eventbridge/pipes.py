"""Pipes at work: a poller, as event source mappings have one, whose batches go through an enrichment to a target.

Sources: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-concepts.html,
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-batching-concurrency.html
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from asl_interpreter.jsontext import JSON, InvalidJSON, dumps, loads
from asl_interpreter.timestamps import iso
from emulator import moto_door
from emulator.arns import Arn
from emulator.events.templates import InvalidTemplate, fill
from emulator.faults import Fault
from emulator.lambdas.functions import FunctionName, Request
from emulator.lambdas.mappings import Mappings, Outcome, Poller, reported_failures
from emulator.lambdas.queues import QueuePoller
from emulator.lambdas.shards import KinesisPoller, ShardPoller
from emulator.lambdas.streams import Record, StreamPoller, TablePoller
from emulator.moto_door import Options, Pipe, ServiceError

if TYPE_CHECKING:
    from asl_interpreter.engine import Engine
    from emulator.lambdas.service import Lambdas

log = logging.getLogger("dynastep")

RunMachine = Callable[[str, str], dict[str, JSON]]
"""Runs an Express state machine, by its ARN, with an input; what StartSyncExecution answers. Raises Fault."""
NOTHING: Final[tuple[JSON, ...]] = (None, "", {}, [])
"""Answers of an enrichment after which the target gets nothing."""


class NotTaken(Exception):
    """An enrichment or a target has failed; the message says how."""


class Pipes:
    """The pipes of one world."""

    def __init__(self, engine: Engine, lambdas: Lambdas, run_machine: RunMachine) -> None:
        self._engine = engine
        self._lambdas = lambdas
        self._run_machine = run_machine
        self._mappings = Mappings(lambdas, self._build)
        lambdas.polling.append(self._mappings)

    def changed(self, account: str, region: str) -> None:
        """Work as moto's registry of an account and region has it now."""
        found = [_configuration(pipe) for pipe in moto_door.running_pipes(account, region)]
        self._engine.ask(lambda: self._mappings.refresh(found, account, region))

    def _build(self, configuration: Mapping[str, Any]) -> Poller:
        if Arn.parse(configuration["EventSourceArn"]).service == "kinesis":
            return _KinesisPipe(self._lambdas, self._engine, configuration, self._shard)
        stream = self._lambdas.find_stream(configuration["EventSourceArn"])
        if stream is None:
            return _QueuePipe(self._lambdas, self._engine, configuration, self._run_machine)
        return _TablePipe(self._lambdas, self._engine, configuration, self._run_machine, stream)

    def _shard(self, configuration: Mapping[str, Any], shard: str) -> ShardPoller:
        return _ShardPipe(self._lambdas, self._engine, configuration, self._run_machine, shard)


def _configuration(pipe: Pipe) -> dict[str, Any]:
    """A pipe as a poller wants it: by the names of an event source mapping."""
    given = pipe.of_source
    return {
        "UUID": pipe.arn,
        "Pipe": pipe,
        "EventSourceArn": pipe.source,
        "State": "Enabled",
        "LatestSequences": pipe.latest_sequences,
        "FilterCriteria": pipe.source_parameters.get("FilterCriteria"),
        "BatchSize": given.get("BatchSize", 10 if Arn.parse(pipe.source).service == "sqs" else 100),
        "BisectBatchOnFunctionError": given.get("OnPartialBatchItemFailure") == "AUTOMATIC_BISECT",
        **{
            name: given[name]
            for name in (
                *("MaximumBatchingWindowInSeconds", "StartingPosition", "StartingPositionTimestamp"),
                *("MaximumRetryAttempts", "MaximumRecordAgeInSeconds"),
            )
            if name in given
        },
    }


class _OfPipe(Poller):
    """A poller of a pipe."""

    @property
    def pipe(self) -> Pipe:
        pipe: Pipe = self.configuration["Pipe"]
        return pipe

    @property
    def receiver(self) -> str:
        return f"the pipe {self.pipe.name}"


class _Piped(_OfPipe):
    """What becomes of a batch of a pipe."""

    run_machine: RunMachine

    async def invoke(self, items: Sequence[JSON], identifiers: Sequence[str]) -> Outcome:
        try:
            events: list[JSON] = list(items)
            if self.pipe.enrichment:
                template = self.pipe.enrichment_parameters.get("InputTemplate")
                answer = await self._enriched(self._templated(events, template))
                if answer in NOTHING:
                    return Outcome(frozenset())
                events = answer if isinstance(answer, list) else [answer]
            events = self._templated(events, self.pipe.target_parameters.get("InputTemplate"))
            return Outcome(await self._sent(events, identifiers))
        except (NotTaken, InvalidTemplate, Fault, ServiceError) as error:
            log.warning("The pipe %s could not hand on what has come: %s", self.pipe.name, error)
            return Outcome(None)

    def _templated(self, events: Sequence[JSON], template: str | None) -> list[JSON]:
        if not template:
            return list(events)
        pipe = self.pipe
        known: dict[str, JSON] = {
            "aws.pipes.pipe-arn": pipe.arn,
            "aws.pipes.pipe-name": pipe.name,
            "aws.pipes.source-arn": pipe.source,
            "aws.pipes.enrichment-arn": pipe.enrichment,
            "aws.pipes.target-arn": pipe.target,
            "aws.pipes.event.ingestion-time": iso(self.loop.clock.now()),
        }
        return [
            fill(template, event, known | {"aws.pipes.event": event, "aws.pipes.event.json": event}) for event in events
        ]

    async def _enriched(self, events: list[JSON]) -> JSON:
        """What the enrichment answers."""
        if Arn.parse(self.pipe.enrichment).service == "lambda":
            text = await self._called(self.pipe.enrichment, events)
        else:
            text = await self._ran(self.pipe.enrichment, events)
        try:
            return loads(text)
        except InvalidJSON:
            return text

    async def _sent(self, events: list[JSON], identifiers: Sequence[str]) -> frozenset[str] | None:
        """Hand a batch to the target; the items that failed, None if all did."""
        pipe, parameters = self.pipe, self.pipe.target_parameters
        service = Arn.parse(pipe.target).service
        if service == "lambda":
            if parameters.get("LambdaFunctionParameters", {}).get("InvocationType") != "FIRE_AND_FORGET":
                return reported_failures(await self._called(pipe.target, events), identifiers)
            await self._send(dumps(events), Options())
        elif service == "states":
            kind = parameters.get("StepFunctionStateMachineParameters", {}).get("InvocationType")
            if kind == "REQUEST_RESPONSE":
                return reported_failures(await self._ran(pipe.target, events), identifiers)
            await self._send(dumps(events), Options())
        else:
            options = Options(
                parameters.get("SqsQueueParameters", {}).get("MessageGroupId", ""),
                parameters.get("KinesisStreamParameters", {}).get("PartitionKey", ""),
                parameters.get("EventBridgeEventBusParameters", {}).get("Source", f"Pipe {pipe.name}"),
                parameters.get("EventBridgeEventBusParameters", {}).get("DetailType", "Event from aws:pipes"),
            )
            for event in events:
                await self._send(event if isinstance(event, str) else dumps(event), options)
        return frozenset()

    async def _send(self, text: str, options: Options) -> None:
        arn = Arn.parse(self.pipe.arn)
        await self.outside(partial(moto_door.send, self.pipe.target, text, options, arn.account, arn.region))

    async def _called(self, function: str, events: list[JSON]) -> str:
        """What a function answers."""
        name = FunctionName.parse(function, "", "")
        request = Request(name, dumps(events), self.lambdas.new_id())
        apart = self.lambdas.runs_apart(name.arn, name.account, name.region)
        _, invocation = await self.outside(lambda: self.lambdas.invoke(request), apart=apart)
        if invocation.after:
            await self.loop.sleep(invocation.after, self.name)
        if invocation.failed:
            raise NotTaken(f"{function} has failed: {invocation.payload}")
        payload: str = invocation.payload
        return payload

    async def _ran(self, machine: str, events: list[JSON]) -> str:
        """What an Express state machine puts out."""
        answer = await self.outside(partial(self.run_machine, machine, dumps(events)))
        if answer["status"] != "SUCCEEDED":
            raise NotTaken(f"{machine} has ended with {answer['status']}: {answer.get('cause', '')}")
        output: str = answer["output"]
        return output


class _QueuePipe(_Piped, QueuePoller):
    def __init__(
        self, lambdas: Lambdas, engine: Engine, configuration: Mapping[str, Any], run_machine: RunMachine
    ) -> None:
        self.run_machine = run_machine
        super().__init__(lambdas, engine, configuration)


class _StreamPipe(_Piped, StreamPoller):
    """What becomes of a batch of a stream that is given up."""

    async def _discard(self, records: list[Record], condition: str, count: int, _outcome: Outcome) -> None:
        """Tell the dead-letter queue or topic, if there is one."""
        target = self.pipe.of_source.get("DeadLetterConfig", {}).get("Arn")
        if not target:
            return
        content: dict[str, JSON] = {
            "context": {
                "partnerResourceArn": self.pipe.arn,
                "condition": condition,
                "approximateInvokeCount": count,
            },
            "version": "1.0",
            "timestamp": iso(self.loop.clock.now()),
            self.info: self.described(records),
        }
        arn = Arn.parse(target)
        send = partial(moto_door.send, target, dumps(content), Options(), arn.account, arn.region)
        try:
            await self.outside(send)
        except (Fault, ServiceError) as error:
            log.warning("The dead-letter target of the pipe %s did not take a batch: %s", self.pipe.name, error)


class _TablePipe(_StreamPipe, TablePoller):
    def __init__(
        self, lambdas: Lambdas, engine: Engine, configuration: Mapping[str, Any], run_machine: RunMachine, stream: Any
    ) -> None:
        self.run_machine = run_machine
        TablePoller.__init__(self, lambdas, engine, configuration, stream)


class _ShardPipe(_StreamPipe, ShardPoller):
    """A shard of a stream of Kinesis; what a record has of its own stands beside the rest."""

    def __init__(
        self, lambdas: Lambdas, engine: Engine, configuration: Mapping[str, Any], run_machine: RunMachine, shard: str
    ) -> None:
        self.run_machine = run_machine
        ShardPoller.__init__(self, lambdas, engine, configuration, shard)

    def record(self, found: moto_door.KinesisRecord) -> Record:
        record = super().record(found)
        return {**record.pop("kinesis"), **record}

    def content(self, record: Record) -> dict[str, JSON]:
        return record


class _KinesisPipe(_OfPipe, KinesisPoller):
    """A stream of Kinesis."""
