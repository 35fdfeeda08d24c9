"""Topics: who gets a message, in what form, and what becomes of one that cannot be delivered."""

from __future__ import annotations

import base64
import json
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.x509 import load_pem_x509_certificate

from asl_interpreter.timestamps import iso
from emulator.moto_door.notifications import _key


@pytest.fixture
def sns(dynastep):
    return dynastep.client("sns")


@pytest.fixture
def topic(sns):
    return sns.create_topic(Name="news")["TopicArn"]


@pytest.fixture
def messages(dynastep):
    """Takes all messages of a queue."""
    sqs = dynastep.client("sqs")

    def messages(url):
        found = []
        while more := sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], MessageSystemAttributeNames=["All"]
        ).get("Messages"):
            found += more
        return found

    return messages


def text(value):
    return {"DataType": "String", "StringValue": value}


def number(value):
    return {"DataType": "Number", "StringValue": value}


def test_a_message_goes_to_a_queue_a_function_and_from_there_to_a_table(dynastep, kept, sns, topic):
    _, queue = kept.queue("jobs")
    kept.map(queue)
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=kept.function)
    sns.publish(TopicArn=topic, Message="hello")
    dynastep.clock.advance(1)
    (record,), (other,) = (event["Records"] for event in kept.events())
    by_source = {each.get("eventSource", each.get("EventSource")): each for each in (record, other)}
    assert json.loads(by_source["aws:sqs"]["body"])["Message"] == "hello"
    assert by_source["aws:sns"]["Sns"]["Message"] == "hello"


def test_what_a_queue_gets(dynastep, kept, sns, topic, messages):
    url, queue = kept.queue("jobs")
    subscription = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)["SubscriptionArn"]
    dynastep.clock.advance(86_400)
    attributes = {"colour": text("red"), "bytes": {"DataType": "Binary", "BinaryValue": b"\x00\xff"}}
    sent = sns.publish(TopicArn=topic, Message="é\n", Subject="a word", MessageAttributes=attributes)
    (message,) = messages(url)
    assert message["Body"].startswith('{\n  "Type" : "Notification",\n  "MessageId" : "')
    body = json.loads(message["Body"])
    assert list(body) == [
        *("Type", "MessageId", "TopicArn", "Subject", "Message", "Timestamp", "SignatureVersion", "Signature"),
        *("SigningCertURL", "UnsubscribeURL", "MessageAttributes"),
    ]
    assert (body["MessageId"], body["TopicArn"], body["Message"]) == (sent["MessageId"], topic, "é\n")
    assert body["Timestamp"] == iso(dynastep.clock.now())
    assert body["MessageAttributes"] == {
        "colour": {"Type": "String", "Value": "red"},
        "bytes": {"Type": "Binary", "Value": base64.b64encode(b"\x00\xff").decode()},
    }
    assert parse_qs(urlsplit(body["UnsubscribeURL"]).query)["SubscriptionArn"] == [subscription]


@pytest.mark.parametrize(("version", "algorithm"), [("1", hashes.SHA1()), ("2", hashes.SHA256())])
def test_a_message_is_signed_as_the_topic_says(kept, sns, messages, version, algorithm):
    topic = sns.create_topic(Name="signed", Attributes={"SignatureVersion": version})["TopicArn"]
    url, queue = kept.queue("jobs")
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    sns.publish(TopicArn=topic, Message="hello", Subject="s")
    body = json.loads(messages(url)[0]["Body"])
    assert body["SignatureVersion"] == version
    names = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
    signed = "".join(f"{name}\n{body[name]}\n" for name in names)
    key = load_pem_x509_certificate(_key()[1]).public_key()
    key.verify(base64.b64decode(body["Signature"]), signed.encode(), padding.PKCS1v15(), algorithm)


def test_a_raw_message_has_the_attributes_of_the_message(kept, sns, topic, messages):
    url, queue = kept.queue("jobs")
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue, Attributes={"RawMessageDelivery": "true"})
    attributes = {"colour": text("red"), "size": number("1.5"), "b": {"DataType": "Binary", "BinaryValue": b"\x01"}}
    sns.publish(TopicArn=topic, Message="plain", MessageAttributes=attributes)
    (message,) = messages(url)
    assert (message["Body"], message["MessageAttributes"]) == ("plain", attributes)


def test_each_protocol_gets_its_part_of_a_structured_message(dynastep, kept, sns, topic, messages):
    url, queue = kept.queue("jobs")
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=kept.function)
    sns.publish(TopicArn=topic, Message=json.dumps({"default": "d", "sqs": "q"}), MessageStructure="json")
    dynastep.clock.advance(1)
    assert json.loads(messages(url)[0]["Body"])["Message"] == "q"
    assert kept.events()[0]["Records"][0]["Sns"]["Message"] == "d"


WANTED = [
    # policy; attributes, or text of the body; whether it is wanted
    ({"a": ["x"]}, {"a": text("x")}, True),
    ({"a": ["x"]}, {"a": text("y")}, False),
    ({"a": ["x"]}, {}, False),
    ({"a": ["x"], "b": ["y"]}, {"a": text("x")}, False),
    ({"a": ["x", {"prefix": "y"}]}, {"a": text("yy")}, True),
    ({"a": [{"suffix": "y"}]}, {"a": text("xy")}, True),
    ({"a": [{"equals-ignore-case": "X"}]}, {"a": text("x")}, True),
    ({"a": [{"cidr": "10.0.0.0/24"}]}, {"a": text("10.0.0.7")}, True),
    ({"a": [{"anything-but": ["x"]}]}, {"a": text("x")}, False),
    ({"a": [{"anything-but": {"prefix": "x"}}]}, {"a": text("yx")}, True),
    ({"a": [{"anything-but": ["x"]}]}, {}, False),
    ({"a": [{"exists": False}]}, {}, True),
    ({"a": [{"exists": True}]}, {"a": {"DataType": "Binary", "BinaryValue": b"1"}}, True),
    ({"a": [301.5]}, {"a": number("301.50")}, True),
    ({"a": [{"numeric": [">", 0, "<=", 5]}]}, {"a": number("5")}, True),
    ({"a": [{"numeric": [">", 0, "<=", 5]}]}, {"a": text("5")}, False),
    ({"a": ["x"]}, {"a": {"DataType": "String.Array", "StringValue": '["y", "x", 1, null]'}}, True),
    ({"a": [None]}, {"a": {"DataType": "String.Array", "StringValue": '["y", null]'}}, True),
    ({"$or": [{"a": ["x"]}, {"b": ["x"]}]}, {"b": text("x")}, True),
    ({"$or": [{"a": ["x"]}, {"b": ["x"]}]}, {"c": text("x")}, False),
    ({"a.b": ["x"]}, {"a.b": text("x")}, True),
    ({"a": {"b": ["x"]}}, '{"a": {"b": "x"}}', True),
    ({"a": {"b": ["x"]}}, '{"a": [{"b": "y"}, {"b": "x"}]}', True),
    ({"a": {"b": ["x"]}}, '{"a": "x"}', False),
    ({"a": ["x"]}, '["x"]', False),
    ({"a": ["x"]}, "no JSON", False),
    ({"a": [True, None]}, '{"a": null}', True),
    ({"a": [{"numeric": ["=", 1]}]}, '{"a": 1.0}', True),
]


def test_a_filter_policy_chooses(kept, sns, topic, messages):
    url, queue = kept.queue("jobs")
    arn = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)["SubscriptionArn"]
    differing = []
    for policy, given, is_wanted in WANTED:
        scope = "MessageBody" if isinstance(given, str) else "MessageAttributes"
        for name, value in [("FilterPolicy", ""), ("FilterPolicyScope", scope), ("FilterPolicy", json.dumps(policy))]:
            sns.set_subscription_attributes(SubscriptionArn=arn, AttributeName=name, AttributeValue=value)
        message = {"Message": given} if isinstance(given, str) else {"Message": "m", "MessageAttributes": given}
        sns.publish(TopicArn=topic, **message)
        if bool(messages(url)) != is_wanted:
            differing.append((policy, given))
    assert differing == []


def test_a_policy_that_is_taken_away_filters_no_longer(kept, sns, topic, messages):
    url, queue = kept.queue("jobs")
    policy = {"FilterPolicy": '{"a": ["x"]}'}
    arn = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue, Attributes=policy)["SubscriptionArn"]
    shown = sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    assert (shown["FilterPolicy"], shown["FilterPolicyScope"]) == ('{"a": ["x"]}', "MessageAttributes")
    sns.set_subscription_attributes(SubscriptionArn=arn, AttributeName="FilterPolicy", AttributeValue="")
    assert (
        not {"FilterPolicy", "FilterPolicyScope"}
        & sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"].keys()
    )
    sns.publish(TopicArn=topic, Message="m")
    assert len(messages(url)) == 1


@pytest.mark.parametrize("raw", ["true", "false"])
def test_what_a_queue_that_is_gone_should_have_got_is_a_dead_letter(dynastep, kept, sns, topic, messages, raw):
    dead, dead_arn = kept.queue("dead")
    url, queue = kept.queue("jobs")
    redrive = json.dumps({"deadLetterTargetArn": dead_arn})
    attributes = {"RedrivePolicy": redrive, "RawMessageDelivery": raw}
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue, Attributes=attributes)
    dynastep.client("sqs").delete_queue(QueueUrl=url)
    sns.publish(TopicArn=topic, Message="hello", MessageAttributes={"colour": text("red")})
    (message,) = messages(dead)
    if raw == "true":
        assert (message["Body"], message["MessageAttributes"]) == ("hello", {"colour": text("red")})
    else:
        assert json.loads(message["Body"])["Message"] == "hello"


def test_what_a_function_that_is_gone_should_have_got_is_a_dead_letter(kept, sns, topic, messages):
    dead, dead_arn = kept.queue("dead")
    attributes = {"RedrivePolicy": json.dumps({"deadLetterTargetArn": dead_arn})}
    gone = f"{kept.function}-gone"
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=gone, Attributes=attributes)
    sns.publish(TopicArn=topic, Message="hello")
    (message,) = messages(dead)
    assert json.loads(message["Body"])["Message"] == "hello"


# FIFO


@pytest.fixture
def fifo(kept, sns):
    """A FIFO topic, and the queue that gets what comes to it."""
    attributes = {"FifoTopic": "true", "ContentBasedDeduplication": "true"}
    topic = sns.create_topic(Name="news.fifo", Attributes=attributes)["TopicArn"]
    url, queue = kept.queue("jobs.fifo", FifoQueue="true")
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue, Attributes={"RawMessageDelivery": "true"})
    return topic, url


def test_a_fifo_topic_keeps_the_order_and_knows_what_it_has_got(dynastep, sns, fifo, messages):
    topic, url = fifo
    first = sns.publish(TopicArn=topic, Message="0", MessageGroupId="g")
    assert sns.publish(TopicArn=topic, Message="0", MessageGroupId="g")["MessageId"] == first["MessageId"]
    for number_ in range(1, 4):
        sns.publish(TopicArn=topic, Message=str(number_), MessageGroupId="g", MessageDeduplicationId=f"d{number_}")
    found = messages(url)
    assert [message["Body"] for message in found] == ["0", "1", "2", "3"]
    assert {message["Attributes"]["MessageGroupId"] for message in found} == {"g"}
    assert [message["Attributes"]["MessageDeduplicationId"] for message in found][1:] == ["d1", "d2", "d3"]
    dynastep.clock.advance(301)
    again = sns.publish(TopicArn=topic, Message="0", MessageGroupId="g")
    assert again["MessageId"] != first["MessageId"]
    assert int(again["SequenceNumber"]) > int(first["SequenceNumber"])


def test_what_a_fifo_topic_sends_has_a_number_and_no_signature(kept, sns, messages):
    topic = sns.create_topic(Name="news.fifo", Attributes={"FifoTopic": "true"})["TopicArn"]
    url, queue = kept.queue("jobs")
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    sent = sns.publish(TopicArn=topic, Message="m", MessageGroupId="g", MessageDeduplicationId="d")
    body = json.loads(messages(url)[0]["Body"])
    assert body["SequenceNumber"] == sent["SequenceNumber"]
    assert not {"Signature", "SignatureVersion", "SigningCertURL"} & body.keys()


def test_a_batch_is_published_in_its_order(sns, fifo, messages):
    topic, url = fifo
    entries = [{"Id": str(each), "Message": str(each), "MessageGroupId": "g"} for each in range(10)]
    answer = sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)
    assert [each["Id"] for each in answer["Successful"]] == [entry["Id"] for entry in entries]
    assert all("SequenceNumber" in each for each in answer["Successful"])
    assert [message["Body"] for message in messages(url)] == [entry["Message"] for entry in entries]


def test_one_message_of_a_batch_may_fail_alone(kept, sns, topic, messages):
    url, queue = kept.queue("jobs")
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue, Attributes={"RawMessageDelivery": "true"})
    entries = [
        {"Id": "a", "Message": "a"},
        {"Id": "b", "Message": "b", "MessageStructure": "json"},
        {"Id": "c", "Message": "c", "MessageDeduplicationId": "d"},
        {"Id": "d", "Message": "d"},
    ]
    answer = sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)
    assert [each["Id"] for each in answer["Successful"]] == ["a", "d"]
    assert [(each["Id"], each["Code"], each["SenderFault"]) for each in answer["Failed"]] == [
        ("b", "InvalidParameter", True),
        ("c", "InvalidParameter", True),
    ]
    assert [message["Body"] for message in messages(url)] == ["a", "d"]


# The web


def test_a_web_server_confirms_and_then_gets_messages(dynastep, sns, topic, web_server):
    arn = sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=web_server.url, ReturnSubscriptionArn=True)
    arn = arn["SubscriptionArn"]
    sns.publish(TopicArn=topic, Message="too early")
    dynastep.clock.advance(1)
    assert len(web_server.asked) == 1
    assert web_server.header("x-amz-sns-message-type") == "SubscriptionConfirmation"
    body = json.loads(web_server.asked[0]["body"])
    assert list(body) == [
        *("Type", "MessageId", "Token", "TopicArn", "Message", "SubscribeURL", "Timestamp", "SignatureVersion"),
        *("Signature", "SigningCertURL"),
    ]
    assert sns.list_subscriptions()["Subscriptions"][0]["SubscriptionArn"] == "PendingConfirmation"
    assert sns.confirm_subscription(TopicArn=topic, Token=body["Token"])["SubscriptionArn"] == arn
    assert sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]["PendingConfirmation"] == "false"
    sns.publish(TopicArn=topic, Message="hello")
    dynastep.clock.advance(1)
    assert web_server.header("x-amz-sns-subscription-arn") == arn
    assert web_server.header("Content-Type") == "text/plain; charset=UTF-8"
    assert json.loads(web_server.asked[1]["body"])["Message"] == "hello"
    sns.unsubscribe(SubscriptionArn=arn)
    dynastep.clock.advance(1)
    assert web_server.header("x-amz-sns-message-type") == "UnsubscribeConfirmation"


def test_the_links_in_messages_work(dynastep, sns, topic, web_server):
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=web_server.url)
    dynastep.clock.advance(1)
    urlopen(json.loads(web_server.asked[0]["body"])["SubscribeURL"]).close()
    sns.publish(TopicArn=topic, Message="hello")
    dynastep.clock.advance(1)
    urlopen(json.loads(web_server.asked[1]["body"])["UnsubscribeURL"]).close()
    assert sns.list_subscriptions()["Subscriptions"] == []


def test_a_web_server_that_fails_is_tried_again_and_then_the_message_is_a_dead_letter(
    dynastep, kept, sns, topic, web_server, messages
):
    dead, dead_arn = kept.queue("dead")
    sns.subscribe(
        TopicArn=topic,
        Protocol="http",
        Endpoint=web_server.url,
        Attributes={"RedrivePolicy": json.dumps({"deadLetterTargetArn": dead_arn}), "RawMessageDelivery": "true"},
    )
    dynastep.clock.advance(1)
    sns.confirm_subscription(TopicArn=topic, Token=json.loads(web_server.asked[0]["body"])["Token"])
    web_server.answers = [(500, {}, "")]
    sns.publish(TopicArn=topic, Message="hello")
    dynastep.clock.advance(59)
    assert len(web_server.asked) == 1 + 3
    assert [message["Body"] for message in messages(dead)] == ["hello"]
    assert [request["body"] for request in web_server.asked[1:]] == ["hello"] * 4


def test_who_is_asked_by_mail_is_pending(sns, topic):
    answer = sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="a@example.com")
    assert answer["SubscriptionArn"] == "pending confirmation"
    attributes = sns.get_topic_attributes(TopicArn=topic)["Attributes"]
    assert (attributes["SubscriptionsPending"], attributes["SubscriptionsConfirmed"]) == ("1", "0")


# What is shown


def test_a_topic_is_shown(dynastep, sns, topic):
    attributes = sns.get_topic_attributes(TopicArn=topic)["Attributes"]
    assert set(attributes) == {
        *("TopicArn", "DisplayName", "EffectiveDeliveryPolicy", "Owner", "Policy", "SubscriptionsConfirmed"),
        *("SubscriptionsDeleted", "SubscriptionsPending"),
    }
    assert attributes["Owner"] == dynastep.account
    for name, value in [("DisplayName", "News"), ("SignatureVersion", "2"), ("TracingConfig", "Active")]:
        sns.set_topic_attributes(TopicArn=topic, AttributeName=name, AttributeValue=value)
        assert sns.get_topic_attributes(TopicArn=topic)["Attributes"][name] == value


def test_a_subscription_is_shown(dynastep, kept, sns, topic):
    _, queue = kept.queue("jobs")
    arn = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)["SubscriptionArn"]
    assert sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"] == {
        "ConfirmationWasAuthenticated": "true",
        "Endpoint": queue,
        "Owner": dynastep.account,
        "PendingConfirmation": "false",
        "Protocol": "sqs",
        "RawMessageDelivery": "false",
        "SubscriptionArn": arn,
        "SubscriptionPrincipal": f"arn:aws:iam::{dynastep.account}:root",
        "TopicArn": topic,
    }
