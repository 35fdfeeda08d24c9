"""The operations of Step Functions, and what performs each."""

from __future__ import annotations

from emulator.stepfunctions import (
    activities,
    callbacks,
    executions,
    map_runs,
    redrives,
    state_machines,
    tags,
    teststate,
    validation,
    versions,
)
from emulator.wire.operations import Handler

OPERATIONS: dict[str, Handler] = {
    "CreateActivity": activities.create_activity,
    "CreateStateMachine": state_machines.create_state_machine,
    "CreateStateMachineAlias": versions.create_state_machine_alias,
    "DeleteActivity": activities.delete_activity,
    "DeleteStateMachine": state_machines.delete_state_machine,
    "DeleteStateMachineAlias": versions.delete_state_machine_alias,
    "DeleteStateMachineVersion": versions.delete_state_machine_version,
    "DescribeActivity": activities.describe_activity,
    "DescribeExecution": executions.describe_execution,
    "DescribeMapRun": map_runs.describe_map_run,
    "DescribeStateMachine": state_machines.describe_state_machine,
    "DescribeStateMachineAlias": versions.describe_state_machine_alias,
    "DescribeStateMachineForExecution": state_machines.describe_state_machine_for_execution,
    "GetActivityTask": activities.get_activity_task,
    "GetExecutionHistory": executions.get_execution_history,
    "ListActivities": activities.list_activities,
    "ListExecutions": executions.list_executions,
    "ListMapRuns": map_runs.list_map_runs,
    "ListStateMachineAliases": versions.list_state_machine_aliases,
    "ListStateMachineVersions": versions.list_state_machine_versions,
    "ListStateMachines": state_machines.list_state_machines,
    "ListTagsForResource": tags.list_tags_for_resource,
    "PublishStateMachineVersion": versions.publish_state_machine_version,
    "RedriveExecution": redrives.redrive_execution,
    "SendTaskFailure": callbacks.send_task_failure,
    "SendTaskHeartbeat": callbacks.send_task_heartbeat,
    "SendTaskSuccess": callbacks.send_task_success,
    "StartExecution": executions.start_execution,
    "StartSyncExecution": executions.start_sync_execution,
    "StopExecution": executions.stop_execution,
    "TagResource": tags.tag_resource,
    "TestState": teststate.test_state,
    "UntagResource": tags.untag_resource,
    "UpdateMapRun": map_runs.update_map_run,
    "UpdateStateMachine": state_machines.update_state_machine,
    "UpdateStateMachineAlias": versions.update_state_machine_alias,
    "ValidateStateMachineDefinition": validation.validate_state_machine_definition,
}
"""Operations of the service -> what performs them. What is not here is answered with an error that names it."""
