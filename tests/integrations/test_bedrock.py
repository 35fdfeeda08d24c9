"""Bedrock: the data of a model that a mock stands for come from S3, and go there."""

from __future__ import annotations

import pytest
from outcomes import failure

from dynastep import Later, StateError

MODEL = {"ModelId": "m"}
ANSWER = {"Body": {"text": "hi"}, "ContentType": "application/json"}


def place(key):
    return {"S3Uri": f"s3://prompts/{key}"}


@pytest.fixture
def bucket(dynastep):
    s3 = dynastep.client("s3")
    s3.create_bucket(Bucket="prompts")
    return s3


def test_what_is_not_in_s3_stays_in_the_call(dynastep, call):
    dynastep.mock("bedrock:invokeModel", ANSWER)
    assert call("bedrock:invokeModel", {**MODEL, "Body": {"prompt": "p"}}).output == ANSWER


@pytest.mark.parametrize(
    ("content", "kind", "body"),
    [(b'{"a": 1}', "application/json", {"a": 1}), (b"a, b", "text/csv", "a, b")],
)
def test_the_input_is_that_of_an_object(dynastep, call, bucket, content, kind, body):
    bucket.put_object(Bucket="prompts", Key="in", Body=content, ContentType=kind)
    model = dynastep.mock("bedrock:invokeModel", ANSWER)
    call("bedrock:invokeModel", {**MODEL, "Input": place("in")})
    call("bedrock:invokeModel", {**MODEL, "Input": place("in"), "ContentType": "mine"})
    asked = {**MODEL, "Input": place("in"), "Body": body}
    assert model.calls == [{**asked, "ContentType": kind}, {**asked, "ContentType": "mine"}]


@pytest.mark.parametrize(("body", "stored"), [({"a": [1]}, b'{"a":[1]}'), ("said", b"said")])
@pytest.mark.parametrize("after", [0, 5])
def test_the_output_is_an_object_and_its_uri_the_body(dynastep, call, bucket, body, stored, after):
    dynastep.mock("bedrock:invokeModel", Later(after, value={**ANSWER, "Body": body}))
    execution = call("bedrock:invokeModel", {**MODEL, "Body": {}, "Output": place("deep/out")})
    assert execution.output == {**ANSWER, "Body": "s3://prompts/deep/out"}
    found = bucket.get_object(Bucket="prompts", Key="deep/out")
    assert (found["Body"].read(), found["ContentType"]) == (stored, "application/json")
    assert execution.elapsed == after


def test_an_error_of_the_model_writes_nothing(dynastep, call, bucket):
    dynastep.mock("bedrock:invokeModel", StateError("Bedrock.ThrottlingException", "slow down"))
    execution = call("bedrock:invokeModel", {**MODEL, "Body": {}, "Output": place("out")})
    assert execution.error == "Bedrock.ThrottlingException"
    assert "Contents" not in bucket.list_objects_v2(Bucket="prompts")


NOWHERE = [
    ("Input", "s3://prompts/none", "S3.NoSuchKeyException"),
    ("Input", "s3://nowhere/k", "S3.NoSuchBucketException"),
    ("Output", "s3://nowhere/k", "S3.NoSuchBucketException"),
    ("Input", "prompts/in", "States.TaskFailed"),
]


@pytest.mark.parametrize(("member", "uri", "error"), NOWHERE)
def test_an_object_that_cannot_be_had_fails_the_task(dynastep, call, bucket, member, uri, error):
    dynastep.mock("bedrock:invokeModel", ANSWER, optional=True)
    execution = call("bedrock:invokeModel", {**MODEL, "Body": {}, member: {"S3Uri": uri}})
    assert failure(execution)[0] == error
