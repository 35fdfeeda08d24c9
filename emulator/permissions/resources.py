"""The resources of services whose requests do not name them as their ARNs do.

Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html,
and, for Lambda, SNS, SQS and EventBridge, the page of each in the service authorization reference.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeAlias

from emulator.permissions.asking import UNKNOWN, Need, Place
from emulator.permissions.tables import of_dynamodb

Params: TypeAlias = Mapping[str, Any]
Rule: TypeAlias = Callable[[str, Params, Place], "list[Need] | None"]
"""Tells what an operation needs; None if the general rule is right for it."""


def _need(action: str, arn: str, context: Mapping[str, list[str]] | None = None) -> Need:
    return Need(action, arn, context or {}, known="*" not in arn)


def _text(value: Any) -> str | None:
    """A text of a request; ``*`` if it is not known, None if there is none."""
    return "*" if value is UNKNOWN else value if isinstance(value, str) else None


# Lambda


def _of_function(operation: str, params: Params, place: Place) -> list[Need] | None:
    name = _text(params.get("FunctionName"))
    if name is None:
        return None
    action = "InvokeFunction" if operation.startswith("Invoke") else operation
    arn = function_arn(name, _text(params.get("Qualifier")), place)
    return [_need(f"lambda:{action}", arn)]


def function_arn(name: str, qualifier: str | None, place: Place) -> str:
    """The ARN of a function, whose name may be an ARN, a part of one, and end with a version or an alias."""
    account, found = place.account, name.removeprefix("function:")
    if name.startswith("arn:"):
        return name if qualifier in (None, "") or name.count(":") > _UNQUALIFIED else f"{name}:{qualifier}"
    if (match := re.fullmatch(r"(\d{12}):function:(.+)", name)) is not None:
        account, found = match[1], match[2]
    arn = f"arn:{place.partition}:lambda:{place.region}:{account}:function:{found}"
    return f"{arn}:{qualifier}" if qualifier and ":" not in found else arn


_UNQUALIFIED: Final = 6
"""Colons in the ARN of a function without a version or an alias."""


# Queues, topics, buses


def _of_queue(operation: str, params: Params, place: Place) -> list[Need] | None:
    url, action = _text(params.get("QueueUrl")), operation.removesuffix("Batch")
    if url is None:
        return None
    path = url.rstrip("/").rsplit("/", 2)
    account = path[-2] if len(path) > 1 and re.fullmatch(r"\d{12}", path[-2]) else place.account
    region = match[1] if (match := re.match(r"https?://sqs\.([a-z0-9-]+)\.amazonaws\.", url)) else place.region
    arn = "*" if url == "*" else f"arn:{place.partition}:sqs:{region}:{account}:{path[-1]}"
    return [_need(f"sqs:{action}", arn)]


def _of_publish(_operation: str, params: Params, _place: Place) -> list[Need] | None:
    target = _text(params.get("TopicArn")) or _text(params.get("TargetArn"))
    return [Need("sns:Publish", "*") if target is None else _need("sns:Publish", target)]


def _of_events(operation: str, params: Params, place: Place) -> list[Need] | None:
    if operation != "PutEvents":
        return None
    entries = params.get("Entries")
    if not isinstance(entries, list):
        return [Need("events:PutEvents", place.arn("events", "event-bus/*"), known=False)]
    needs: dict[str, Need] = {}
    for entry in entries:
        given = entry if isinstance(entry, Mapping) else {"EventBusName": UNKNOWN}
        bus = _text(given.get("EventBusName", "default")) or "default"
        arn = bus if bus.startswith("arn:") else place.arn("events", f"event-bus/{bus}")
        keys = {"events:source": given.get("Source"), "events:detail-type": given.get("DetailType")}
        needs.setdefault(
            f"{arn}{keys}",
            _need("events:PutEvents", arn, {key: [value] for key, value in keys.items() if isinstance(value, str)}),
        )
    return list(needs.values())


# S3

_S3_ACTIONS: Final = {
    "AbortMultipartUpload": "AbortMultipartUpload",
    "CompleteMultipartUpload": "PutObject",
    "CopyObject": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "DeleteBucketAnalyticsConfiguration": "PutAnalyticsConfiguration",
    "DeleteBucketCors": "PutBucketCORS",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketIntelligentTieringConfiguration": "PutIntelligentTieringConfiguration",
    "DeleteBucketInventoryConfiguration": "PutInventoryConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "DeleteBucketMetricsConfiguration": "PutMetricsConfiguration",
    "DeleteBucketOwnershipControls": "PutBucketOwnershipControls",
    "DeleteBucketReplication": "PutReplicationConfiguration",
    "DeleteBucketTagging": "PutBucketTagging",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketAccelerateConfiguration": "GetAccelerateConfiguration",
    "GetBucketAnalyticsConfiguration": "GetAnalyticsConfiguration",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketIntelligentTieringConfiguration": "GetIntelligentTieringConfiguration",
    "GetBucketInventoryConfiguration": "GetInventoryConfiguration",
    "GetBucketLifecycle": "GetLifecycleConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetBucketMetricsConfiguration": "GetMetricsConfiguration",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "GetBucketReplication": "GetReplicationConfiguration",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "HeadBucket": "ListBucket",
    "HeadObject": "GetObject",
    "ListBucketAnalyticsConfigurations": "GetAnalyticsConfiguration",
    "ListBucketIntelligentTieringConfigurations": "GetIntelligentTieringConfiguration",
    "ListBucketInventoryConfigurations": "GetInventoryConfiguration",
    "ListBucketMetricsConfigurations": "GetMetricsConfiguration",
    "ListBuckets": "ListAllMyBuckets",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListObjectVersions": "ListBucketVersions",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListParts": "ListMultipartUploadParts",
    "PutBucketAccelerateConfiguration": "PutAccelerateConfiguration",
    "PutBucketAnalyticsConfiguration": "PutAnalyticsConfiguration",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutBucketIntelligentTieringConfiguration": "PutIntelligentTieringConfiguration",
    "PutBucketInventoryConfiguration": "PutInventoryConfiguration",
    "PutBucketLifecycle": "PutLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "PutBucketMetricsConfiguration": "PutMetricsConfiguration",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "PutBucketReplication": "PutReplicationConfiguration",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "SelectObjectContent": "GetObject",
    "UploadPart": "PutObject",
    "UploadPartCopy": "PutObject",
}
"""Operation -> action, where the names differ."""


def _of_bucket(operation: str, params: Params, place: Place) -> list[Need] | None:
    bucket = _text(params.get("Bucket"))
    if bucket is None:
        return [Need(f"s3:{_S3_ACTIONS.get(operation, operation)}", "*")]
    arn = bucket if bucket.startswith("arn:") else f"arn:{place.partition}:s3:::{bucket}"
    action = f"s3:{_S3_ACTIONS.get(operation, operation)}"
    if operation == "DeleteObjects":
        listed = params.get("Delete")
        objects = listed.get("Objects") if isinstance(listed, Mapping) else None
        keys = [_text(each.get("Key")) or "*" for each in objects] if isinstance(objects, list) else ["*"]
        return [_need("s3:DeleteObject", f"{arn}/{key}") for key in keys]
    if "Key" in params:
        if params.get("VersionId") not in (None, UNKNOWN) and operation in _VERSIONED:
            action += "Version"
        copied = _copied(params.get("CopySource"), place) if "Copy" in operation else []
        return [*copied, _need(action, f"{arn}/{_text(params['Key']) or '*'}")]
    named = {"Prefix": "s3:prefix", "Delimiter": "s3:delimiter", "MaxKeys": "s3:max-keys"}
    context = {key: [str(params[name])] for name, key in named.items() if isinstance(params.get(name), str | int)}
    return [_need(action, arn, context if action.startswith("s3:ListBucket") else {})]


_VERSIONED: Final = frozenset({"GetObject", "HeadObject", "DeleteObject", "GetObjectTagging", "GetObjectAcl"})


def _copied(source: Any, place: Place) -> list[Need]:
    if isinstance(source, Mapping):
        source = f"{source.get('Bucket', '*')}/{source.get('Key', '*')}"
    path = (_text(source) or "*/*").lstrip("/").partition("?")[0]
    return [_need("s3:GetObject", f"arn:{place.partition}:s3:::{path}")]


# Step Functions


def _of_machine(operation: str, params: Params, place: Place) -> list[Need] | None:
    arn = _text(params.get("stateMachineArn"))
    if arn is None:
        name = _text(params.get("name"))
        if operation in ("CreateStateMachine", "CreateActivity") and name is not None:
            kind = "stateMachine" if operation == "CreateStateMachine" else "activity"
            return [_need(f"states:{operation}", place.arn("states", f"{kind}:{name}"))]
        return None
    parts = arn.partition("#")[0].split(":")
    qualifier = parts[_NAME + 1 :]
    if operation in ("StartExecution", "StartSyncExecution") and qualifier:
        # https://docs.aws.amazon.com/step-functions/latest/dg/auth-version-alias.html
        keys = {"states:statemachinequalifier": qualifier}
        return [_need(f"states:{operation}", ":".join(parts[: _NAME + 1]), keys)]
    return [_need(f"states:{operation}", ":".join(parts))]


_NAME: Final = 6
"""Where the name of a state machine stands in its ARN."""


# Secrets, parameters, keys


def _of_secret(operation: str, params: Params, place: Place) -> list[Need] | None:
    name = _text(params.get("SecretId"))
    if name is None or name.startswith("arn:"):
        return None
    # The ARN of a secret ends with six characters that Secrets Manager makes up.
    within = "secret:*" if name == "*" else f"secret:{name}-??????"
    found = place.find("secret", name)
    return [Need(f"secretsmanager:{operation}", found or place.arn("secretsmanager", within), known=found is not None)]


def _of_key(operation: str, params: Params, place: Place) -> list[Need] | None:
    key = _text(params.get("KeyId"))
    names = ["ReEncryptFrom", "ReEncryptTo"] if operation == "ReEncrypt" else [operation]
    if key is None:
        return None
    arn = (
        key
        if ":key/" in key
        else place.find("key", key) or place.arn("kms", "key/*" if _is_alias(key) else f"key/{key}")
    )
    given = params.get("EncryptionContext")
    keys = (
        {f"kms:encryptioncontext:{name}".lower(): [str(value)] for name, value in given.items()}
        if isinstance(given, Mapping)
        else {}
    )
    return [_need(f"kms:{name}", arn, keys) for name in names]


def _is_alias(key: str) -> bool:
    return key.startswith("alias/") or ":alias/" in key


def _of_parameter(operation: str, params: Params, place: Place) -> list[Need] | None:
    names = params.get(
        "Names", [params["Name"]] if "Name" in params else [params["Path"]] if "Path" in params else None
    )
    if not isinstance(names, list) or "Parameter" not in operation:
        return None
    texts: Iterable[str] = (_text(name) or "*" for name in names)
    return [
        _need(
            f"ssm:{operation}", name if name.startswith("arn:") else place.arn("ssm", f"parameter/{name.lstrip('/')}")
        )
        for name in texts
    ]


# Roles


def _of_sts(operation: str, params: Params, _place: Place) -> list[Need] | None:
    role = _text(params.get("RoleArn"))
    if operation == "GetCallerIdentity":
        return []  # which nobody needs a right for: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
    return None if role is None else [_need(f"sts:{operation}", role)]


RULES: Final[Mapping[tuple[str, str], Rule]] = {
    ("dynamodb", ""): of_dynamodb,
    ("events", ""): _of_events,
    ("kms", ""): _of_key,
    ("lambda", ""): _of_function,
    ("s3", ""): _of_bucket,
    ("secretsmanager", ""): _of_secret,
    ("sns", "Publish"): _of_publish,
    ("sns", "PublishBatch"): _of_publish,
    ("sqs", ""): _of_queue,
    ("ssm", ""): _of_parameter,
    ("stepfunctions", ""): _of_machine,
    ("sts", ""): _of_sts,
}
"""Service, and operation or empty for all -> its rule."""

RENAMED: Final[Mapping[tuple[str, str], str]] = {
    ("apigatewaymanagementapi", "DeleteConnection"): "ManageConnections",
    ("apigatewaymanagementapi", "GetConnection"): "ManageConnections",
    ("apigatewaymanagementapi", "PostToConnection"): "ManageConnections",
    ("bedrock-runtime", "Converse"): "InvokeModel",
    ("bedrock-runtime", "ConverseStream"): "InvokeModelWithResponseStream",
    ("bedrock-runtime", "StartAsyncInvoke"): "InvokeModel",
    ("iot-data", "GetRetainedMessage"): "GetRetainedMessage",
    ("lambda", "GetLayerVersionByArn"): "GetLayerVersion",
    ("timestream-query", "Query"): "Select",
}
"""Operation -> the name of its action, where that is another one."""
