"""Rules of CompleteMultipartUpload: which parts, in which order, and the ETag and checksum of the object.

Pure functions. Rules and messages as on AWS:
https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html and "Checking object
integrity" in the User Guide.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from metadata.records import Checksum, Part, Upload
from s3api import checksums
from s3api.errors import S3Error

MIN_PART_BYTES = 5 << 20
MD5_HEX_DIGITS = 32


@dataclass(frozen=True, slots=True)
class PartReference:
    """A part as the client lists it; `etag` without quotes, `checksums` by algorithm."""

    number: int
    etag: str
    checksums: dict[str, str]


def parse_part_list(given: Mapping[str, Any] | None) -> list[PartReference]:
    """Return the parts that the request lists, in rising order.

    A part listed twice counts once, as listed last.

    Raises S3Error InvalidRequest, MalformedXML, InvalidPartOrder.
    """
    if given is None:
        raise S3Error("InvalidRequest", "You must specify at least one part")
    items = given.get("Parts") or []
    if not items or any(item.get("PartNumber") is None or not item.get("ETag") for item in items):
        raise S3Error("MalformedXML")
    named = [_parse_part(item) for item in items]
    for before, after in pairwise(named):
        if after.number < before.number:
            raise S3Error("InvalidPartOrder")
    return list({part.number: part for part in named}.values())


def select_parts(upload: Upload, named: Sequence[PartReference], stored: Sequence[Part]) -> list[Part]:
    """Return the stored parts that the client lists, each checked.

    Raises S3Error InvalidPart, EntityTooSmall, InvalidRequest, BadDigest.
    """
    there = {part.number: part for part in stored}
    parts: list[Part] = []
    for name in named:
        part = there.get(name.number)
        if part is None or part.etag != name.etag:
            raise _invalid_part(upload, name)
        _check_part_checksum(upload, name, part)
        parts.append(part)
    for part in parts[:-1]:
        if part.size < MIN_PART_BYTES:
            raise S3Error(
                "EntityTooSmall",
                "Your proposed upload is smaller than the minimum allowed size",
                ETag=part.etag,
                PartNumber=str(part.number),
                MinSizeAllowed=str(MIN_PART_BYTES),
                ProposedSize=str(part.size),
            )
    return parts


def multipart_etag(etags: Sequence[str]) -> str:
    """Return the MD5 of the parts' MD5s, "-" and their number.

    "" if an ETag is not an MD5: that equals no object's ETag.
    """
    try:
        digests = [bytes.fromhex(part) for part in etags if len(part) == MD5_HEX_DIGITS]
    except ValueError:
        return ""
    whole = hashlib.md5(b"".join(digests), usedforsecurity=False).hexdigest()
    return f"{whole}-{len(etags)}" if len(digests) == len(etags) else ""


def total_size(parts: Sequence[Part], stated: int | None) -> int:
    """Return the size of the object.

    Raises S3Error InvalidRequest if x-amz-mp-object-size states another.
    """
    total = sum(part.size for part in parts)
    if stated is not None and stated != total:
        raise S3Error(
            "InvalidRequest",
            f"The provided 'x-amz-mp-object-size' header value {stated} does not match what was computed:"
            f" {total}",
        )
    return total


def object_checksum(upload: Upload, parts: Sequence[Part]) -> Checksum | None:
    """Return the object's checksum, computed from its parts' checksums.

    An upload without an algorithm gets a FULL_OBJECT checksum if all its parts have the same CRC (parts sent
    without a checksum have CRC64NVME, AWS's default), else None.
    """
    name, kind = upload.checksum_algorithm, upload.checksum_type
    if name is None:
        names = {part.checksum.algorithm if part.checksum else "" for part in parts}
        name, kind = names.pop() if len(names) == 1 else "", checksums.FULL_OBJECT
    algorithm = checksums.ALGORITHMS.get(name)
    values = [(part.checksum.value, part.size) for part in parts if part.checksum]
    if algorithm is None or len(values) != len(parts):
        return None
    if kind == checksums.COMPOSITE:
        value = checksums.composite(algorithm, [value for value, _ in values])
    elif algorithm.combine is None:
        return None
    else:
        value = checksums.full_object(algorithm, values)
    return Checksum(algorithm.name, kind or checksums.FULL_OBJECT, value)


def check_checksum_syntax(claims: Mapping[str, Any]) -> None:
    """Raise S3Error InvalidRequest for a stated checksum that is not valid for any object."""
    for name, value in _checksums_by_algorithm(claims).items():
        checksums.decode_composite(checksums.ALGORITHMS[name], value)


def check_stated_checksum(
    upload: Upload, computed: Checksum | None, kind: str | None, claims: Mapping[str, Any]
) -> None:
    """Compare checksum and type that the client states with the computed ones.

    Raises S3Error InvalidRequest, BadDigest.
    """
    has = computed.type if computed else upload.checksum_type
    if kind and kind.upper() != has:
        raise S3Error(
            "InvalidRequest",
            f"The upload was created using the {has or 'null'} checksum mode. "
            "The complete request must use the same checksum mode.",
        )
    stated = _checksums_by_algorithm(claims)
    if len(stated) > 1:
        raise S3Error(
            "InvalidRequest",
            "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
        )
    for name, value in stated.items():
        algorithm = checksums.ALGORITHMS[name]
        if (
            computed is None
            or computed.algorithm != name
            or not _checksum_matches(algorithm, value, computed)
        ):
            raise checksums.bad_digest(algorithm)


def _checksum_matches(algorithm: checksums.Algorithm, stated: str, computed: Checksum) -> bool:
    """Whether a stated value is the computed one. A composite one may lack its "-N", as SDKs send it."""
    if computed.type != checksums.COMPOSITE:
        checksums.decode(algorithm, stated)
        return stated == computed.value
    return stated in (computed.value, computed.value.rpartition("-")[0])


def _check_part_checksum(upload: Upload, name: PartReference, part: Part) -> None:
    stored = part.checksum
    for algorithm, value in name.checksums.items():
        if stored is None or (stored.algorithm, stored.value) != (algorithm, value):
            raise _invalid_part(upload, name)
    if upload.checksum_type == checksums.COMPOSITE and not name.checksums:
        algorithm = (upload.checksum_algorithm or "").lower()
        raise S3Error(
            "InvalidRequest",
            f"The upload was created using a {algorithm} checksum. The complete request must include the "
            f"checksum for each part. It was missing for part {name.number} in the request.",
        )


def _parse_part(item: Mapping[str, Any]) -> PartReference:
    return PartReference(item["PartNumber"], item["ETag"].strip().strip('"'), _checksums_by_algorithm(item))


def _checksums_by_algorithm(members: Mapping[str, Any]) -> dict[str, str]:
    return {a.name: members[a.member] for a in checksums.BY_MEMBER.values() if members.get(a.member)}


def _invalid_part(upload: Upload, name: PartReference) -> S3Error:
    return S3Error("InvalidPart", UploadId=upload.id, PartNumber=str(name.number), ETag=name.etag)
