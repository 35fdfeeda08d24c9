"""The law of threads under load: rules, subscriptions, destinations, mappings, machines and resets, all at once.

    python -m tests.fuzz.law --seconds 60 --seed 1

A server runs with its law of threads asserted. Clients start executions whose Tasks write a table; the table has a
Kinesis destination and a mapping of its stream; status changes go through rules to functions, to another machine and to
targets that are not there; log groups have subscription filters; HTTP clients write the same table and call functions.
Every few seconds all pause, what was sent is counted, and the world is reset under load once. Nothing may hang, no
request may be answered 500, nothing that was sent may be lost, the log may hold no broken law, and SIGTERM ends the
server within two seconds.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.exceptions import ConnectionError as NoConnection

from asl_interpreter.loop.locks import VARIABLE

from .server import ROOT, await_start, control, free_port

ANSWERS_WITHIN = 30.0
"""Real seconds in which any request is answered, on a slow machine too."""
ENDS_WITHIN = 2.0
CLEAN = {"ResourceNotFoundException", "StateMachineDoesNotExist", "ExecutionDoesNotExist", "ServiceUnavailable"}
"""What a request may be refused with when a reset has come between."""
ROLE = "arn:aws:iam::000000000000:role/law"
FUNCTION = "def handler(event, context):\n    print('called')\n    return event\n"


class Server:
    """A server that asserts the law, and what it writes to its log."""

    def __init__(self, folder: Path, clock: str) -> None:
        self.port = free_port()
        self._log = folder / "log"
        command = [sys.executable, "-m", "dynastep", "start", "--port", str(self.port), "--clock", clock]
        with self._log.open("wb") as log:
            environment = {**os.environ, "PYTHONPATH": str(ROOT), VARIABLE: "1"}
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, env=environment)
        await_start(self.port, self.process)

    def client(self, service: str) -> Any:
        """A client that tries once."""
        config = Config(retries={"total_max_attempts": 1}, read_timeout=ANSWERS_WITHIN, max_pool_connections=64)
        return boto3.client(
            service,
            endpoint_url=f"http://127.0.0.1:{self.port}",
            region_name="us-east-1",
            aws_access_key_id="000000000000",
            aws_secret_access_key="any",
            config=config,
        )

    def end(self) -> float:
        """Send SIGTERM; the seconds until the process has ended."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError("SIGTERM does not end the server") from None
        return time.monotonic() - began

    def log(self) -> str:
        """What it has written."""
        return self._log.read_text(errors="replace")


@contextmanager
def served(clock: str) -> Iterator[Server]:
    """A server in a folder of its own."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        server = Server(Path(folder), clock)
        try:
            yield server
        finally:
            server.process.kill()
            server.process.wait()


def furnish(server: Server) -> str:
    """Make everything; the ARN of the machine whose executions are started."""
    states, dynamodb, events = (server.client(name) for name in ("stepfunctions", "dynamodb", "events"))
    kinesis, logs, lambdas, sqs = (server.client(name) for name in ("kinesis", "logs", "lambda", "sqs"))
    function = "arn:aws:lambda:us-east-1:000000000000:function:{}".format
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("app.py", FUNCTION)
    for name in ("notice", "digest", "follow"):
        code = {"ZipFile": archive.getvalue()}
        lambdas.create_function(
            FunctionName=name, Runtime="python3.13", Handler="app.handler", Role=ROLE, Code=code, Timeout=30
        )
    table = dynamodb.create_table(
        TableName="things",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )["TableDescription"]
    kinesis.create_stream(StreamName="changes", ShardCount=1)
    stream = kinesis.describe_stream_summary(StreamName="changes")["StreamDescriptionSummary"]["StreamARN"]
    dynamodb.enable_kinesis_streaming_destination(TableName="things", StreamArn=stream)
    lambdas.create_event_source_mapping(
        EventSourceArn=table["LatestStreamArn"], FunctionName=function("digest"), StartingPosition="TRIM_HORIZON"
    )
    with suppress(ClientError):  # where moto takes it, it has the function called within the write
        lambdas.create_event_source_mapping(
            EventSourceArn=stream, FunctionName=function("digest"), StartingPosition="TRIM_HORIZON"
        )
    for group in ("/aws/lambda/notice", "machine"):
        logs.create_log_group(logGroupName=group)
        logs.put_subscription_filter(
            logGroupName=group, filterName="all", filterPattern="", destinationArn=function("follow")
        )
    log = {"logGroupArn": "arn:aws:logs:us-east-1:000000000000:log-group:machine:*"}
    logging = {"level": "ALL", "destinations": [{"cloudWatchLogsLogGroup": log}]}
    put = {
        "Type": "Task",
        "Resource": "arn:aws:states:::dynamodb:putItem",
        "Parameters": {"TableName": "things", "Item": {"id": {"S.$": "$$.Execution.Name"}}},
        "ResultPath": None,
        "End": True,
    }
    text = json.dumps({"StartAt": "Put", "States": {"Put": put}})
    machine = states.create_state_machine(name="machine", definition=text, roleArn=ROLE, loggingConfiguration=logging)[
        "stateMachineArn"
    ]
    quiet = json.dumps({"StartAt": "End", "States": {"End": {"Type": "Succeed"}}})
    follower = states.create_state_machine(name="follower", definition=quiet, roleArn=ROLE)["stateMachineArn"]
    queue = sqs.create_queue(QueueName="ended")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    detail = {"stateMachineArn": [machine], "status": ["SUCCEEDED"]}
    events.put_rule(Name="ended", EventPattern=json.dumps({"source": ["aws.states"], "detail": detail}))
    targets = [function("notice"), follower, arn, f"{arn}-gone", f"{stream}-gone"]
    entries = [{"Id": str(number), "Arn": each, "RoleArn": ROLE} for number, each in enumerate(targets)]
    events.put_targets(Rule="ended", Targets=entries)
    return str(machine)


class Load:
    """Clients at work on one server."""

    def __init__(self, server: Server, seed: int) -> None:
        self.server = server
        self.seed = seed
        self.started: set[str] = set()
        self.calls: Counter[str] = Counter()
        self.failures: list[str] = []
        self._stop = threading.Event()
        self._machine = ""

    def run(self, seconds: float, *, resets: bool) -> None:
        """Work for so long; with resets, the world is emptied and furnished again meanwhile."""
        self._machine = furnish(self.server)
        self._stop.clear()
        works = [self._start] * 3 + [self._invoke, self._write, self._write, self._look]
        works += [self._reset] if resets else []
        threads = [threading.Thread(target=self._loop, args=(work, number)) for number, work in enumerate(works)]
        for thread in threads:
            thread.start()
        time.sleep(seconds)
        self._stop.set()
        for thread in threads:
            thread.join(2 * ANSWERS_WITHIN)
        assert not any(thread.is_alive() for thread in threads), "a request is never answered"
        assert not self.failures, self.failures[:5]

    def _loop(self, work: Callable[[Random], None], number: int) -> None:
        random = Random(self.seed * 1000 + number)
        while not self._stop.is_set():
            try:
                work(random)
                self.calls[work.__name__] += 1
            except ClientError as error:
                status = error.response["ResponseMetadata"]["HTTPStatusCode"]
                if status >= 500 and error.response["Error"]["Code"] not in CLEAN:
                    self.failures.append(str(error))
            except NoConnection as error:
                self.failures.append(repr(error))
            except Exception as error:  # noqa: BLE001 - told by whoever waits
                self.failures.append(repr(error))

    def _start(self, _random: Random) -> None:
        arn = self.server.client("stepfunctions").start_execution(stateMachineArn=self._machine)["executionArn"]
        self.started.add(arn)

    def _invoke(self, random: Random) -> None:
        kind = random.choice(["Event", "RequestResponse"])
        self.server.client("lambda").invoke(FunctionName="notice", Payload=b"{}", InvocationType=kind)

    def _write(self, random: Random) -> None:
        item = {"id": {"S": f"w{random.randrange(50)}"}, "n": {"N": str(random.randrange(10**9))}}
        self.server.client("dynamodb").put_item(TableName="things", Item=item)

    def _look(self, random: Random) -> None:
        if random.random() < 0.5:
            self.server.client("logs").describe_log_streams(logGroupName="machine")
        else:
            self.server.client("dynamodb").scan(TableName="things", Limit=10)

    def _reset(self, random: Random) -> None:
        self._stop.wait(0.5 + random.random())
        control(self.server.port, "POST", "/_dynastep/reset")
        self.started.clear()
        self._machine = furnish(self.server)

    def check(self) -> None:
        """Nothing is lost: each execution has succeeded, has its item, its record and its message."""
        states, dynamodb = self.server.client("stepfunctions"), self.server.client("dynamodb")
        for arn in self.started:
            self._until(lambda arn=arn: states.describe_execution(executionArn=arn)["status"] != "SUCCEEDED", arn)
        names = {arn.rpartition(":")[2] for arn in self.started}
        items = {
            item["id"]["S"]
            for page in dynamodb.get_paginator("scan").paginate(TableName="things")
            for item in page["Items"]
        }
        assert names <= items, "an execution has not written its item"
        self._until(lambda: len(names - self._recorded()), "a record on the data stream")
        heard: set[str] = set()
        self._until(lambda: len(names - self._heard(heard)), "a message of a rule")

    def _until(self, missing: Callable[[], int], what: str) -> None:
        """Wait until nothing is missing, as long as there is ever less of it."""
        limit, least = time.monotonic() + ANSWERS_WITHIN, missing()
        while left := missing():
            if left < least:
                limit, least = time.monotonic() + ANSWERS_WITHIN, left
            assert time.monotonic() < limit, f"{what} never came; {left} are missing"
            time.sleep(0.05)

    def _recorded(self) -> set[str]:
        kinesis = self.server.client("kinesis")
        at = {"StreamName": "changes", "ShardId": "shardId-000000000000", "ShardIteratorType": "TRIM_HORIZON"}
        iterator, found = kinesis.get_shard_iterator(**at)["ShardIterator"], set()
        while True:
            answer = kinesis.get_records(ShardIterator=iterator)
            found |= {json.loads(each["Data"])["dynamodb"]["Keys"]["id"]["S"] for each in answer["Records"]}
            iterator = answer["NextShardIterator"]
            if not answer["Records"]:
                return found

    def _heard(self, heard: set[str]) -> set[str]:
        sqs = self.server.client("sqs")
        url = sqs.get_queue_url(QueueName="ended")["QueueUrl"]
        for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", ()):
            heard.add(json.loads(message["Body"])["detail"]["name"])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return heard


def run(seconds: float, seed: int, clock: str = "wall") -> tuple[Counter[str], float]:
    """Load a server for so long, half of it with resets; the calls that were answered, and the seconds it took to end."""
    with served(clock) as server:
        load = Load(server, seed)
        load.run(seconds / 2, resets=True)
        control(server.port, "POST", "/_dynastep/reset")
        load.started.clear()
        load.run(seconds / 2, resets=False)
        load.check()
        control(server.port, "GET", "/_dynastep/health")
        took = server.end()
        log = server.log()
        assert took < ENDS_WITHIN, f"SIGTERM took {took:.1f} s"
        assert "The law of threads is broken" not in log, log[log.index("The law of threads is broken") :][:500]
        assert "Traceback" not in log, log[log.index("Traceback") - 300 :][:3000]
        return load.calls, took


def main() -> int:
    """The command; its exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--clock", choices=["wall", "virtual"], default="wall")
    asked = parser.parse_args()
    calls, took = run(asked.seconds, asked.seed, asked.clock)
    told = ", ".join(f"{count:,} {name.strip('_')}" for name, count in sorted(calls.items()))
    print(f"Seed {asked.seed}, {asked.clock}: {told}. Nothing hung or was lost; SIGTERM took {took:.2f} s.")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
