"""Patches: the functions of moto's that others stand in for here, in one table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from emulator.moto_door import (
    bucket_events,
    buckets,
    clock,
    deletions,
    event_operations,
    event_refusals,
    events,
    functions,
    keys,
    kinesis,
    log_filters,
    logs,
    managed_policies,
    mappings,
    metric_filters,
    metrics,
    pipes,
    pools,
    queues,
    schedule_refusals,
    schedules,
    sns,
    sqs,
    topics,
    vpc_endpoints,
)
from emulator.moto_door.models import create_loader
from emulator.moto_door.state import make_untracked


class Patch(NamedTuple):
    """What stands in place of a function or a value of moto's."""

    target: str
    """Where it is: a module, a colon, a name inside the module."""
    make: Callable[[Any], Any]
    """Takes moto's own and gives what stands in its place."""
    known: frozenset[str]
    """Digests of moto's own, of all versions that the patch is known to fit."""

    @property
    def module(self) -> str:
        """The module that the target is in."""
        return self.target.partition(":")[0]


def _patch(target: str, make: Callable[[Any], Any], *known: str) -> Patch:
    return Patch(f"moto.{target}", make, frozenset(known))


PATCHES: Final[Mapping[str, tuple[Patch, ...]]] = {
    "awslambda": (
        _patch("awslambda.models:LambdaFunction.__init__", functions.make_function, "70a285222b4a"),
        _patch("awslambda.models:LambdaFunction.get_configuration", functions.get_configuration, "803fb04bffde"),
        _patch("awslambda.models:LambdaFunction.update_configuration", functions.update_configuration, "eca1cdec066f"),
        _patch("awslambda.models:LambdaFunction._set_function_code", functions.set_function_code, "957d1b7dabb6"),
        _patch("awslambda.models:LambdaFunction.invoke", functions.invoke, "dadc324f30ae"),
        _patch("awslambda.models:LambdaStorage.put_function", functions.put_function, "a8d9b7ee8e5d"),
        _patch(
            "awslambda.models:LambdaBackend.put_function_event_invoke_config",
            functions.put_event_invoke_config,
            "5553f19f0894",
        ),
        _patch(
            "awslambda.models:LambdaBackend.create_event_source_mapping",
            mappings.create_event_source_mapping,
            "19f8125cabf7",
        ),
        _patch(
            "awslambda.models:LambdaBackend.update_event_source_mapping",
            mappings.update_event_source_mapping,
            "7ec08b40f6d0",
        ),
        _patch(
            "awslambda.models:LambdaBackend.delete_event_source_mapping",
            mappings.delete_event_source_mapping,
            "0df9c39da24e",
        ),
    ),
    "athena": (
        _patch("athena.models:time", clock.time_module, "f1dc5ef1ab1d"),
        _patch("athena.responses:AthenaResponse", deletions.answer_athena, "e53d38c08d7f"),
    ),
    "codedeploy": (_patch("codedeploy.responses:CodeDeployResponse", deletions.answer_codedeploy, "adb018547c71"),),
    "cognitoidentity": (
        _patch("cognitoidentity.models:utcnow", clock.real_utcnow, "7b8bb404c4f6"),
        _patch("cognitoidentity.responses:CognitoIdentityResponse", deletions.answer_cognitoidentity, "c46f32640d47"),
    ),
    "elasticache": (_patch("elasticache.responses:ElastiCacheResponse", deletions.answer_elasticache, "a26a414200ec"),),
    "wafv2": (
        _patch("wafv2.models:FakeIPSet.__init__", deletions.new_token, "931c8efa9f1b"),
        _patch("wafv2.models:FakeIPSet.update", deletions.new_token, "e76a06a3bc83"),
    ),
    "cloudwatch": (
        _patch("cloudwatch.models:CloudWatchBackend.put_metric_alarm", metrics.put_metric_alarm, "aff786ddccbc"),
        _patch("cloudwatch.models:CloudWatchBackend.delete_alarms", metrics.changes_alarms, "3602fd647ddc"),
        _patch("cloudwatch.models:CloudWatchBackend.set_alarm_state", metrics.acts_on_state, "a25532144b2a"),
        _patch("cloudwatch.models:CloudWatchBackend.put_metric_data", metrics.put_metric_data, "300dda002442"),
        _patch("cloudwatch.responses:CloudWatchResponse", metrics.answer_metrics, "32ec641d3f3d"),
    ),
    "cognitoidp": (
        _patch("cognitoidp.models:CognitoIdpUserPool.create_jwt", pools.create_jwt, "73889b186eb2"),
        _patch("cognitoidp.responses:CognitoIdpResponse", deletions.answer_cognitoidp, "f706b7507f3a"),
    ),
    "core": (
        # Any region is one: a test may call its own "local".
        _patch("core.utils:utcnow", clock.utcnow, "7b8bb404c4f6"),
        _patch("core.base_backend:allow_unknown_region", lambda _theirs: lambda: True, "ddb99cfb67ca"),
        # moto keeps every instance that is ever made, for a page that shows them.
        _patch("core.common_models:BaseModel.__new__", make_untracked, "08cf0ef20e88"),
        _patch("core.loaders:create_loader", create_loader, "b94f7ea2b2fa"),
    ),
    "iam": (
        _patch("iam.models:IAMBackend._init_aws_policies", managed_policies.init_aws_policies, "b3f2c8c3a9c6"),
        _patch("iam.models:IAMBackend._init_managed_policies", managed_policies.init_managed_policies, "fb61ef428691"),
    ),
    "ec2": (_patch("ec2.models.vpcs:create_dns_entries", vpc_endpoints.create_dns_entries, "dc277d1afb7d"),),
    "events": (
        _patch("events.models:Rule.send_to_targets", events.send_to_targets, "472e002e2dab"),
        _patch("events.models:EventPatternParser.parse", events.parse_pattern, "2681906d428c"),
        _patch("events.models:EventPattern.matches_event", events.matches_event, "3e71eb7ff590"),
        _patch("events.responses:EventsHandler", event_operations.answer, "c7a7b3c837d6"),
        _patch("events.models:EventsBackend.describe_rule", event_refusals.describe_rule, "4546dfe2a5bd"),
        _patch("events.models:EventsBackend.update_archive", event_refusals.update_archive, "f1d3846aed30"),
        _patch("events.models:EventsBackend.start_replay", event_refusals.start_replay, "39f1779179d9"),
        _patch("events.models:Replay.replay_events", events.replay_events, "9752fdb56ebb"),
        _patch("events.models:EventsBackend.put_rule", schedules.put_rule, "28bf0ac76b1b"),
        _patch("events.models:EventsBackend.delete_rule", schedules.changes_schedules, "cce3b9511f72"),
        _patch("events.models:EventsBackend.enable_rule", schedules.changes_schedules, "e34ebc497b11"),
        _patch("events.models:EventsBackend.disable_rule", schedules.changes_schedules, "64d050344a24"),
        _patch("events.models:EventsBackend.put_events", events.put_events, "c56f6ac1f932"),
        _patch("events.utils:EventTemplateParser.DEFAULT_EVENT_INPUT_TEMPLATE", events.event_template, "bed7e495ddc0"),
        _patch("events.notifications:_invoke_lambda", events.invoke_lambda, "abb471eef572"),
        _patch("events.notifications:_start_sfn_execution", events.start_execution, "1cefecbfd09c"),
    ),
    "kinesis": (
        _patch("kinesis.models:Stream.put_record", kinesis.put_record, "cafda0597b23"),
        _patch("kinesis.models:KinesisBackend.get_shard_iterator", kinesis.get_shard_iterator, "b17eb27841e5"),
        _patch("kinesis.models:Stream.split_shard", kinesis.keeps_records, "be63bfceacc5"),
        _patch("kinesis.models:Stream.merge_shards", kinesis.keeps_records, "b490bf5802c8"),
    ),
    "kms": (
        _patch("kms.models:KmsBackend._generate_default_keys", keys.generate_default_keys, "38888f7312b2"),
        _patch("kms.responses:KmsResponse._validate_cmk_id", keys.validate_cmk_id, "063b9cdd2ff8"),
        _patch("kms.models:KmsBackend.create_key", keys.create_key, "8fe561c750e1"),
        _patch("kms.models:KmsBackend.list_keys", keys.list_keys, "1879f2fbc53f"),
        _patch("kms.models:KmsBackend.encrypt", keys.encrypt, "bc36789dcd19"),
        _patch("kms.models:KmsBackend.decrypt", keys.decrypt, "52b413fa59da"),
        *(
            _patch(f"kms.models:KmsBackend.{name}", keys.change_state, digest)
            for name, digest in (
                ("enable_key", "9bfe9d7ee5df"),
                ("disable_key", "1ff4941e3a72"),
                ("cancel_key_deletion", "7a719485219b"),
                ("schedule_key_deletion", "1b7e09ff9b72"),
            )
        ),
    ),
    "logs": (
        _patch("logs.models:LogsBackend.put_log_events", logs.put_log_events, "9413dbc08c42"),
        _patch("logs.models:EventMessageFilter", log_filters.event_message_filter, "81f8435c8b05"),
        _patch("logs.models:LogsBackend.put_subscription_filter", log_filters.put_subscription_filter, "fb9f70a87b8e"),
        _patch("logs.models:LogGroup.put_subscription_filter", log_filters.put_in_group, "45d68391814f"),
        _patch("logs.models:LogsBackend.put_metric_filter", metric_filters.put_metric_filter, "f289fb5a7b02"),
        _patch("logs.models:LogStream.put_log_events", metric_filters.put_log_events, "b07b0d5ae328", "bbc8f6d18edd"),
        _patch("logs.models:LogStream._send_log_events", log_filters.send_log_events, "28c8e81b695b"),
    ),
    "pipes": (
        _patch("pipes.models:EventBridgePipesBackend.create_pipe", pipes.create_pipe, "7c571ac36a9f"),
        _patch("pipes.models:EventBridgePipesBackend.update_pipe", pipes.update_pipe, "e3fb7e9f03f5"),
        _patch("pipes.models:EventBridgePipesBackend.delete_pipe", pipes.changes_pipes, "915e57945867"),
        _patch("pipes.models:EventBridgePipesBackend.start_pipe", pipes.changes_pipes, "92042f2b62ef"),
        _patch("pipes.models:EventBridgePipesBackend.stop_pipe", pipes.changes_pipes, "6254fe8d73e2"),
        _patch("pipes.models:Pipe.advance", pipes.advance, "20b08953434b"),
    ),
    "s3": (
        _patch("s3.models:FakeBucket.get_permission", buckets.get_permission, "7571412a3495"),
        _patch("s3.notifications:send_event", bucket_events.send_event, "da8a7c7c6f2b"),
        _patch("s3.notifications:send_test_event", bucket_events.send_test_event, "89bc68c5842c"),
        _patch("s3.models:S3Backend._set_delete_marker", bucket_events.set_delete_marker, "f95d9e59e39f"),
        _patch("s3.responses:S3Response.put_object_tagging", bucket_events.put_object_tagging, "08d79877601f"),
    ),
    "scheduler": (
        _patch("scheduler.responses:EventBridgeSchedulerResponse", schedule_refusals.answer, "6a627e4c5d6d"),
        _patch(
            "scheduler.models:EventBridgeSchedulerBackend.create_schedule", schedules.create_schedule, "513099380dbd"
        ),
        _patch(
            "scheduler.models:EventBridgeSchedulerBackend.update_schedule", schedules.update_schedule, "15f9bd86f239"
        ),
        _patch(
            "scheduler.models:EventBridgeSchedulerBackend.delete_schedule", schedules.changes_schedules, "4569544648c9"
        ),
        _patch("scheduler.models:Schedule._validate_start_date", schedules.validate_start_date, "92173132fbad"),
        _patch(
            "scheduler.models:EventBridgeSchedulerBackend.create_schedule_group",
            schedules.create_schedule_group,
            "df4eaafc4045",
        ),
        _patch(
            "scheduler.models:EventBridgeSchedulerBackend.delete_schedule_group",
            schedules.delete_schedule_group,
            "2372efcd19b8",
        ),
        _patch(
            "scheduler.responses:EventBridgeSchedulerResponse.update_schedule",
            schedules.answer_update_schedule,
            "780176192c31",
        ),
    ),
    "sns": (
        _patch("sns.models:Topic.publish", topics.publish_from_service, "8a3b92494536"),
        _patch("sns.responses:SNSResponse", sns.answer, "dc346cfc58a4"),
    ),
    "secretsmanager": (_patch("secretsmanager.models:time", clock.time_module, "f1dc5ef1ab1d"),),
    "sts": (_patch("sts.models:utcnow", clock.real_utcnow, "7b8bb404c4f6"),),
    "sqs": (
        _patch("sqs.models:Message.visible", queues.is_visible, "5129b573308d"),
        _patch("sqs.models:Message.mark_received", queues.mark_received, "98e7ec115c7f"),
        _patch("sqs.models:Queue.add_message", queues.add_message, "f27c9231c1f2"),
        _patch("sqs.models:SQSBackend.receive_message", queues.receive_message, "065f3e5e7d21"),
        _patch("sqs.models:SQSBackend.is_message_valid_based_on_retention_period", queues.is_retained, "cca23b94a5f3"),
        _patch("sqs.responses:SQSResponse", sqs.answer, "7f5bcf1b9930", "272772f8f969"),
    ),
}
"""Package of moto -> its patches."""
