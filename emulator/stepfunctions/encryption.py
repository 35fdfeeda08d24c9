"""Encryption of state machines and activities with keys of KMS.

Callers that make a machine, or that read what is encrypted, need the key; so does the role of an execution, which holds
a data key for the reuse period and then needs another one. An execution whose role gets none when something is to be
recorded fails: "If a AWS KMS key is disabled in AWS KMS, any related running executions will fail."

Source: https://docs.aws.amazon.com/step-functions/latest/dg/encryption-at-rest.html and
https://docs.aws.amazon.com/step-functions/latest/apireference/API_EncryptionConfiguration.html. Which error the history
of such an execution shows was not observed: here it is the one that the API has.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from asl_interpreter.history import HistoryFull
from asl_interpreter.jsontext import JSON
from emulator.arns import Arn
from emulator.encryption.keys import KeyRefused, Keys, Place, Use, check_state
from emulator.faults import Fault

if TYPE_CHECKING:
    from emulator.permissions.asked_by import Actor
    from emulator.stepfunctions.machines import StateMachine
    from emulator.wire.protocol import Call
    from emulator.world import World

OWNED: Final = "AWS_OWNED_KEY"
MANAGED: Final = "CUSTOMER_MANAGED_KMS_KEY"
REUSE_SECONDS: Final = 300
"""How long a data key is used again, where nothing is said."""
METADATA_ONLY: Final = "METADATA_ONLY"
_SERVICE: Final = "states"
_TO_RUN: Final = ("GenerateDataKey", "Decrypt")
_TO_MAKE: Final = {"stateMachine": ("DescribeKey", "GenerateDataKey"), "activity": ("DescribeKey",)}
_KINDS: Final = {"stateMachine": "aws:states:stateMachineArn", "activity": "aws:states:activityArn"}


class Encrypted(NamedTuple):
    """A state machine or an activity, with how it is encrypted."""

    arn: str
    encryption: dict[str, JSON]

    @property
    def key(self) -> str | None:
        """The key as it was named; None if it is AWS's own."""
        return self.encryption.get("kmsKeyId") if self.encryption["type"] == MANAGED else None

    def use(self, operations: tuple[str, ...], service: str = "") -> Use:
        """What its key is used for."""
        arn = Arn.parse(self.arn)
        return Use(operations, Place(arn.account, arn.region), {_KINDS[arn.kind]: self.arn}, service)


def encryption(world: World, arn: str, configuration: dict[str, JSON] | None) -> dict[str, JSON]:
    """How something that is being made is encrypted, as a request says it; its maker must have the rights to the key.

    Raises:
        Fault: InvalidEncryptionConfiguration, whose text was not observed; KmsAccessDeniedException,
            KmsThrottlingException.
    """
    wanted = dict(configuration or {"type": OWNED})
    if wanted["type"] == OWNED:
        if len(wanted) > 1:
            raise _invalid("kmsKeyId and kmsDataKeyReusePeriodSeconds cannot be specified when type is AWS_OWNED_KEY.")
        return wanted
    if not wanted.get("kmsKeyId"):
        raise _invalid("kmsKeyId must be specified when type is CUSTOMER_MANAGED_KMS_KEY.")
    wanted.setdefault("kmsDataKeyReusePeriodSeconds", REUSE_SECONDS)
    made = Encrypted(arn, wanted)
    _check_key(world.keys, made, str(made.key))
    return wanted


def _check_key(keys: Keys, made: Encrypted, key: str) -> None:
    use = made.use(_TO_MAKE[Arn.parse(made.arn).kind], _SERVICE)
    try:
        check_state(keys.use(key, use))
    except KeyRefused as refused:
        fault = _fault(refused)
        raise (_invalid(refused.message) if fault.code == "KmsInvalidStateException" else fault) from None


def _invalid(rule: str) -> Fault:
    return Fault("InvalidEncryptionConfiguration", f"Invalid Encryption Configuration: {rule}")


def _fault(refused: KeyRefused) -> Fault:
    """What Step Functions says where KMS refuses."""
    if refused.code == "AccessDeniedException":
        return Fault("KmsAccessDeniedException", refused.message)
    if refused.code == "ThrottlingException":
        return Fault("KmsThrottlingException", refused.message)
    fault = Fault("KmsInvalidStateException", refused.message)
    if refused.state in _STATES:
        fault.members["kmsKeyState"] = _STATES[refused.state]
    return fault


_STATES: Final = {
    "Disabled": "DISABLED",
    "PendingDeletion": "PENDING_DELETION",
    "PendingReplicaDeletion": "PENDING_DELETION",
    "PendingImport": "PENDING_IMPORT",
    "Unavailable": "UNAVAILABLE",
    "Creating": "CREATING",
}


def check_reading(world: World, call: Call, read: Encrypted) -> None:
    """See that a caller may read what is encrypted, unless only its metadata is asked for.

    Raises:
        Fault: KmsAccessDeniedException, KmsInvalidStateException, KmsThrottlingException.
    """
    if read.key is None or call.params.get("includedData") == METADATA_ONLY:
        return
    try:
        world.keys.use(read.key, read.use(("Decrypt",), _SERVICE))
    except KeyRefused as refused:
        raise _fault(refused) from None


def of_machine(machine: StateMachine) -> Encrypted:
    """A state machine, or a revision of one; all of its versions are encrypted under its own ARN."""
    arn = Arn.parse(machine.arn)
    return Encrypted(str(replace(arn, resource=":".join(arn.names[:2]))), machine.encryption)


def hold_data_key(world: World, encrypted: Encrypted, execution: str, role: str, *, synchronous: bool = False) -> None:
    """Have an execution hold a data key for what it records or hands to an activity, with the rights of its role.

    Raises:
        Fault: KmsAccessDeniedException, KmsInvalidStateException, KmsThrottlingException: it gets none.
    """
    key = encrypted.key
    if key is None:
        return
    use = encrypted.use(("Decrypt",) if synchronous else _TO_RUN)
    name = (encrypted.arn, key, role, synchronous)
    seconds = float(encrypted.encryption["kmsDataKeyReusePeriodSeconds"])
    try:
        world.keys.hold(name, seconds, lambda: world.keys.use(key, use, _actor(world, role, execution)))
    except KeyRefused as refused:
        raise _fault(refused) from None


def _actor(world: World, role: str, execution: str) -> Actor | None:
    return None if world.guard is None else world.guard.taken_on(role, execution)


def gate_of(world: World, revision: StateMachine, *, synchronous: bool) -> Callable[[str], None] | None:
    """What is asked before an event of an execution is kept; None where the key is AWS's own."""
    encrypted, role = of_machine(revision), revision.role_arn
    if encrypted.key is None:
        return None

    def ask(execution: str) -> None:
        try:
            hold_data_key(world, encrypted, execution, role, synchronous=synchronous)
        except Fault as fault:
            raise HistoryFull(fault.message, fault.code) from None

    return ask
