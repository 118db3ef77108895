from __future__ import annotations

from typing import Any

from s3api.events.subscriptions import LIVE, Match, Subscriptions, arns

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
    targets = Subscriptions.parse(document).match("ObjectCreated:Put", "a")
    assert targets == [Match("one", "t"), Match("two", "q"), Match("three", "f")]
    assert arns(document) == ["one", "two", "three"]


def test_filters() -> None:
    subscriptions = Subscriptions.parse(
        {
            "QueueConfigurations": [
                queue(HOOK, "s3:ObjectCreated:*", Prefix="img/", suffix=".jpg"),
                queue(AUDIT, "s3:ObjectRemoved:Delete", "s3:ObjectTagging:*"),
            ]
        }
    )

    def targets(kind: str, key: str) -> list[str]:
        return [each.target for each in subscriptions.match(kind, key)]

    assert targets("ObjectCreated:Post", "img/a.jpg") == [HOOK]
    assert targets("ObjectCreated:Post", "img/a.png") == targets("ObjectCreated:Post", "a.jpg") == []
    assert targets("ObjectTagging:Delete", "anything") == [AUDIT]
    assert targets("ObjectRemoved:DeleteMarkerCreated", "anything") == []


def test_a_target_gets_an_event_once() -> None:
    subscriptions = Subscriptions.parse(
        {
            "QueueConfigurations": [
                queue(HOOK, "s3:ObjectCreated:Put", id="first"),
                queue(HOOK, "s3:ObjectCreated:*", id="second"),
            ]
        }
    )
    assert subscriptions.match("ObjectCreated:Put", "a") == [Match(HOOK, "first")]
    assert subscriptions.match("ObjectCreated:Copy", "a") == [Match(HOOK, "second")]


def test_event_bridge_is_the_live_stream_of_everything() -> None:
    assert Subscriptions.parse({"EventBridgeConfiguration": {}}).match("ObjectAcl:Put", "a") == [
        Match(LIVE, "")
    ]
    assert Subscriptions.parse({}).match("ObjectAcl:Put", "a") == []
