"""Ids of multipart uploads: opaque to clients, in time order, and from each the id of the object's data can
be told.

An id is 64 hex digits: a UUIDv7, which becomes the data id of the object (so that a repeated completion finds
its own result), and 16 random bytes, so that nobody guesses an id.
"""

from __future__ import annotations

import os
import re

from s3api.blobs.stripes import new_id
from s3api.errors import S3Error

MAX_PARTS = 10_000
_ID = re.compile(r"[0-9a-f]{64}", re.ASCII)


def new_upload_id() -> str:
    return (new_id() + os.urandom(16)).hex()


def data_id_of(upload_id: str) -> bytes:
    """The data id of the object that the upload makes. Raises NoSuchUpload for what is no upload id."""
    check_upload_id(upload_id)
    return bytes.fromhex(upload_id[:32])


def check_upload_id(upload_id: str, *, otherwise: S3Error | None = None) -> None:
    """Raise `otherwise` (NoSuchUpload) for what we cannot have given out, before any look into the
    database.
    """
    if not _ID.fullmatch(upload_id):
        raise otherwise or S3Error("NoSuchUpload", UploadId=upload_id)


def check_part_number(number: int) -> None:
    if not 1 <= number <= MAX_PARTS:
        raise S3Error(
            "InvalidArgument",
            f"Part number must be an integer between 1 and {MAX_PARTS}, inclusive",
            ArgumentName="partNumber",
            ArgumentValue=str(number),
        )
