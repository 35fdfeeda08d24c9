"""SNS: which operations are ours, and what is checked before moto has the others."""

from __future__ import annotations

from typing import Any, Final

from emulator.moto_door import devices, subscriptions, topics


def answer(theirs: Any) -> Any:
    """Give moto's SNS our operations; the others check what they are given, and moto does the rest."""
    ours = (
        devices.check_if_phone_number_is_opted_out,
        devices.create_platform_endpoint,
        devices.delete_platform_application,
        devices.get_endpoint_attributes,
        devices.get_platform_application_attributes,
        devices.list_phone_numbers_opted_out,
        devices.list_platform_applications,
        devices.opt_in_phone_number,
        topics.add_permission,
        topics.create_topic,
        topics.delete_topic,
        topics.get_topic_attributes,
        topics.publish,
        topics.publish_batch,
        topics.set_topic_attributes,
        subscriptions.confirm_subscription,
        subscriptions.get_subscription_attributes,
        subscriptions.list_subscriptions,
        subscriptions.list_subscriptions_by_topic,
        subscriptions.set_subscription_attributes,
        subscriptions.subscribe,
        subscriptions.tag_resource,
        subscriptions.unsubscribe,
    )
    for operation in ours:
        setattr(theirs, operation.__name__, operation)
    for name, check in _CHECKS.items():
        setattr(theirs, name, _checked(getattr(theirs, name), check))
    return theirs


def _checked(operation: Any, check: Any) -> Any:
    def perform(self: Any) -> Any:
        check(self)
        return operation(self)

    return perform


_CHECKS: Final = {
    "create_platform_application": devices.check_application,
    "set_platform_application_attributes": devices.check_application_change,
    "set_endpoint_attributes": devices.check_endpoint_change,
    "set_sms_attributes": devices.check_sms,
}
"""Operation -> what is refused before moto has it."""
