"""Conditions of writes; requests to delete and their outcomes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Conditions:
    """Conditions on a key at the moment of the write, as in the headers but without quotes ("*" allowed).

    `if_match`: NoSuchKey where the key is missing (AWS: 404), PreconditionFailed where the ETag differs.
    `if_none_match`: "*", or the ETag that may not be there. DeleteObject(s) alone have `if_match_size` and
    `if_match_modified_s` (whole seconds, as Last-Modified has), which a missing key satisfies and a delete
    marker on top does not, and `if_match_modified_us` (lifecycle's: NoSuchKey for a missing key).
    `if_data_id`: BlobGone where the content is another (b"": where there is any).
    """

    if_match: str | None = None
    if_none_match: str | None = None
    if_match_modified_us: int | None = None
    if_match_size: int | None = None
    if_data_id: bytes | None = None
    if_match_modified_s: int | None = None


NO_CONDITIONS = Conditions()


class Deleted(NamedTuple):
    """Outcome of a delete. `found`: there was something to delete, or to hide by a delete marker.

    `version_id`: in a versioned bucket the id of the version that was deleted or, without one named, of the
    delete marker that was made; None elsewhere. `marker`: that version is a delete marker.
    """

    found: bool
    version_id: str | None = None
    marker: bool = False


@dataclass(frozen=True, slots=True)
class DeleteRequest:
    """What to delete: the current version of a key, or the version `version_id` for good.

    `bypass`: ignore a governance retention. `unless_current`: do not delete the named version if it is the
    current one.
    """

    key: str
    conditions: Conditions
    version_id: str | None = None
    bypass: bool = False
    unless_current: bool = False
