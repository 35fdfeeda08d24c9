"""What SNS refuses, in its words. Recorded on AWS, with the siblings of each rule."""

from __future__ import annotations

import json

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from emulator.events.filter_policies import ATTRIBUTES, BODY, InvalidFilterPolicy, compile_policy

ELEMENTS = "An ARN must have at least 6 elements, not 1"
TOPIC, FIFO, QUEUE, ABROAD = "news", "news.fifo", "sqs:jobs", "abroad"
CREDENTIAL = {"PlatformCredential": "c"}
ALLOWED = "'a'-'z', 'A'-'Z', '0'-'9', '_', '-', and '.'"
NONE_OF_TYPE = "must contain non-empty message attribute value for message attribute type"
PREFIXES = "the set of supported type prefixes is Binary, Number, and String."
NO_DEDUPLICATION = (
    "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly"
)
CHARACTERS = "Can only include alphanumeric characters, hyphens, underscores, or dots."
IMPERMISSIBLE = "The Id of a batch entry in the batch request contains an impermissible character:"


def with_attribute(**attribute):
    return {"TopicArn": TOPIC, "Message": "m", "MessageAttributes": {"attr1": attribute}}


def named(name):
    attribute = {"DataType": "String", "StringValue": "x"}
    return {"TopicArn": TOPIC, "Message": "m", "MessageAttributes": {name: attribute}}


def subscribing(**attributes):
    return {"TopicArn": TOPIC, "Protocol": "sqs", "Endpoint": QUEUE, "Attributes": attributes}


INVALID = [
    # operation, parameters, what stands after "Invalid parameter: "
    ("delete_topic", {"TopicArn": "none"}, f"TopicArn Reason: {ELEMENTS}"),
    ("get_endpoint_attributes", {"EndpointArn": "none"}, f"EndpointArn Reason: {ELEMENTS}"),
    (
        *("get_platform_application_attributes", {"PlatformApplicationArn": "none"}),
        f"PlatformApplicationArn Reason: {ELEMENTS}",
    ),
    (
        *("delete_platform_application", {"PlatformApplicationArn": "none"}),
        f"PlatformApplicationArn Reason: {ELEMENTS}",
    ),
    *[
        (
            *("set_topic_attributes", {"TopicArn": TOPIC, "AttributeName": "Policy", "AttributeValue": policy}),
            "Policy Error: null",
        )
        for policy in ("", "{", "{}", "[]", '{"Statement": "a"}')
    ],
    (
        "set_topic_attributes",
        {
            "TopicArn": TOPIC,
            "AttributeName": "Policy",
            "AttributeValue": '{"Statement": [{"Action": "sqs:SendMessage"}]}',
        },
        "Policy statement action out of service scope!",
    ),
    ("subscribe", {"TopicArn": TOPIC, "Protocol": "email", "Endpoint": "nobody"}, "Email address"),
    (
        "subscribe",
        {
            "TopicArn": TOPIC,
            "Protocol": "sms",
            "Endpoint": "+15551234567",
            "Attributes": {"RawMessageDelivery": "true"},
        },
        "Attributes Reason: Delivery protocol [sms] does not support raw message delivery.",
    ),
    ("publish", {"TopicArn": TOPIC, "Message": "m", "Subject": "a\nb"}, "Subject"),
    (
        *("publish", {"TopicArn": TOPIC, "Message": '{"default": {"a": 1}}', "MessageStructure": "json"}),
        "Message Structure - No default entry in JSON message body",
    ),
    *[
        (operation, {"phoneNumber": "none"}, "PhoneNumber Reason: input incorrectly formatted")
        for operation in ("check_if_phone_number_is_opted_out", "opt_in_phone_number")
    ],
    ("create_topic", {"Name": "a b"}, "Topic Name"),
    ("create_topic", {"Name": ""}, "Topic Name"),
    ("create_topic", {"Name": "x" * 257}, "Topic Name"),
    ("create_topic", {"Name": "x.fifo"}, "Topic Name"),
    ("create_topic", {"Name": "x", "Attributes": {"FifoTopic": "true"}}, "Topic Name"),
    (
        *("create_topic", {"Name": TOPIC, "Attributes": {"DisplayName": "other"}}),
        "Attributes Reason: Topic already exists with different attributes",
    ),
    (
        *("create_topic", {"Name": TOPIC, "Tags": [{"Key": "a", "Value": "b"}]}),
        "Tags Reason: Topic already exists with different tags",
    ),
    (
        *("create_topic", {"Name": "x", "Tags": [{"Key": "a", "Value": "b"}, {"Key": "a", "Value": "c"}]}),
        "Duplicated keys are not allowed.",
    ),
    (
        *("tag_resource", {"ResourceArn": TOPIC, "Tags": [{"Key": "a", "Value": "b"}, {"Key": "a", "Value": "c"}]}),
        "Duplicated keys are not allowed.",
    ),
    ("get_topic_attributes", {"TopicArn": "nothing"}, f"TopicArn Reason: {ELEMENTS}"),
    ("get_topic_attributes", {"TopicArn": ABROAD}, "TopicArn"),
    ("set_topic_attributes", {"TopicArn": TOPIC, "AttributeName": "X", "AttributeValue": "y"}, "AttributeName"),
    (
        *("add_permission", {"TopicArn": TOPIC, "Label": "l", "AWSAccountId": ["111122223333"], "ActionName": ["Fly"]}),
        "Policy statement action out of service scope!",
    ),
    ("publish", {"TopicArn": TOPIC, "Message": ""}, "Empty message"),
    ("publish", {"TopicArn": TOPIC, "Message": "m", "Subject": ""}, "Subject"),
    ("publish", {"TopicArn": TOPIC, "Message": "m", "Subject": "s" * 101}, "Subject"),
    ("publish", {"TopicArn": TOPIC, "Message": "é" * 131_073}, "Message too long"),
    ("publish", {"TopicArn": "nothing", "Message": "m"}, f"TopicArn Reason: {ELEMENTS}"),
    ("publish", {"TargetArn": "nothing", "Message": "m"}, f"TargetArn Reason: {ELEMENTS}"),
    ("publish", {"TopicArn": ABROAD, "Message": "m"}, "TopicArn"),
    (
        *("publish", {"TargetArn": "arn:aws:sns:us-east-1:1:endpoint/GCM/a/1", "Message": "m"}),
        "TargetArn Reason: No endpoint found for the target arn specified",
    ),
    ("publish", {"Message": "m"}, "TopicArn or TargetArn Reason: no value for required parameter"),
    *(
        ("publish", {"PhoneNumber": phone, "Message": "m"}, f"PhoneNumber Reason: {phone} is not valid to publish to")
        for phone in ("NAA+15551234567", "+1-555", "+0155512345")
    ),
    *(
        (
            *("publish", {"TopicArn": TOPIC, "Message": text, "MessageStructure": "json"}),
            "Message Structure - JSON message body failed to parse",
        )
        for text in ("{", "[]", '"x"')
    ),
    (
        *("publish", {"TopicArn": TOPIC, "Message": '{"sqs": "x"}', "MessageStructure": "json"}),
        "Message Structure - No default entry in JSON message body",
    ),
    (
        *("publish", {"TopicArn": TOPIC, "Message": "m", "MessageDeduplicationId": "d"}),
        "MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for "
        "this topic type",
    ),
    (
        *("publish", {"TopicArn": FIFO, "Message": "m"}),
        "The MessageGroupId parameter is required for FIFO topics",
    ),
    ("publish", {"TopicArn": FIFO, "Message": "m", "MessageGroupId": "g"}, NO_DEDUPLICATION),
    (
        *("publish_batch", {"TopicArn": FIFO, "PublishBatchRequestEntries": [{"Id": "a", "Message": "m"}]}),
        "The MessageGroupId parameter is required for FIFO topics",
    ),
    (
        "publish_batch",
        {"TopicArn": FIFO, "PublishBatchRequestEntries": [{"Id": "a", "Message": "m", "MessageGroupId": "g"}]},
        NO_DEDUPLICATION,
    ),
    (
        *("subscribe", {"TopicArn": TOPIC, "Protocol": "test-protocol", "Endpoint": "x"}),
        "Amazon SNS does not support this protocol string: test-protocol",
    ),
    ("subscribe", {"TopicArn": TOPIC, "Protocol": "sqs", "Endpoint": "x"}, "SQS endpoint ARN"),
    (
        *("subscribe", {"TopicArn": TOPIC, "Protocol": "https", "Endpoint": "http://x"}),
        "Endpoint must match the specified protocol",
    ),
    (
        *("subscribe", {"TopicArn": TOPIC, "Protocol": "sqs", "Endpoint": "sqs:jobs.fifo"}),
        "Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics",
    ),
    (
        *("subscribe", subscribing(RawMessageDelivery="true")),
        "Attributes Reason: Subscription already exists with different attributes",
    ),
    (
        *("subscribe", subscribing(FilterPolicy='{"key":[["value"]]}')),
        "Attributes Reason: FilterPolicy: Match value must be String, number, true, false, or null\n"
        ' at [Source: (String)"{"key":[["value"]]}"; line: 1, column: 10]',
    ),
    ("confirm_subscription", {"TopicArn": TOPIC, "Token": "abc123"}, "Token"),
    ("confirm_subscription", {"TopicArn": "nothing", "Token": "abc123"}, "Topic"),
    ("unsubscribe", {"SubscriptionArn": ""}, "SubscriptionArn Reason: no value for required parameter"),
    ("unsubscribe", {"SubscriptionArn": "nothing"}, f"SubscriptionArn Reason: {ELEMENTS}"),
    ("unsubscribe", {"SubscriptionArn": TOPIC}, "SubscriptionId"),
    ("get_subscription_attributes", {"SubscriptionArn": "nothing"}, f"SubscriptionArn Reason: {ELEMENTS}"),
    (
        *("create_platform_application", {"Name": "", "Platform": "GCM", "Attributes": CREDENTIAL}),
        "Reason: cannot be empty",
    ),
    (
        *("create_platform_application", {"Name": "@name", "Platform": "GCM", "Attributes": CREDENTIAL}),
        f"@name Reason: must contain only characters {ALLOWED}",
    ),
    (
        *("create_platform_application", {"Name": "n" * 257, "Platform": "GCM", "Attributes": CREDENTIAL}),
        f"{'n' * 257} Reason: must be at most 256 characters long",
    ),
    (
        *("create_platform_application", {"Name": "name", "Platform": "AAA", "Attributes": CREDENTIAL}),
        "Platform Reason: AAA is not supported",
    ),
    (
        "create_platform_application",
        {"Name": "name", "Platform": "APNS", "Attributes": {"PlatformPrincipal": "p"}},
        "Attributes Reason: PlatformPrincipal attribute provided without PlatformCredential",
    ),
]

SET = [
    # attribute, value, what stands after "Invalid parameter: "
    ("Colour", "red", "AttributeName"),
    (
        *("FilterPolicyScope", "RandomValue"),
        "FilterPolicyScope: Invalid value [RandomValue]. Please use either MessageBody or MessageAttributes",
    ),
    (
        *("FilterPolicy", "{invalid json}"),
        "FilterPolicy: failed to parse JSON. Unexpected character ('i' (code 105)): was expecting double-quote to start "
        "field name\n at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, "
        "column: 2]",
    ),
    (
        *("FilterPolicy", '{"a": {"b": ["c"]}}'),
        "Filter policy scope MessageAttributes does not support nested filter policy",
    ),
    ("RawMessageDelivery", "wrong", "RawMessageDelivery: Invalid value [wrong]. Must be true or false."),
    ("RedrivePolicy", "{", "RedrivePolicy: failed to parse JSON."),
    (
        *("RedrivePolicy", '{"deadLetterTargetArn": "fake-arn"}'),
        "RedrivePolicy: deadLetterTargetArn is an invalid arn",
    ),
]

OTHERS = [
    ("get_topic_attributes", {"TopicArn": f"{TOPIC}x"}, "NotFound", "Topic does not exist"),
    ("publish", {"TopicArn": f"{TOPIC}x", "Message": "m"}, "NotFound", "Topic does not exist"),
    ("subscribe", {"TopicArn": f"{TOPIC}x", "Protocol": "sqs"}, "NotFound", "Topic does not exist"),
    ("get_subscription_attributes", {"SubscriptionArn": f"{TOPIC}:1"}, "NotFound", "Subscription does not exist"),
    (
        *("get_platform_application_attributes", {"PlatformApplicationArn": f"{TOPIC}x"}, "NotFound"),
        "PlatformApplication does not exist",
    ),
    (
        *("set_endpoint_attributes", {"EndpointArn": f"{TOPIC}x", "Attributes": {"CustomUserData": "u"}}, "NotFound"),
        "Endpoint does not exist",
    ),
    (
        *("subscribe", {"TopicArn": TOPIC, "Protocol": "sms", "Endpoint": "+15--551234567"}, "InvalidParameter"),
        "Invalid SMS endpoint: +15--551234567",
    ),
    (
        *("subscribe", {"TopicArn": TOPIC, "Protocol": "sms", "Endpoint": "NAA+15551234567"}, "InvalidParameter"),
        "Invalid SMS endpoint: NAA+15551234567",
    ),
    (
        *("set_sms_attributes", {"attributes": {"DefaultSendID": "x"}}, "InvalidParameter"),
        "DefaultSendID is not a valid attribute",
    ),
    (
        *("publish", with_attribute(DataType="String", StringValue=""), "ParameterValueInvalid"),
        f"The message attribute 'attr1' {NONE_OF_TYPE} 'String'.",
    ),
    (
        *("publish", with_attribute(DataType="Binary", BinaryValue=b""), "ParameterValueInvalid"),
        f"The message attribute 'attr1' {NONE_OF_TYPE} 'Binary'.",
    ),
    (
        *("publish", with_attribute(DataType="String"), "ParameterValueInvalid"),
        f"The message attribute 'attr1' {NONE_OF_TYPE} 'String'.",
    ),
    (
        *("publish", with_attribute(DataType="Number", BinaryValue=b"1"), "ParameterValueInvalid"),
        "The message attribute 'attr1' with type 'Number' must use field 'String'.",
    ),
    (
        *("publish", with_attribute(DataType="Binary", StringValue="1"), "ParameterValueInvalid"),
        "The message attribute 'attr1' with type 'Binary' must use field 'Binary'.",
    ),
    (
        *("publish", with_attribute(DataType="Wrong", StringValue="1"), "ParameterValueInvalid"),
        f"The message attribute 'attr1' has an invalid message attribute type, {PREFIXES}",
    ),
    (
        *("publish", with_attribute(StringValue="1"), "ValidationError"),
        "1 validation error detected: Value null at 'messageAttributes.attr1.member.dataType' failed to satisfy "
        "constraint: Member must not be null",
    ),
    (
        *("publish", named("a" * 257), "ParameterValueInvalid"),
        "Length of message attribute name must be less than 256 bytes.",
    ),
    (
        *("publish", named(".a"), "ParameterValueInvalid"),
        "Invalid message attribute name starting with character '.' was found.",
    ),
    (
        *("publish", named("a."), "ParameterValueInvalid"),
        "Invalid message attribute name ending with character '.' was found.",
    ),
    (
        *("publish", named("a..b"), "ParameterValueInvalid"),
        "Message attribute name can not have successive '.' character.",
    ),
    (
        *("publish", named("a:b"), "ParameterValueInvalid"),
        f"Invalid non-alphanumeric character '#x3A' was found in the message attribute name. {CHARACTERS}",
    ),
]


def batch(*names):
    return {
        "TopicArn": TOPIC,
        "PublishBatchRequestEntries": [{"Id": name, "Message": "m"} for name in names],
    }


BATCHES = [
    (batch(), "EmptyBatchRequest", "The batch request doesn't contain any entries."),
    (
        *(batch(*map(str, range(11))), "TooManyEntriesInBatchRequest"),
        "The batch request contains more entries than permissible.",
    ),
    (
        *(batch("a", "a"), "BatchEntryIdsNotDistinct"),
        "Two or more batch entries in the request have the same Id.",
    ),
    *((batch(name), "InvalidBatchEntryId", f"{IMPERMISSIBLE} {name}") for name in ("message.id", "msg@123#test")),
    (
        *(batch("a" * 81), "InvalidBatchEntryId"),
        f"The Id of a batch entry in the batch request is too long: {'a' * 81}",
    ),
    (
        {"TopicArn": TOPIC, "PublishBatchRequestEntries": [{"Id": i, "Message": "m" * 150_000} for i in "ab"]},
        "BatchRequestTooLong",
        "The length of all the batch messages put together is more than the limit.",
    ),
]


@pytest.fixture
def sns(dynastep):
    """A client, for which names of topics and queues stand for their ARNs."""
    client = dynastep.client("sns", config=Config(parameter_validation=False))
    client.create_topic(Name=TOPIC)
    client.create_topic(Name=FIFO, Attributes={"FifoTopic": "true"})

    def arn(text):
        if isinstance(text, str) and text.startswith("sqs:"):
            return f"arn:aws:sqs:us-east-1:{dynastep.account}:{text[4:]}"
        if text == ABROAD:
            return f"arn:aws:sns:eu-west-1:{dynastep.account}:news"
        if isinstance(text, str) and text.startswith(TOPIC):
            return f"arn:aws:sns:us-east-1:{dynastep.account}:{text}"
        return text

    client.subscribe(TopicArn=arn(TOPIC), Protocol="sqs", Endpoint=arn(QUEUE))

    def call(operation, params):
        given = {name: arn(value) if name.endswith(("Arn", "Endpoint")) else value for name, value in params.items()}
        return getattr(client, operation)(**given)

    return call


def refused(sns, operation, params):
    try:
        sns(operation, params)
    except ClientError as error:
        said = error.response["Error"]
        return said["Code"], said["Message"]
    return "", "taken"


def test_what_is_refused(sns):
    invalid = [(*asked, "InvalidParameter", f"Invalid parameter: {words}") for *asked, words in INVALID]
    batches = [("publish_batch", *case) for case in BATCHES]
    differing = {}
    for operation, params, *expected in [*invalid, *OTHERS, *batches]:
        said = refused(sns, operation, params)
        if said != tuple(expected):
            differing[f"{operation} {params}"[:200]] = said
    assert differing == {}


def test_attributes_that_a_subscription_cannot_have(sns):
    (each,) = sns("list_subscriptions", {})["Subscriptions"]
    subscription = {"SubscriptionArn": each["SubscriptionArn"]}
    before = sns("get_subscription_attributes", subscription)["Attributes"]
    differing = {}
    for name, value, words in SET:
        given = {**subscription, "AttributeName": name, "AttributeValue": value}
        said = refused(sns, "set_subscription_attributes", given)
        if said != ("InvalidParameter", f"Invalid parameter: {words}"):
            differing[name, value] = said
    assert differing == {}
    assert sns("get_subscription_attributes", subscription)["Attributes"] == before


def test_a_fifo_queue_has_a_fifo_queue_for_its_dead_letters(sns):
    redrive = json.dumps({"deadLetterTargetArn": "arn:aws:sqs:us-east-1:111122223333:dead"})
    params = {
        "TopicArn": FIFO,
        "Protocol": "sqs",
        "Endpoint": "sqs:jobs.fifo",
        "Attributes": {"RedrivePolicy": redrive},
    }
    words = "RedrivePolicy: must use a FIFO queue as DLQ for a FIFO Subscription to a FIFO Topic."
    assert refused(sns, "subscribe", params) == (
        "InvalidParameter",
        f"Invalid parameter: Attributes Reason: {words}",
    )


def test_one_statement_of_a_name(sns):
    statement = {"TopicArn": TOPIC, "Label": "l", "AWSAccountId": ["111122223333"], "ActionName": ["Publish"]}
    sns("add_permission", statement)
    assert refused(sns, "add_permission", statement) == (
        "InvalidParameter",
        "Invalid parameter: Statement already exists",
    )


def test_what_the_endpoints_of_an_application_cannot_have(sns):
    made = sns("create_platform_application", {"Name": "a", "Platform": "GCM", "Attributes": CREDENTIAL})
    made = {"PlatformApplicationArn": made["PlatformApplicationArn"]}
    endpoint = sns("create_platform_endpoint", {**made, "Token": "t"})["EndpointArn"]
    for name in ("PlatformPrincipal", "InvalidKey"):
        given = {"EndpointArn": endpoint, "Attributes": {name: "x"}}
        assert refused(sns, "set_endpoint_attributes", given) == (
            "InvalidParameter",
            f"Invalid parameter: Attributes Reason: Invalid attribute name: {name}",
        )


def test_what_is_not_built_is_refused_by_name(sns):
    for operation, params, name in [
        ("put_data_protection_policy", {"ResourceArn": TOPIC, "DataProtectionPolicy": "{}"}, "PutDataProtectionPolicy"),
        ("create_topic", {"Name": "x", "DataProtectionPolicy": "{}"}, "DataProtectionPolicy"),
        (
            "set_topic_attributes",
            {"TopicArn": FIFO, "AttributeName": "ArchivePolicy", "AttributeValue": "{}"},
            "ArchivePolicy",
        ),
        ("subscribe", subscribing(ReplayPolicy="{}"), "ReplayPolicy"),
    ]:
        code, words = refused(sns, operation, params)
        assert code == "NotImplementedException"
        assert name.lower() in words.lower().replace("_", "")


# Filter policies

PLACED = [
    # policy, reason, column
    ({"key": [{"suffix": None}]}, "suffix match pattern must be a string", 23),
    ({"key": {"suffix": "value"}}, '"suffix" must be an object or an array', 19),
    ({"key": [{"suffix": []}]}, "suffix match pattern must be a string", 20),
    ({"key": [{"prefix": {}}]}, "Prefix expression name not found", 21),
    ({"key": {"not-an-operator": "value"}}, '"not-an-operator" must be an object or an array', 28),
    ({"key": [{"not-an-operator": "value"}]}, "Unrecognized match type not-an-operator", 29),
    ({"key": [{"wildcard": "a*"}]}, "Unrecognized match type wildcard", 22),
    ({"key": [{"cidr": ["bad-filter"]}]}, "prefix match pattern must be a string", 18),
    ({"key": [{"numeric": []}]}, "Invalid member in numeric match: ]", 22),
    ({"key": [{"numeric": [1, "<="]}]}, "Invalid member in numeric match: 1", 22),
    ({"key": [{"numeric": ["<>", 1]}]}, "Unrecognized numeric range operator: <>", 25),
    ({"key": [{"numeric": ["=", "000"]}]}, "Value of equals must be numeric", 26),
    ({"key": [{"numeric": [">="]}]}, "Value of >= must be numeric", 26),
    ({"key": [{"numeric": ["<", 100, ">", 10]}]}, "Too many elements in numeric expression", 30),
    ({"key": [{"numeric": [">", "20", "<", "30"]}]}, "Value of > must be numeric", 26),
    ({"key": [{"numeric": [">", 20, "<", "30"]}]}, "Value of < must be numeric", 33),
    ({"key": [{"numeric": [">", 20, "<", 30, "<", 50]}]}, "Too many terms in numeric range expression", 36),
    ({"key": [{"exists": None}]}, "exists match pattern must be either true or false.", 23),
    ({"key_a": "value_one"}, '"key_a" must be an object or an array', 11),
    ({"key": [{"anything-but": {"wrong-operator": None}}]}, "Unsupported anything-but pattern: wrong-operator", 47),
    ({"key": [{"anything-but": {"suffix": "test"}}]}, "Unsupported anything-but pattern: suffix", 36),
    ({"key": [{"anything-but": {"prefix": False}}]}, "prefix match pattern must be a string", 40),
    ({"other": ["x", 1.5], "key": []}, "Empty arrays are not allowed", 28),
    ({"key": {}}, "Empty objects are not allowed", 10),
    ({"$or": [{"a": ["b"]}]}, "There must have at least 2 Objects in $or relationship.", 21),
]


@pytest.mark.parametrize(("policy", "reason", "column"), PLACED)
def test_the_place_of_what_is_wrong_with_a_policy(policy, reason, column):
    written = json.dumps(policy, separators=(",", ":"))
    with pytest.raises(InvalidFilterPolicy) as error:
        compile_policy(json.dumps(policy), ATTRIBUTES)
    assert str(error.value) == f'FilterPolicy: {reason}\n at [Source: (String)"{written}"; line: 1, column: {column}]'


UNPLACED = [
    ({"key": [{"cidr": "bad-filter/8"}]}, ATTRIBUTES, "Nonstandard IP address: bad-filter"),
    ({"key": [{"cidr": "10.0.0.0/xx"}]}, ATTRIBUTES, "Malformed CIDR, mask bits must be an integer"),
    ({"key": [{"cidr": "xx.11.xx/8"}]}, ATTRIBUTES, "Nonstandard IP address: xx.11.xx"),
    ({"key": [{"cidr": "xxxx:db8:1234:1a00::/64"}]}, ATTRIBUTES, "Nonstandard IP address: xxxx:db8:1234:1a00::"),
    ({letter: ["x"] for letter in "abcdef"}, ATTRIBUTES, "Filter policy can not have more than 5 keys"),
    ({letter: {"x": ["x"]} for letter in "abcdef"}, BODY, "Filter policy can not have more than 5 keys"),
    ({"a": list(map(str, range(151)))}, ATTRIBUTES, "Filter policy is too complex"),
    ({"a": {"b": {"c": ["1", "2", "3", "4"]}}, "d": {"e": list("abcdefg")}}, BODY, "Filter policy is too complex"),
]


@pytest.mark.parametrize(("policy", "scope", "reason"), UNPLACED)
def test_what_is_wrong_with_a_policy_as_a_whole(policy, scope, reason):
    with pytest.raises(InvalidFilterPolicy) as error:
        compile_policy(json.dumps(policy), scope)
    assert str(error.value) == f"FilterPolicy: {reason}"


def test_a_policy_of_150_combinations_is_taken():
    compile_policy(json.dumps({"a": list(map(str, range(15))), "b": list(map(str, range(10)))}), ATTRIBUTES)
    compile_policy(json.dumps({"a": {"b": {"c": list("1234")}}, "d": {"e": list("abcdef")}}), BODY)


def test_what_is_shown_of_devices(dynastep):
    sns = dynastep.client("sns")
    credentials = {"PlatformCredential": "c", "PlatformPrincipal": "p", "SuccessFeedbackSampleRate": "5"}
    app = sns.create_platform_application(Name="app", Platform="APNS", Attributes=credentials)["PlatformApplicationArn"]
    shown = {"Enabled": "true", "SuccessFeedbackSampleRate": "5"}
    assert sns.get_platform_application_attributes(PlatformApplicationArn=app)["Attributes"] == shown
    assert {"PlatformApplicationArn": app, "Attributes": shown} in sns.list_platform_applications()[
        "PlatformApplications"
    ]
    given = {"PlatformApplicationArn": app, "Token": "t", "CustomUserData": "d"}
    arn = sns.create_platform_endpoint(**given)["EndpointArn"]
    expected = {"Token": "t", "CustomUserData": "d", "Enabled": "true"}
    assert sns.get_endpoint_attributes(EndpointArn=arn)["Attributes"] == expected
    assert sns.create_platform_endpoint(**given)["EndpointArn"] == arn
    with pytest.raises(ClientError, match="already exists with the same Token, but different attributes"):
        sns.create_platform_endpoint(**{**given, "CustomUserData": "e"})
    for _ in range(2):
        sns.delete_platform_application(PlatformApplicationArn=app)
    with pytest.raises(ClientError, match="Endpoint does not exist"):
        sns.get_endpoint_attributes(EndpointArn=arn)


def test_nobody_has_opted_out(dynastep):
    sns = dynastep.client("sns")
    assert sns.list_phone_numbers_opted_out()["phoneNumbers"] == []
    assert sns.check_if_phone_number_is_opted_out(phoneNumber="+15551234599")["isOptedOut"] is False
