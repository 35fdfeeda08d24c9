"""Resources that wait let others go on beside them, and are cancelled once one of these has failed."""

from __future__ import annotations

from simple_stacks import parameter

HANDLE = {"Type": "AWS::CloudFormation::WaitConditionHandle"}


def wait(seconds, handle="H", **more):
    properties = {"Handle": {"Ref": handle}, "Timeout": str(seconds)}
    return {"Type": "AWS::CloudFormation::WaitCondition", "Properties": properties, **more}


def test_siblings_of_what_fails_are_cancelled(stacks):
    stack_id = stacks.create(
        {"Resources": {"H": HANDLE, "Long": wait(600), "P": parameter(), "Short": wait(60), "Z": parameter()}}
    )
    assert stacks.one(stack_id)["StackStatus"] == "ROLLBACK_COMPLETE"
    events = stacks.events()
    cancelled = "Resource creation cancelled"
    short, long = [each for each in events if each[1] == "CREATE_FAILED"]
    assert short[0] == "Short"
    assert short[2].startswith("WaitCondition timed out. Received 0 conditions when expecting 1")
    assert long == ("Long", "CREATE_FAILED", cancelled)
    said = "The following resource(s) failed to create: [Long, Short]. Rollback requested by user."
    assert ("s", "ROLLBACK_IN_PROGRESS", said) in events
    complete = [name for name, status, _ in events if status == "CREATE_COMPLETE"]
    assert complete == ["H", "P", "Z"], "what does not wait is made beside what does"


def test_two_that_wait_take_the_longer_time_not_the_sum(stacks, dynastep):
    stacks.create(
        {
            "Resources": {
                "H": HANDLE,
                "I": HANDLE,
                "A": wait(60),
                "B": wait(50, "I", DependsOn="Z"),
                "Z": parameter(),
            }
        },
        OnFailure="DO_NOTHING",
    )
    listed = stacks.client.describe_stack_events(StackName="s")
    while stacks.one()["StackStatus"] == "CREATE_IN_PROGRESS":
        listed = stacks.client.describe_stack_events(StackName="s")
    listed = stacks.client.describe_stack_events(StackName="s")
    times = [each["Timestamp"] for each in listed["StackEvents"]]
    assert 50 <= (max(times) - min(times)).total_seconds() < 60
    assert [name for name, status, _ in stacks.events() if status == "CREATE_FAILED"] == ["B", "A", "s"]


def test_what_needs_another_waits_for_it(stacks):
    stacks.create({"Resources": {"H": HANDLE, "W": wait(60), "After": {**parameter(), "DependsOn": "W"}}})
    assert stacks.one()["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "After" not in {name for name, _, _ in stacks.events()}


def test_an_update_cancels_what_waits_too(stacks):
    before = {"Resources": {"P": parameter("a"), "Q": parameter("a")}}
    stacks.create(before)
    stacks.update(
        {"Resources": {"P": parameter("b"), "Q": parameter("b"), "H": HANDLE, "Long": wait(600), "Short": wait(60)}}
    )
    assert stacks.one()["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    said = "The following resource(s) failed to create: [Long, Short]. "
    assert ("s", "UPDATE_ROLLBACK_IN_PROGRESS", said) in stacks.events()
    assert ("Long", "CREATE_FAILED", "Resource creation cancelled") in stacks.events()


def test_a_creation_that_takes_too_long_is_rolled_back(stacks):
    stacks.create({"Resources": {"H": HANDLE, "W": wait(600)}}, TimeoutInMinutes=1)
    assert stacks.one()["StackStatus"] == "ROLLBACK_COMPLETE"
    assert ("W", "CREATE_FAILED", "Resource creation cancelled") in stacks.events()
    said = "Stack creation time exceeded the specified timeout. Rollback requested by user."
    assert ("s", "ROLLBACK_IN_PROGRESS", said) in stacks.events()
