"""What may go wrong in the metadata store, in its own words. One boundary above maps these to S3's codes."""

from __future__ import annotations


class MetadataError(Exception):
    """Base of every condition below."""


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
    """The version that was asked for is a delete marker."""

    def __init__(self, version_id: str, modified_us: int) -> None:
        super().__init__(version_id)
        self.version_id, self.modified_us = version_id, modified_us


class SettingsChanged(MetadataError):
    """A bucket's settings are no longer those that were looked at."""


class ObjectLocked(MetadataError):
    """A retention or a legal hold keeps the version from being destroyed."""


class NoSuchUpload(MetadataError):
    pass


class NoSuchAccount(MetadataError):
    pass


class AccountExists(MetadataError):
    """Its argument, an id, number, name or e-mail, is another account's."""


class NoSuchUser(MetadataError):
    pass


class UserExists(MetadataError):
    pass


class UserInUse(MetadataError):
    """The user has what must go before it does: `by` says what."""

    def __init__(self, by: str) -> None:
        super().__init__(by)
        self.by = by


class BucketExists(MetadataError):
    """The bucket is there already; `owner` says whose it is."""

    def __init__(self, owner: str) -> None:
        super().__init__(owner)
        self.owner = owner


class BucketNotEmpty(MetadataError):
    pass


class PreconditionFailed(MetadataError):
    """A condition did not hold when the transaction looked; `condition` is its header, e.g. "If-Match"."""

    def __init__(self, condition: str) -> None:
        super().__init__(condition)
        self.condition = condition


class PartChanged(MetadataError):
    """A part named for completion is not there, or is not the one that was read; `number` is its number."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class BlobGone(MetadataError):
    """An extent names a blob that was deleted since its owner was read: read again and retry."""


class TooManyAnnotations(MetadataError):
    pass


class TokenReused(MetadataError):
    """A client's token was used for another request than this one."""


class NodeExists(MetadataError):
    pass


class NoSuchNode(MetadataError):
    pass


class NoSuchAccessKey(MetadataError):
    pass


class MetadataUnavailable(MetadataError):
    """The database does not answer, or refused for a reason that may pass: 503 and Retry-After."""


class DatabaseDown(MetadataUnavailable):
    """Nobody could be asked: the database may be starting yet."""


class InvalidKey(MetadataError, ValueError):
    """A key, prefix or marker that no database can hold: with NUL (PostgreSQL), or no UTF-8 (a lone
    surrogate).
    """


def first_line(why: object) -> str:
    """Return the first line of an exception's text that is not blank, or else the name of its type."""
    return next((line.strip() for line in str(why).splitlines() if line.strip()), type(why).__name__)
