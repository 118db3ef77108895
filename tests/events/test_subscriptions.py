from __future__ import annotations

from typing import Any

from s3api.events.subscriptions import LIVE, Subscriptions, Told, arns

HOOK, AUDIT = "arn:sixfold:sqs::hook:webhook", "arn:sixfold:sqs::audit:redis"


def queue(arn: str, *events: str, id: str = "q", **rules: str) -> dict[str, Any]:
    filters = [{"Name": name, "Value": value} for name, value in rules.items()]
    return {"Id": id, "QueueArn": arn, "Events": list(events), "Filter": {"Key": {"FilterRules": filters}}}


def test_topics_queues_and_functions_are_alike() -> None:
    events = ["s3:ObjectCreated:*"]
    document = {
        "TopicConfigurations": [{"Id": "t", "TopicArn": "one", "Events": events}],
        "QueueConfigurations": [{"Id": "q", "QueueArn": "two", "Events": events}],
        "LambdaFunctionConfigurations": [{"Id": "f", "LambdaFunctionArn": "three", "Events": events}],
    }
    told = Subscriptions.read(document).told("ObjectCreated:Put", "a")
    assert told == [Told("one", "t"), Told("two", "q"), Told("three", "f")]
    assert arns(document) == ["one", "two", "three"]


def test_filters() -> None:
    subscriptions = Subscriptions.read(
        {
            "QueueConfigurations": [
                queue(HOOK, "s3:ObjectCreated:*", Prefix="img/", suffix=".jpg"),
                queue(AUDIT, "s3:ObjectRemoved:Delete", "s3:ObjectTagging:*"),
            ]
        }
    )

    def told(kind: str, key: str) -> list[str]:
        return [each.target for each in subscriptions.told(kind, key)]

    assert told("ObjectCreated:Post", "img/a.jpg") == [HOOK]
    assert told("ObjectCreated:Post", "img/a.png") == told("ObjectCreated:Post", "a.jpg") == []
    assert told("ObjectTagging:Delete", "anything") == [AUDIT]
    assert told("ObjectRemoved:DeleteMarkerCreated", "anything") == []


def test_a_target_is_told_once() -> None:
    subscriptions = Subscriptions.read(
        {
            "QueueConfigurations": [
                queue(HOOK, "s3:ObjectCreated:Put", id="first"),
                queue(HOOK, "s3:ObjectCreated:*", id="second"),
            ]
        }
    )
    assert subscriptions.told("ObjectCreated:Put", "a") == [Told(HOOK, "first")]
    assert subscriptions.told("ObjectCreated:Copy", "a") == [Told(HOOK, "second")]


def test_event_bridge_is_the_live_stream_of_everything() -> None:
    assert Subscriptions.read({"EventBridgeConfiguration": {}}).told("ObjectAcl:Put", "a") == [Told(LIVE, "")]
    assert Subscriptions.read({}).told("ObjectAcl:Put", "a") == []
