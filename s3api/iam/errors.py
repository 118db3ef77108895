"""How IAM says no: a code of its model, or one that all of AWS's query APIs share."""

from __future__ import annotations

# Codes that are no exception of IAM's model ("Common error types", IAM API reference), with their status.
COMMON: dict[str, int] = {
    "AccessDenied": 403,
    "IncompleteSignature": 400,
    "InternalFailure": 500,
    "InvalidAction": 400,
    "InvalidClientTokenId": 403,
    "MalformedQueryString": 400,
    "MissingAction": 400,
    "MissingAuthenticationToken": 403,
    "NotImplemented": 501,
    "RequestExpired": 400,
    "ServiceUnavailable": 503,
    "SignatureDoesNotMatch": 403,
    "ValidationError": 400,
}


class IamError(Exception):
    """An answer that is an error: `code` as the client sees it, without "Exception" behind it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code, self.message = code, message

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"
