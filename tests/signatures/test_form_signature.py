"""Signatures of browser upload forms, compared with botocore's."""

from __future__ import annotations

import base64
import hmac

import pytest
from botocore.auth import HmacV1PostAuth, S3SigV4PostAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from s3api.errors import S3Error
from s3api.signatures import FormSignature, parse_form_signature

KEY, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"


def signed(signer: type = S3SigV4PostAuth) -> dict[str, str]:
    request = AWSRequest("POST", "http://localhost/b")
    request.context["s3-presign-post-fields"] = {"key": "k"}
    request.context["s3-presign-post-policy"] = {"expiration": "2030-01-01T00:00:00Z", "conditions": []}
    scope = () if signer is HmacV1PostAuth else ("s3", "eu-west-1")
    signer(Credentials(KEY, SECRET), *scope).add_auth(request)
    return {name.lower(): value for name, value in request.context["s3-presign-post-fields"].items()}


def claim(fields: dict[str, str]) -> FormSignature:
    found = parse_form_signature(fields)
    assert found is not None
    return found


def refusal(fields: dict[str, str]) -> S3Error:
    with pytest.raises(S3Error) as caught:
        parse_form_signature(fields)
    return caught.value


@pytest.mark.parametrize("signer", [S3SigV4PostAuth, HmacV1PostAuth])
def test_what_botocore_signs(signer: type) -> None:
    fields = signed(signer)
    found = claim(fields)
    assert found.access_key == KEY
    found.verify(SECRET)
    with pytest.raises(S3Error, match="SignatureDoesNotMatch"):
        found.verify(SECRET + "x")
    other = base64.b64encode(b"{}").decode()
    with pytest.raises(S3Error, match="SignatureDoesNotMatch"):
        claim(fields | {"policy": other}).verify(SECRET)


def test_an_anonymous_form() -> None:
    assert parse_form_signature({"key": "k", "acl": "public-read"}) is None


def test_what_is_missing_is_named() -> None:
    for signer in (S3SigV4PostAuth, HmacV1PostAuth):
        fields = signed(signer)
        for name in set(fields) - {"key"}:
            refused = refusal({one: value for one, value in fields.items() if one != name})
            assert refused.code == "InvalidArgument"
            assert name in refused.details["ArgumentName"].lower()
    assert refusal({"policy": "e30="}).details["ArgumentName"] == "X-Amz-Signature"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x-amz-algorithm", "AWS4-ECDSA-P256-SHA256"),
        ("x-amz-credential", "AKIDEXAMPLE/20300101/eu-west-1/s3"),
        ("x-amz-credential", "AKIDEXAMPLE/20300101/eu-west-1/ec2/aws4_request"),
        ("x-amz-date", "20010101T000000Z"),
        ("x-amz-date", "now"),
    ],
)
def test_fields_that_are_wrong(name: str, value: str) -> None:
    assert refusal(signed() | {name: value}).code == "InvalidArgument"


def test_two_mechanisms() -> None:
    assert refusal(signed() | signed(HmacV1PostAuth)).code == "InvalidArgument"


def test_signatures_beyond_ascii_match_nothing() -> None:
    digest = hmac.digest(SECRET.encode(), b"p", "sha1")
    fields = {"awsaccesskeyid": KEY, "policy": "p", "signature": base64.b64encode(digest).decode() + "é"}
    with pytest.raises(S3Error, match="SignatureDoesNotMatch"):
        claim(fields).verify(SECRET)
