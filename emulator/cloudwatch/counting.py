"""Counting: what each service counts of itself, by AWS's names of metrics, dimensions and units.

Sources: https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html,
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html,
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from emulator import moto_door
from emulator.arns import Arn
from emulator.cloudwatch.metrics import Metrics, Place
from emulator.cloudwatch.reading import data, list_metrics, statistics
from emulator.cloudwatch.series import Metric
from emulator.cloudwatch.watching import Alarms, rule_problem

if TYPE_CHECKING:
    from asl_interpreter.running.execution import Execution
    from emulator.lambdas.functions import FunctionName

_ENDED: Final[Mapping[str, str]] = {
    "SUCCEEDED": "ExecutionsSucceeded",
    "FAILED": "ExecutionsFailed",
    "TIMED_OUT": "ExecutionsTimedOut",
    "ABORTED": "ExecutionsAborted",
}


def execution_counter(metrics: Metrics) -> Callable[[Execution], None]:
    """Counts the executions of state machines as they start and end."""

    @lru_cache(maxsize=1024)
    def tally(state_machine: str, name: str, unit: str = "Count") -> Callable[[float], None]:
        arn = Arn.parse(state_machine)
        metric = Metric("AWS/States", name, (("StateMachineArn", state_machine),))
        return metrics.tally((arn.account, arn.region), metric, unit)

    def count(execution: Execution) -> None:
        arn = execution.start.state_machine_arn
        ended = _ENDED.get(execution.status)
        if ended is None:
            tally(arn, "ExecutionsStarted" if execution.redriven_at is None else "ExecutionsRedriven")(1.0)
            return
        tally(arn, ended)(1.0)
        if execution.stopped_at is not None:
            took = (execution.stopped_at - execution.started_at) * 1000
            tally(arn, "ExecutionTime", "Milliseconds")(took)

    return count


def invocation_counter(metrics: Metrics) -> Callable[[FunctionName, str, float], None]:
    """Counts the invocations of functions, of each by itself and of all together."""

    def count(name: FunctionName, metric: str, value: float) -> None:
        unit = "Milliseconds" if metric == "Duration" else "Count"
        place = name.account, name.region
        of_function = [("FunctionName", name.name)]
        several = [(), tuple(of_function)]
        if name.qualifier:
            several.append((*of_function, ("Resource", f"{name.name}:{name.qualifier}")))
        for dimensions in several:
            metrics.count(place, Metric("AWS/Lambda", metric, dimensions), value, unit)

    return count


def api_counter(metrics: Metrics) -> Callable[[Place, str, str, str, int, float], None]:
    """Counts the requests to APIs: place, kind, API (its name, or the id of an HTTP API), stage, status, seconds."""

    def count(place: Place, kind: str, api: str, stage: str, status: int, seconds: float) -> None:
        named = ("ApiName" if kind == "REST" else "ApiId", api)
        errors = ("4XXError", "5XXError") if kind == "REST" else ("4xx", "5xx")
        for dimensions in ((named,), (named, ("Stage", stage))):
            metrics.count(place, Metric("AWS/ApiGateway", "Count", dimensions))
            for name, hundred in zip(errors, (4, 5), strict=True):
                metrics.count(place, Metric("AWS/ApiGateway", name, dimensions), float(status // 100 == hundred))
            metrics.count(place, Metric("AWS/ApiGateway", "Latency", dimensions), seconds * 1000, "Milliseconds")

    return count


def count_message(metrics: Metrics, queue: str) -> None:
    """Count a message that has come to a queue, by its ARN."""
    arn = Arn.parse(queue)
    metric = Metric("AWS/SQS", "NumberOfMessagesSent", (("QueueName", arn.resource),))
    metrics.count((arn.account, arn.region), metric)


def meters(metrics_of: Callable[[str], Metrics], alarms_of: Callable[[str], Alarms]) -> moto_door.Meters:
    """Who answers for the metrics and alarms of an account."""

    def asked(read: Callable[[Metrics, Place, Mapping[str, Any]], list[dict[str, Any]]]) -> Any:
        return lambda account, region, params: read(metrics_of(account), (account, region), params)

    return moto_door.Meters(
        put=lambda account, region, namespace, given: metrics_of(account).put((account, region), namespace, given),
        found=asked(list_metrics),
        statistics=asked(statistics),
        data=asked(data),
        changed=lambda account, region: alarms_of(account).changed(account, region),
        set=lambda account, region, name, before: alarms_of(account).set(account, region, name, before),
        rule_problem=rule_problem,
    )
