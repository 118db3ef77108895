"""WebsiteConfiguration. https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketWebsite.html"""

from __future__ import annotations

import re
from typing import Any

from s3api.operations.configurations.checks import Document, invalid_argument, invalid_request, malformed

MOST_RULES = 50
_HOST = re.compile(r"[A-Za-z0-9._-]+(?::\d{1,5})?", re.ASCII)


def check_website(document: Document) -> Document:
    """Check a WebsiteConfiguration; `s3api.gateway.websites` serves it."""
    if (elsewhere := document.get("RedirectAllRequestsTo")) is not None:
        if len(document) > 1:
            raise invalid_argument(
                "RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules."
            )
        _check_host(elsewhere["HostName"])
        return document
    if (index := document.get("IndexDocument")) is None:
        raise invalid_argument(
            "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty",
            ArgumentName="IndexDocument",
        )
    if not index["Suffix"] or "/" in index["Suffix"]:
        raise invalid_argument(
            "The IndexDocument Suffix is not well formed",
            ArgumentName="IndexDocument",
            ArgumentValue=index["Suffix"],
        )
    if (error := document.get("ErrorDocument")) is not None and not error["Key"]:
        raise invalid_argument("The ErrorDocument Key is not well formed", ArgumentName="ErrorDocument")
    rules = document.get("RoutingRules") or ()
    if len(rules) > MOST_RULES:
        raise invalid_request(
            f"{len(rules)} routing rules provided, the number of routing rules in a website configuration is "
            f"limited to {MOST_RULES}."
        )
    for rule in rules:
        _check_rule(rule)
    return document


def _check_rule(rule: dict[str, Any]) -> None:
    condition, redirect = rule.get("Condition"), rule["Redirect"]
    if condition is not None and not condition:
        raise invalid_request(
            "Condition cannot be empty. To redirect all requests without a condition, the condition element "
            "shouldn't be present."
        )
    code = (condition or {}).get("HttpErrorCodeReturnedEquals")
    if code is not None and not re.fullmatch(r"[45]\d\d", code, re.ASCII):
        raise invalid_request(
            f"The provided HTTP error code ({code}) is not valid. Valid codes are 4XX or 5XX."
        )
    if not redirect:
        raise malformed()
    to = redirect.get("HttpRedirectCode")
    if to is not None and (not re.fullmatch(r"3\d\d", to, re.ASCII) or to == "300"):
        raise invalid_request(
            f"The provided HTTP redirect code ({to}) is not valid. Valid codes are 3XX except 300."
        )
    if "ReplaceKeyWith" in redirect and "ReplaceKeyPrefixWith" in redirect:
        raise invalid_request("You can only define ReplaceKeyPrefix or ReplaceKey but not both.")
    if "HostName" in redirect:
        _check_host(redirect["HostName"])


def _check_host(name: str) -> None:
    """Check a HostName, which becomes part of a Location header."""
    if not _HOST.fullmatch(name):
        raise invalid_request("The HostName is not well formed.")
