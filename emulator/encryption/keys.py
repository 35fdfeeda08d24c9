"""Keys: a service uses a key of KMS, and KMS may refuse.

What KMS would refuse is told by what moto holds of the key, and by what IAM says of whoever asks, if anybody asks IAM.
No operation of moto's is called, so that the loop's thread may ask, too. Data is not really encrypted: nobody reads the
emulator's memory.

Source: https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html and the errors of
https://docs.aws.amazon.com/kms/latest/APIReference/API_GenerateDataKey.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from asl_interpreter.jsontext import JSON
from emulator import moto_door
from emulator.permissions.asked_by import who_asks

if TYPE_CHECKING:
    from collections.abc import Hashable

    from emulator.moto_door import MasterKey
    from emulator.permissions.asked_by import Actor
    from emulator.permissions.guard import Guard

Strike: TypeAlias = Callable[[str, Mapping[str, JSON]], "str | None"]
"""The error with which a fault of a test hits an operation of KMS, by its name and its members."""


class KeyRefused(Exception):
    """KMS refuses to use a key.

    ``code`` is the error of KMS, ``message`` its words, ``state`` the state of the key where that is the reason.
    """

    def __init__(self, code: str, message: str, state: str = "") -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.state = state


class Place(NamedTuple):
    """The account and the region of what is encrypted."""

    account: str
    region: str


@dataclass(frozen=True, slots=True)
class Use:
    """What a key is used for."""

    operations: tuple[str, ...]
    """Of KMS: ``Decrypt``, ``GenerateDataKey`` ..."""
    place: Place
    context: Mapping[str, str] = field(default_factory=dict)
    """The encryption context."""
    service: str = ""
    """The service through which it is used, on behalf of whoever asks the service; empty if a role asks KMS itself."""


NOT_THERE: Final = (
    "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are "
    "not allowed to access."
)
THROTTLED: Final = "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls."
_STATES: Final = {
    "PendingDeletion": "is pending deletion.",
    "PendingReplicaDeletion": "is pending replica deletion.",
    "PendingImport": "is pending import.",
    "Unavailable": "is unavailable.",
    "Creating": "is creating.",
    "Updating": "is updating.",
}


class Keys:
    """The keys of KMS, as the services of one world use them."""

    def __init__(self, now: Callable[[], float], guard: Guard | None, strike: Strike) -> None:
        self._now = now
        self._guard = guard
        self._strike = strike
        self._held: dict[Hashable, float] = {}
        """The data keys that services hold, with when they let them go."""

    def find(self, key: str, place: Place) -> MasterKey:
        """The key with this id, ARN or alias.

        Raises:
            KeyRefused: there is none.
        """
        found = moto_door.master_key(key, place.account, place.region)
        if found is not None:
            return found
        arn = key if key.startswith("arn:") else f"arn:aws:kms:{place.region}:{place.account}:{_path(key)}"
        message = f"Alias {arn} is not found." if ":alias/" in arn else f"Key '{arn}' does not exist"
        raise KeyRefused("NotFoundException", message)

    def use(self, key: str, use: Use, actor: Actor | None = None) -> MasterKey:
        """Use a key; ``actor`` is who does, or else whoever makes the request that is being answered.

        Raises:
            KeyRefused: KMS refuses.
        """
        for operation in use.operations:
            self._meet_faults(operation, key)
        found = self.find(key, use.place)
        self._check_rights(found, use, actor if actor is not None else who_asks())
        if set(use.operations) - {"DescribeKey"}:
            check_state(found)
        return found

    def hold(self, name: Hashable, seconds: float, fetch: Callable[[], object]) -> None:
        """Hold a data key for some seconds, in which KMS is not asked again; then ``fetch`` asks for another one.

        Raises:
            KeyRefused: as ``fetch``.
        """
        now = self._now()
        if now < self._held.get(name, -1.0):
            return
        fetch()
        self._held[name] = now + seconds

    def noticed(self, key: str, place: Place, after: float) -> float | None:
        """When whoever looks at a key that late has noticed that it cannot be used; None if they see nothing amiss."""
        found = moto_door.master_key(key, place.account, place.region)
        seen_at = self._now() - after
        if found is None:  # its deletion was scheduled at least a week ago
            return seen_at
        since = unusable_at(found, seen_at)
        return None if since is None else since + after

    def _meet_faults(self, operation: str, key: str) -> None:
        error = self._strike(operation, {"KeyId": key})
        if error is not None:
            raise KeyRefused(error, THROTTLED if error == "ThrottlingException" else f"A fault of the test: {error}")

    def _check_rights(self, key: MasterKey, use: Use, actor: Actor | None) -> None:
        guard = self._guard
        if guard is None or actor is None or key.by_aws or (actor.principal.kind == "root" and not actor.context):
            return
        from emulator.permissions.asking import Need  # with IAM, which few emulators ask

        context = {f"kms:encryptioncontext:{name.lower()}": [value] for name, value in use.context.items()}
        if use.context:
            context["kms:encryptioncontextkeys"] = list(use.context)
        if use.service:
            context["kms:viaservice"] = [f"{use.service}.{use.place.region}.amazonaws.com"]
        context["kms:calleraccount"] = [actor.principal.account]
        needs = [Need(f"kms:{operation}", key.arn, context) for operation in use.operations]
        denial = guard.lacking(actor, needs, use.place.region)
        if denial is not None:
            raise KeyRefused("AccessDeniedException", denial.sentence)


def check_state(key: MasterKey) -> None:
    """See that a key may be used for data.

    Raises:
        KeyRefused: its state, or its kind, does not let it.
    """
    if key.state == "Disabled":
        raise KeyRefused("DisabledException", f"{key.arn} is disabled.", key.state)
    if key.state != "Enabled":
        raise KeyRefused("KMSInvalidStateException", f"{key.arn} {_STATES[key.state]}", key.state)
    if not is_symmetric(key):
        raise KeyRefused("InvalidKeyUsageException", f"{key.arn} is not a symmetric encryption key.")


def unusable_at(key: MasterKey, moment: float) -> float | None:
    """Since when a key could not be used at some moment; None if it could."""
    before = [change for change in key.changes if change[0] <= moment]
    since = None
    for at, usable in before:
        since = None if usable else since if since is not None else at
    return since


def is_symmetric(key: MasterKey) -> bool:
    """Whether it encrypts and decrypts with one and the same secret."""
    return (key.spec, key.usage) == ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT")


def _path(key: str) -> str:
    return key if key.startswith("alias/") else f"key/{key}"
