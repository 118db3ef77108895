"""The encryption that a request or its bucket's default asks for, and AWS's errors."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest

from s3api.crypto.envelope import Envelope, Mode
from s3api.errors import S3Error
from s3api.kms import EncryptionRequest
from s3api.operations.steps.object_encryption import (
    can_share_data_key,
    encryption_members,
    parse_customer_key,
    parse_encryption_request,
)

KEY = b"k" * 32
ARN = "arn:aws:kms:us-east-1:000000000000:key/1"
S3_RULE = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": True}
KMS_RULE = {
    "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "default-key"}
}


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def customer(key: bytes = KEY, **changed: str | None) -> dict[str, Any]:
    given: dict[str, str | None] = {
        "SSECustomerAlgorithm": "AES256",
        "SSECustomerKey": text(key),
        "SSECustomerKeyMD5": text(hashlib.md5(key).digest()),
    }
    return {name: value for name, value in (given | changed).items() if value is not None}


def encryption_request(
    inputs: dict[str, Any], rule: dict[str, Any] | None = None, *, always: bool = False
) -> EncryptionRequest | None:
    return parse_encryption_request("b", "k", inputs, rule, always=always)


def kms(key: str | None = None, **more: Any) -> EncryptionRequest:
    return EncryptionRequest(Mode.KMS, "arn:aws:s3:::b/k", "arn:aws:s3:::b", key, **more)


@pytest.mark.parametrize(
    ("inputs", "rule", "always", "expected"),
    [
        ({}, None, False, None),
        ({}, {}, False, None),
        ({}, None, True, EncryptionRequest(Mode.S3)),
        ({}, S3_RULE, False, EncryptionRequest(Mode.S3)),
        ({}, KMS_RULE, False, kms("default-key")),
        ({}, KMS_RULE | {"BucketKeyEnabled": True}, False, kms("default-key", bucket_key=True)),
        ({"ServerSideEncryption": "AES256"}, KMS_RULE, False, EncryptionRequest(Mode.S3)),
        ({"ServerSideEncryption": "aws:kms"}, None, False, kms()),
        ({"ServerSideEncryption": "aws:kms"}, KMS_RULE, False, kms()),
        ({"ServerSideEncryption": "aws:kms"}, S3_RULE, False, kms(bucket_key=True)),
        (
            {"ServerSideEncryption": "aws:kms", "BucketKeyEnabled": False},
            S3_RULE,
            False,
            kms(),
        ),
        ({"BucketKeyEnabled": True}, KMS_RULE, False, kms("default-key", bucket_key=True)),
        ({"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": ARN}, None, False, kms(ARN)),
        (customer(), KMS_RULE, True, EncryptionRequest(Mode.CUSTOMER, customer_key=KEY)),
    ],
)
def test_the_request_counts_before_the_bucket_and_the_bucket_before_the_setting(
    inputs: dict[str, Any], rule: dict[str, Any] | None, always: bool, expected: EncryptionRequest | None
) -> None:
    assert encryption_request(inputs, rule, always=always) == expected


def test_an_encryption_context_is_read_and_checked() -> None:
    inputs = {"ServerSideEncryption": "aws:kms", "SSEKMSEncryptionContext": text(b'{"dept": "x"}')}
    assert encryption_request(inputs) == kms(context={"dept": "x"})
    for bad in ("{}", text(b"[]"), text(b'{"a": 1}'), text(b"\xff"), "***"):
        with pytest.raises(S3Error, match="Base64-encoded UTF-8 string holding JSON") as refused:
            encryption_request(inputs | {"SSEKMSEncryptionContext": bad})
        assert refused.value.code == "InvalidArgument"


@pytest.mark.parametrize(
    ("inputs", "code", "sentence"),
    [
        (
            {"ServerSideEncryption": "aes:kms"},
            "InvalidArgument",
            "The encryption method specified is not supported",
        ),
        ({"ServerSideEncryption": ""}, "InvalidArgument", "The encryption method specified is not supported"),
        ({"ServerSideEncryption": "aws:kms:dsse"}, "NotImplemented", "DSSE-KMS is not implemented."),
        (
            {"SSEKMSKeyId": ARN},
            "InvalidArgument",
            "requires HTTP header x-amz-server-side-encryption : aws:kms",
        ),
        (
            {"ServerSideEncryption": "AES256", "SSEKMSKeyId": ARN},
            "InvalidArgument",
            "requires HTTP header x-amz-server-side-encryption : aws:kms",
        ),
        (
            {"SSEKMSEncryptionContext": "e30="},
            "InvalidArgument",
            "requires HTTP header x-amz-server-side-encryption : aws:kms",
        ),
        (
            customer() | {"ServerSideEncryption": "AES256"},
            "InvalidArgument",
            "is incompatible with the encryption method specified",
        ),
    ],
)
def test_contradictory_requests(inputs: dict[str, Any], code: str, sentence: str) -> None:
    with pytest.raises(S3Error) as refused:
        encryption_request(inputs)
    assert refused.value.code == code
    assert sentence in (refused.value.message or "")


@pytest.mark.parametrize(
    ("inputs", "code", "sentence"),
    [
        (
            customer(SSECustomerAlgorithm="AES192"),
            "InvalidEncryptionAlgorithmError",
            "Supported value: AES256.",
        ),
        (
            customer(SSECustomerAlgorithm=None),
            "InvalidArgument",
            "must provide a valid encryption algorithm.",
        ),
        (customer(SSECustomerKey=None), "InvalidArgument", "must provide an appropriate secret key."),
        (customer(SSECustomerKeyMD5=None), "InvalidArgument", "must provide the client calculated MD5"),
        (customer(SSECustomerKeyMD5=text(bytes(16))), "InvalidArgument", "did not match the hash that was"),
        (customer(SSECustomerKeyMD5="é"), "InvalidArgument", "did not match the hash that was"),
        (customer(b"short"), "InvalidArgument", "The secret key was invalid for the specified algorithm."),
        (customer(SSECustomerKey="not base64"), "InvalidArgument", "The secret key was invalid"),
        (customer(SSECustomerKey="é" * 44), "InvalidArgument", "The secret key was invalid"),
    ],
)
def test_invalid_customer_keys(inputs: dict[str, Any], code: str, sentence: str) -> None:
    with pytest.raises(S3Error) as refused:
        parse_customer_key(inputs)
    assert refused.value.code == code
    assert sentence in (refused.value.message or "")
    assert refused.value.details["ArgumentName"] == "x-amz-server-side-encryption"
    assert text(KEY) not in repr(refused.value.details)


def test_the_key_of_a_copy_source_has_names_of_its_own() -> None:
    inputs = {f"CopySource{name}": value for name, value in customer().items()}
    assert parse_customer_key(inputs) is None
    assert parse_customer_key(inputs, "CopySource") == KEY


def test_encryption_members_of_answers() -> None:
    assert encryption_members(None) == {}
    assert encryption_members(Envelope(Mode.S3, b"w", ARN)) == {"ServerSideEncryption": "AES256"}
    expected = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": ARN}
    assert encryption_members(Envelope(Mode.KMS, b"w", ARN).document()) == expected
    assert encryption_members(Envelope(Mode.KMS, b"w", ARN, {}, b"b")) == expected | {
        "BucketKeyEnabled": True
    }
    expected = {"SSECustomerAlgorithm": "AES256", "SSECustomerKeyMD5": "md5"}
    assert encryption_members(Envelope(Mode.CUSTOMER, b"w"), "md5") == expected


def test_which_copies_share_a_data_key() -> None:
    ours, theirs = Envelope(Mode.S3, b"w").document(), Envelope(Mode.CUSTOMER, b"w").document()
    assert can_share_data_key(ours, None, None)
    assert can_share_data_key(theirs, KEY, KEY)
    assert not can_share_data_key(ours, KEY, None)
    assert not can_share_data_key(theirs, None, KEY)
    assert not can_share_data_key(theirs, b"o" * 32, KEY)
