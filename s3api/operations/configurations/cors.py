"""CORSConfiguration. https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketCors.html"""

from __future__ import annotations

import re
from typing import Any

from s3api.operations.configurations.checks import Document, check_ids, invalid_request

MOST_RULES = 100
METHODS = frozenset({"GET", "PUT", "HEAD", "POST", "DELETE"})
# RFC 9110's token. ExposeHeaders become a header of answers: a line break would inject another header.
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]*")
_ORIGIN = re.compile(r"[!-~]+")


def check_cors(document: Document) -> Document:
    """Check the rules of a CORSConfiguration; `s3api.gateway.cors` applies them."""
    rules = document["CORSRules"]
    if len(rules) > MOST_RULES:
        raise invalid_request("The number of CORS rules should not exceed allowed limit of 100 rules.")
    check_ids(rules)
    for rule in rules:
        _check_rule(rule)
    return document


def _check_rule(rule: dict[str, Any]) -> None:
    for method in rule["AllowedMethods"]:
        if method not in METHODS:
            raise invalid_request(
                f"Found unsupported HTTP method in CORS config. Unsupported method is {method}"
            )
    for origin in rule["AllowedOrigins"]:
        if origin.count("*") > 1:
            raise invalid_request(f'AllowedOrigin "{origin}" can not have more than one wildcard.')
        if not _ORIGIN.fullmatch(origin):
            raise invalid_request(f'AllowedOrigin "{origin}" is not an origin.')
    for header in rule.get("AllowedHeaders") or ():
        if header.count("*") > 1:
            raise invalid_request(f'AllowedHeader "{header}" can not have more than one wildcard.')
        if not _TOKEN.fullmatch(header):
            raise invalid_request(f'AllowedHeader "{header}" contains invalid character.')
    for header in rule.get("ExposeHeaders") or ():
        if "*" in header:
            raise invalid_request(
                f'ExposeHeader "{header}" contains wildcard. We currently do not support wildcard for '
                "ExposeHeader."
            )
        if not _TOKEN.fullmatch(header):
            raise invalid_request(f'ExposeHeader "{header}" contains invalid character.')
