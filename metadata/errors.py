"""Errors of the metadata store. `s3api.operations.failures` maps them to S3's error codes."""

from __future__ import annotations


class MetadataError(Exception):
    """Base class of all errors of the metadata store."""


class NoSuchBucket(MetadataError):
    pass


class NoSuchKey(MetadataError):
    pass


class KeyDeleted(NoSuchKey):
    """The key's newest version is a delete marker."""

    def __init__(self, version_id: str) -> None:
        super().__init__(version_id)
        self.version_id = version_id


class NoSuchVersion(MetadataError):
    pass


class IsDeleteMarker(MetadataError):
    """The requested version is a delete marker."""

    def __init__(self, version_id: str, modified_us: int) -> None:
        super().__init__(version_id)
        self.version_id, self.modified_us = version_id, modified_us


class SettingsChanged(MetadataError):
    """A bucket's settings have changed since they were read."""


class ObjectLocked(MetadataError):
    """A retention or a legal hold protects the version from deletion."""


class NoSuchUpload(MetadataError):
    pass


class NoSuchAccount(MetadataError):
    pass


class AccountExists(MetadataError):
    """Another account has this id, number, name or e-mail address (the argument)."""


class NoSuchUser(MetadataError):
    pass


class UserExists(MetadataError):
    pass


class UserInUse(MetadataError):
    """The user still has access keys or policies (`by`), which must be deleted first."""

    def __init__(self, by: str) -> None:
        super().__init__(by)
        self.by = by


class BucketExists(MetadataError):
    """The bucket exists; `owner` is its owner."""

    def __init__(self, owner: str) -> None:
        super().__init__(owner)
        self.owner = owner


class BucketNotEmpty(MetadataError):
    pass


class PreconditionFailed(MetadataError):
    """A condition of the request did not hold. `condition`: its header, e.g. "If-Match"."""

    def __init__(self, condition: str) -> None:
        super().__init__(condition)
        self.condition = condition


class PartChanged(MetadataError):
    """A part to complete is missing, or was replaced since it was read. `number`: its number."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class BlobGone(MetadataError):
    """An extent names a blob that was deleted since its owner was read: read again and retry."""


class TooManyAnnotations(MetadataError):
    pass


class TokenReused(MetadataError):
    """The client token was used before, for another request."""


class NodeExists(MetadataError):
    pass


class NoSuchNode(MetadataError):
    pass


class NoSuchAccessKey(MetadataError):
    pass


class MetadataUnavailable(MetadataError):
    """The database does not answer, or refuses for a temporary reason: 503 and Retry-After."""


class DatabaseDown(MetadataUnavailable):
    """No connection to the database: it may still be starting."""


class InvalidKey(MetadataError, ValueError):
    """A key, prefix or marker that a database cannot store: it has NUL (PostgreSQL) or a lone surrogate."""


def first_line(why: object) -> str:
    """Return the first line of an exception's text that is not blank, or else the name of its type."""
    return next((line.strip() for line in str(why).splitlines() if line.strip()), type(why).__name__)
