"""The operations of CloudFormation that are answered here; what is absent is refused by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.deploying import change_sets, descriptions, drift, registry, stack_set_operations
from emulator.deploying import stack_operations as stacks

if TYPE_CHECKING:
    from emulator.wire.operations import Handler

OPERATIONS: dict[str, Handler] = {
    **registry.OPERATIONS,
    **stack_set_operations.OPERATIONS,
    "CancelUpdateStack": stacks.cancel_update_stack,
    "ContinueUpdateRollback": stacks.continue_update_rollback,
    "CreateChangeSet": change_sets.create_change_set,
    "CreateStack": stacks.create_stack,
    "DeleteChangeSet": change_sets.delete_change_set,
    "DeleteStack": stacks.delete_stack,
    "DescribeAccountLimits": descriptions.describe_account_limits,
    "DescribeChangeSet": change_sets.describe_change_set,
    "DescribeChangeSetHooks": change_sets.describe_change_set_hooks,
    "DescribeEvents": descriptions.describe_events,
    "DescribeStackDriftDetectionStatus": drift.describe_stack_drift_detection_status,
    "DescribeStackEvents": descriptions.describe_stack_events,
    "DescribeStackResource": descriptions.describe_stack_resource,
    "DescribeStackResourceDrifts": drift.describe_stack_resource_drifts,
    "DescribeStackResources": descriptions.describe_stack_resources,
    "DescribeStacks": descriptions.describe_stacks,
    "DetectStackDrift": drift.detect_stack_drift,
    "DetectStackResourceDrift": drift.detect_stack_resource_drift,
    "ExecuteChangeSet": change_sets.execute_change_set,
    "GetStackPolicy": stacks.get_stack_policy,
    "GetTemplate": descriptions.get_template,
    "GetTemplateSummary": descriptions.get_template_summary,
    "ListChangeSets": change_sets.list_change_sets,
    "ListExports": descriptions.list_exports,
    "ListImports": descriptions.list_imports,
    "ListStackResources": descriptions.list_stack_resources,
    "ListStacks": descriptions.list_stacks,
    "RollbackStack": stacks.rollback_stack,
    "SetStackPolicy": stacks.set_stack_policy,
    "UpdateStack": stacks.update_stack,
    "UpdateTerminationProtection": stacks.update_termination_protection,
    "ValidateTemplate": descriptions.validate_template,
}
