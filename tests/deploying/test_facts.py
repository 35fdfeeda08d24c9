"""Each fact of what CloudFormation does, by its number in the collection of facts, and the tests that hold it.

The collection, facts/cloudformation.md, is not part of the repository; where it is found beside it, the numbers here are
compared with its own.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
COLLECTION = HERE.parents[2] / "shared" / "facts" / "cloudformation.md"

HELD = {
    1: "a_change_set_of_a_new_name_makes_a_stack_in_review a_name_begins_with_a_letter",
    2: "an_executed_change_set_has_made_the_stack_and_its_outputs a_change_set_without_changes_has_failed",
    3: "a_change_set_of_a_new_name_makes_a_stack_in_review",
    4: "changes_are_sorted_a_longer_name_before_its_own_beginning changes_say_what_is_replaced_and_why",
    5: "changes_say_what_is_replaced_and_why a_change_that_another_one_causes_names_it",
    6: "changes_say_what_is_replaced_and_why what_is_not_known_before_it_is_made_is_said_so",
    7: "a_change_set_of_a_new_name_makes_a_stack_in_review create_stack_takes_up_a_stack_in_review "
    "a_deleted_change_set_leaves_the_stack_in_review",
    8: "what_is_not_there_is_said_so a_deleted_stack_is_named_by_its_id",
    9: "a_change_set_without_changes_has_failed a_change_set_of_no_changes_says_so_in_the_words_for_transforms",
    10: "other_outputs_or_tags_alone_are_a_change conditions_may_leave_no_resource_at_all",
    11: "an_executed_change_set_takes_the_others_away_and_outlives_the_stack an_obsolete_change_set_is_not_executed",
    12: "what_is_not_there_is_said_so",
    13: "what_is_not_there_is_said_so",
    14: "a_name_is_taken_once_unless_the_request_is_the_same",
    15: "an_executed_change_set_has_made_the_stack_and_its_outputs a_stack_shows_what_it_has",
    16: "resources_that_are_there_become_those_of_a_stack what_cannot_be_imported_leaves_the_stack_as_it_was",
    17: "an_included_file_that_is_not_there_fails_the_change_set "
    "a_macro_of_the_account_changes_the_template_or_fails_it_in_its_words",
    18: "events_are_described_for_a_failed_change_set a_property_that_is_missing_or_unknown_fails_the_change_set "
    "a_name_that_is_taken_fails_the_change_set validation_can_be_left_out",
    19: "cdk",
    20: "sam",
    21: "aws_cloudformation_deploy",
    22: "serverless",
    23: "terraforms_stack",
    24: "a_stack_shows_what_it_has",
    25: "a_deleted_stack_is_found_by_its_id_alone",
    26: "names_of_stacks",
    27: "a_created_stack_has_these_events",
    28: "an_update_replaces_changes_and_removes",
    29: "resources_are_made_in_the_order_in_which_they_need_each_other",
    30: "siblings_of_what_fails_are_cancelled an_update_cancels_what_waits_too a_creation_that_fails_rolls_back an_update_that_fails_goes_back_to_what_was",
    31: "a_creation_that_fails_rolls_back",
    32: "a_creation_that_fails_rolls_back a_protected_stack_is_not_deleted_and_a_protected_table_fails_the_deletion",
    33: "an_update_of_nothing_is_refused",
    34: "exports_are_unique_and_kept_while_they_are_imported an_export_in_use_is_not_changed",
    35: "a_protected_stack_is_not_deleted_and_a_protected_table_fails_the_deletion",
    36: "a_deleted_stack_is_found_by_its_id_alone "
    "a_protected_stack_is_not_deleted_and_a_protected_table_fails_the_deletion",
    37: "a_resource_whose_condition_is_false_is_not_there resources_are_listed_by_name",
    38: "parameters_are_shown_as_given_and_as_resolved another_value_of_a_parameter_of_systems_manager_is_a_change",
    39: "tags_of_the_stack_and_what_a_machine_made_of_a_template_is",
    40: "a_body_of_more_than_51200_bytes_is_refused a_template_is_found_by_any_address_of_the_emulator "
    "a_template_has_so_many_members_and_no_more",
    41: "what_is_no_template_is_refused_and_leaves_no_stack",
    42: "what_is_no_template_is_refused_and_leaves_no_stack",
    43: "what_is_no_template_is_refused_and_leaves_no_stack",
    44: "what_is_no_template_is_refused_and_leaves_no_stack",
    45: "an_attribute_that_a_type_lacks_fails_the_stack",
    46: "what_is_no_template_is_refused_and_leaves_no_stack",
    47: "what_is_no_template_is_refused_and_leaves_no_stack parameters_that_the_template_lacks_are_refused "
    "a_previous_value_needs_a_stack_that_has_one",
    48: "capabilities_have_to_be_given capabilities_are_asked_for_when_a_change_set_is_executed",
    49: "a_macro_that_is_not_there_fails_by_name what_is_no_template_is_refused_and_leaves_no_stack",
    50: "validation_tells_what_a_template_needs a_deleted_change_set_leaves_the_stack_in_review "
    "loops_make_resources_of_each_value",
    51: "what_is_no_template_is_refused_and_leaves_no_stack",
    52: "a_function_gives tags_of_the_stack_and_what_a_machine_made_of_a_template_is",
    53: "pseudo_parameters",
    54: "loops_make_resources_of_each_value without_its_transform_a_loop_is_no_resource a_function_gives",
    55: "dynamic_references_are_resolved_and_not_shown",
    56: "retained_resources_stay policies_of_removed_and_replaced_resources a_snapshot_is_taken_before_a_resource_goes "
    "a_volume_that_an_update_removes_leaves_a_snapshot databases_are_snapped_unless_they_say_otherwise "
    "a_type_without_snapshots_is_refused",
    57: "references_and_attributes",
    58: "references_and_attributes an_updated_stack_changes_its_machine_and_a_deleted_one_takes_it_along",
    59: "a_machine_has_exactly_one_definition",
    60: "a_definition_may_be_an_object_or_in_a_bucket_and_have_substitutions "
    "yaml_from_a_bucket_becomes_json_and_what_is_neither_is_refused",
    61: "a_definition_may_be_an_object_or_in_a_bucket_and_have_substitutions a_machine_has_exactly_one_definition",
    62: "a_machine_that_is_there_is_never_adopted",
    63: "a_property_that_is_gone_returns_to_its_default_and_logging_of_a_machine_stays "
    "an_updated_stack_changes_its_machine_and_a_deleted_one_takes_it_along",
    64: "a_definition_that_the_service_refuses_rolls_the_stack_back",
    65: "a_changed_definition_publishes_a_version_and_moves_the_alias_at_once",
    66: "versions_aliases_and_activities_are_resources references_and_attributes",
    67: "an_alias_moves_gradually_on_the_clock an_alarm_takes_an_alias_back",
    68: "a_gradual_deployment_says_what_it_lacks routing_that_was_changed_by_hand_stops_a_deployment",
    69: "versions_aliases_and_activities_are_resources references_and_attributes",
    70: "tags_of_the_stack_and_what_a_machine_made_of_a_template_is",
    71: "a_stack_makes_the_whole_table_and_deletes_it a_change_of_the_key_replaces_a_table_without_a_name "
    "a_named_table_is_not_replaced",
    72: "indexes_come_and_go_one_at_a_time",
    73: "a_global_table_has_a_replica_in_its_own_region",
    74: "references_and_attributes a_custom_resource_is_made_by_a_function inline_code_is_a_module_called_index",
    75: "references_and_attributes",
    76: "references_and_attributes tags_of_the_stack_and_what_a_machine_made_of_a_template_is",
    77: "references_and_attributes a_property_that_is_gone_returns_to_its_default_and_logging_of_a_machine_stays",
    78: "references_and_attributes a_nested_stack_has_its_own_events_and_outputs",
    79: "a_custom_resource_is_made_by_a_function a_mark_of_cdk_is_a_resource_without_effect",
    80: "an_application_is_made_whole_and_runs what_sam_refuses_fails_the_change_set_and_rolls_the_stack_back",
    81: "a_changed_definition_moves_the_alias_to_a_new_version",
    82: "an_application_is_made_whole_and_runs",
    83: "an_application_is_made_whole_and_runs",
    84: "an_application_is_made_whole_and_runs",
    85: "an_application_is_made_whole_and_runs",
    86: "an_application_is_made_whole_and_runs",
}
"""Number of a fact -> the names of tests, less ``test_``. Facts 31 and 51 tell of the engine before; what they found
wrong is held here the other way round."""

NOT_MET = {
    6: "The reason [WARN] of property values that cannot be worked out is not given: every value is worked out, or unknown.",
    45: "Of the two texts seen, the newer one is given, behind the place in the template of the older one.",
}
"""What of a fact is not met, and why."""


def test_every_fact_is_named():
    assert list(HELD) == list(range(1, 87))
    assert HELD.keys() >= NOT_MET.keys()
    if not COLLECTION.is_file():
        pytest.skip("the collection of facts is not beside this checkout")
    numbers = re.findall(r"^(\d+)\. ", COLLECTION.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted({int(number) for number in numbers}) == list(HELD)


def test_every_test_that_a_fact_names_is_there():
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in HERE.glob("test_*.py")]
    there = {node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    named = {f"test_{name}" for names in HELD.values() for name in names.split()}
    assert named - there == set()
