"""Error codes of the IAM API: those of its model, and those that AWS's query APIs share."""

from __future__ import annotations

# Codes outside IAM's model, with their HTTP status ("Common error types", IAM API reference).
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
    """An error response. `code`: as the client sees it, without the suffix "Exception"."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code, self.message = code, message

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"
