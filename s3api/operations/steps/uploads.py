"""Ids of multipart uploads: opaque, in time order, and containing the id of the object's data.

An id is 64 hex digits: a UUIDv7, which becomes the data id of the object (so that a repeated completion finds
its own result), and 16 random bytes, so that ids cannot be guessed.
"""

from __future__ import annotations

import os
import re

from metadata.ids import new_id
from s3api.checksums import MAX_PARTS
from s3api.errors import S3Error

_ID = re.compile(r"[0-9a-f]{64}", re.ASCII)


def new_upload_id() -> str:
    """Return a new id."""
    return (new_id() + os.urandom(16)).hex()


def data_id_of(upload_id: str) -> bytes:
    """Return the data id of the object that the upload makes.

    Raises S3Error NoSuchUpload for an invalid id.
    """
    check_upload_id(upload_id)
    return bytes.fromhex(upload_id[:32])


def check_upload_id(upload_id: str, *, otherwise: S3Error | None = None) -> None:
    """Raise `otherwise` (default: NoSuchUpload) for a string that is no upload id of ours.

    Called before any database query.
    """
    if not _ID.fullmatch(upload_id):
        raise otherwise or S3Error("NoSuchUpload", UploadId=upload_id)


def check_part_number(number: int) -> None:
    """Raise S3Error InvalidArgument outside 1 to 10,000."""
    if not 1 <= number <= MAX_PARTS:
        raise S3Error(
            "InvalidArgument",
            f"Part number must be an integer between 1 and {MAX_PARTS}, inclusive",
            ArgumentName="partNumber",
            ArgumentValue=str(number),
        )
