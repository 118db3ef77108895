from __future__ import annotations

import botocore.session

from s3api.events.event_types import KINDS, is_event_pattern, matches_event_type


def test_all_event_types_of_awss_model_are_known() -> None:
    model = botocore.session.get_session().get_service_model("s3")
    allowed = set(model.shape_for("Event").enum)
    assert {name for name in allowed if not is_event_pattern(name)} == set()
    assert {f"s3:{kind}" for kind in KINDS} == {name for name in allowed if not name.endswith("*")}


def test_invalid_patterns() -> None:
    for name in (
        "ObjectCreated:Put",
        "s3:ObjectCreated",
        "s3:ObjectCreated:P*",
        "s3:*",
        "s3:LifecycleTransition:*",
    ):
        assert not is_event_pattern(name)


def test_wildcards() -> None:
    assert matches_event_type("s3:ObjectCreated:*", "ObjectCreated:Copy")
    assert not matches_event_type("s3:ObjectCreated:*", "ObjectRemoved:Delete")
    assert matches_event_type("s3:ObjectRemoved:Delete", "ObjectRemoved:Delete")
    assert not matches_event_type("s3:ObjectRemoved:Delete", "ObjectRemoved:DeleteMarkerCreated")
    assert matches_event_type("*", "LifecycleTransition")
