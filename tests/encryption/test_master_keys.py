"""Keys of KMS by themselves: what their state keeps others from, and when they go."""

import pytest
from botocore.exceptions import ClientError

WEEK = 7 * 24 * 3600


@pytest.fixture
def kms(dynastep):
    return dynastep.client("kms")


def refusal(call, **params):
    with pytest.raises(ClientError) as refused:
        call(**params)
    return tuple(refused.value.response["Error"][name] for name in ("Code", "Message"))


def test_a_key_encrypts_where_nothing_else_is_said(kms):
    made = kms.create_key()["KeyMetadata"]
    assert (made["KeyUsage"], made["KeySpec"], made["KeyState"]) == ("ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT", "Enabled")


@pytest.mark.parametrize("named", ["KeyId", "Arn"])
@pytest.mark.parametrize("state", ["Disabled", "PendingDeletion"])
def test_a_key_that_is_not_enabled_encrypts_nothing(kms, named, state):
    made = kms.create_key()["KeyMetadata"]
    key, arn = made[named], made["Arn"]
    secret = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    if state == "Disabled":
        kms.disable_key(KeyId=key)
        expected = "DisabledException", f"{arn} is disabled."
    else:
        kms.schedule_key_deletion(KeyId=key)
        expected = "KMSInvalidStateException", f"{arn} is pending deletion."
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == state
    assert refusal(kms.encrypt, KeyId=key, Plaintext=b"x") == expected
    assert refusal(kms.generate_data_key, KeyId=key, KeySpec="AES_256") == expected
    assert refusal(kms.decrypt, CiphertextBlob=secret) == expected
    if state == "PendingDeletion":
        kms.cancel_key_deletion(KeyId=key)
    kms.enable_key(KeyId=key)
    assert kms.decrypt(CiphertextBlob=secret)["Plaintext"] == b"x"


def test_a_key_goes_on_the_date_of_its_deletion(dynastep, kms):
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/mine", TargetKeyId=key)
    at = kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)["DeletionDate"]
    assert round(at.timestamp() - dynastep.clock.now()) == WEEK
    dynastep.clock.advance(WEEK - 1)
    assert [each["KeyId"] for each in kms.list_keys()["Keys"]] == [key]
    dynastep.clock.advance(1)
    assert kms.list_keys()["Keys"] == []
    assert refusal(kms.describe_key, KeyId=key)[0] == "NotFoundException"
    assert refusal(kms.describe_key, KeyId="alias/mine")[0] == "NotFoundException"
