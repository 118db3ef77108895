"""Wrapping of data keys, and the envelope that stores them."""

from __future__ import annotations

import os

import orjson
import pytest

from s3api.crypto import Tampered
from s3api.crypto.envelope import Envelope, Mode, read_envelope
from s3api.crypto.wrapping import WRAPPED_BYTES, unwrap, wrap

CONTEXT = {"aws:s3:arn": "arn:aws:s3:::b/k", "a": "b"}


def test_what_was_wrapped_comes_back_and_no_two_wrappings_are_alike() -> None:
    key, secret = os.urandom(32), os.urandom(32)
    one, two = wrap(key, secret, CONTEXT), wrap(key, secret, CONTEXT)
    assert one != two
    assert len(one) == WRAPPED_BYTES
    assert unwrap(key, one, dict(reversed(CONTEXT.items()))) == unwrap(key, two, CONTEXT) == secret
    assert secret not in one


def test_another_key_another_context_or_a_flipped_bit_does_not_open() -> None:
    key = os.urandom(32)
    wrapped = wrap(key, os.urandom(32), CONTEXT)
    flipped = wrapped[:-1] + bytes((wrapped[-1] ^ 1,))
    for attempt in (
        (os.urandom(32), wrapped, CONTEXT),
        (key, wrapped, {}),
        (key, wrapped, {**CONTEXT, "a": "c"}),
        (key, flipped, CONTEXT),
        (key, wrapped[:20], CONTEXT),
        (key, b"", CONTEXT),
        (b"", wrapped, CONTEXT),
    ):
        with pytest.raises(Tampered):
            unwrap(*attempt)


@pytest.mark.parametrize(
    "envelope",
    [
        Envelope(Mode.S3, b"wrapped", "arn:aws:kms:us-east-1:000000000000:key/1"),
        Envelope(Mode.KMS, b"wrapped", "arn", CONTEXT, b"bucket key"),
        Envelope(Mode.CUSTOMER, b"wrapped"),
    ],
)
def test_an_envelope_comes_back_from_its_document(envelope: Envelope) -> None:
    document = orjson.loads(orjson.dumps(envelope.document()))
    assert read_envelope(document) == envelope
    assert document["mode"] == envelope.mode.value
    assert envelope.has_md5_etag == (envelope.mode is Mode.S3)
