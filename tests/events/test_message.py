"""The message against the example of AWS's User Guide, "Event message structure"."""

from __future__ import annotations

from dataclasses import replace

from s3api.events.message import TEST_EVENT, Event, event_to_json, message, parse_event, record

EVENT = Event(
    sequence=0x55AED6DCD90281E5,
    kind="ObjectCreated:Put",
    bucket="amzn-s3-demo-bucket",
    bucket_owner="A3NL1KOZZKExample",
    region="us-west-2",
    key="Happy Face.jpg",
    occurred_us=1,
    size=1024,
    etag="d41d8cd98f00b204e9800998ecf8427e",
    version_id="096fKKXTRTtl3on89fVO.nfljtsv6qko",
    requester="AIDAJDPLRKLG7UEXAMPLE",
    source_ip="172.16.0.1",
    request_id="C3D13FE58DE4C810",
    configuration_id="testConfigRule",
)


def test_awss_example() -> None:
    assert message(EVENT, host_id="FMyUVURIY8") == {
        "Records": [
            {
                "eventVersion": "2.1",
                "eventSource": "aws:s3",
                "awsRegion": "us-west-2",
                "eventTime": "1970-01-01T00:00:00.000Z",
                "eventName": "ObjectCreated:Put",
                "userIdentity": {"principalId": "AIDAJDPLRKLG7UEXAMPLE"},
                "requestParameters": {"sourceIPAddress": "172.16.0.1"},
                "responseElements": {"x-amz-request-id": "C3D13FE58DE4C810", "x-amz-id-2": "FMyUVURIY8"},
                "s3": {
                    "s3SchemaVersion": "1.0",
                    "configurationId": "testConfigRule",
                    "bucket": {
                        "name": "amzn-s3-demo-bucket",
                        "ownerIdentity": {"principalId": "A3NL1KOZZKExample"},
                        "arn": "arn:aws:s3:::amzn-s3-demo-bucket",
                    },
                    "object": {
                        "key": "Happy+Face.jpg",
                        "size": 1024,
                        "eTag": "d41d8cd98f00b204e9800998ecf8427e",
                        "versionId": "096fKKXTRTtl3on89fVO.nfljtsv6qko",
                        "sequencer": "0055AED6DCD90281E5",
                    },
                },
            }
        ]
    }


def test_a_deleted_object_has_neither_size_nor_etag() -> None:
    removed = record(replace(EVENT, kind="ObjectRemoved:Delete", version_id=""), host_id="")
    assert removed["s3"]["object"] == {"key": "Happy+Face.jpg", "sequencer": "0055AED6DCD90281E5"}


def test_later_kinds_have_a_later_version_and_the_store_itself_is_named() -> None:
    expired = record(
        replace(EVENT, kind="LifecycleExpiration:Delete", requester="", source_ip=""), host_id=""
    )
    assert expired["eventVersion"] == "2.3"
    assert expired["userIdentity"]["principalId"] == "s3.amazonaws.com"
    assert expired["requestParameters"]["sourceIPAddress"] == "s3.amazonaws.com"


def test_sequencers_compare_as_text() -> None:
    texts = [
        record(replace(EVENT, sequence=n), host_id="")["s3"]["object"]["sequencer"] for n in (9, 10, 1 << 62)
    ]
    assert texts == sorted(texts)
    assert len({len(text) for text in texts}) == 1


def test_times_are_in_milliseconds() -> None:
    assert record(replace(EVENT, occurred_us=1_700_000_000_123_999), host_id="")["eventTime"] == (
        "2023-11-14T22:13:20.123Z"
    )


def test_the_message_of_a_new_configuration() -> None:
    trial = Event(0, TEST_EVENT, "b", "owner", "us-east-1", "", 0, request_id="R")
    assert message(trial, host_id="H") == {
        "Service": "Amazon S3",
        "Event": "s3:TestEvent",
        "Time": "1970-01-01T00:00:00.000Z",
        "Bucket": "b",
        "RequestId": "R",
        "HostId": "H",
    }


def test_an_event_round_trips_as_json() -> None:
    assert parse_event(EVENT.sequence, event_to_json(EVENT)) == EVENT
