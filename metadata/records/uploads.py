"""Multipart uploads and parts."""

from __future__ import annotations

from dataclasses import dataclass

from metadata.records.objects import NO_EXTRAS, Checksum, Extras, Properties


@dataclass(frozen=True, slots=True)
class Upload:
    """A multipart upload in progress. `owner`: of the object to be; `initiator`: of the upload (see
    `s3api.access.initiator`). Checksum algorithm and type as CreateMultipartUpload named them.
    """

    id: str
    bucket: str
    key: str
    owner: str
    initiated_us: int
    properties: Properties
    checksum_algorithm: str | None
    checksum_type: str | None
    extras: Extras = NO_EXTRAS
    initiator: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an upload, or (with `start`, its place in the object) of a completed multipart object."""

    number: int
    etag: str
    size: int
    modified_us: int
    checksum: Checksum | None
    start: int | None = None
