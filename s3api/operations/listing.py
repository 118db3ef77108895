"""ListObjects, ListObjectsV2, ListObjectVersions, ListMultipartUploads, ListParts.

The metadata store finds a page; this module translates markers and formats the entries. A page has up to a
thousand entries, so each list is made in one comprehension, and names are percent-encoded only if a page
contains one that needs it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Unpack

from metadata.records import Listed, ListedVersion, Page, Part, Upload, VersionPage
from s3api.columnar import Columns
from s3api.errors import S3Error
from s3api.operations.call import Call, Output
from s3api.operations.steps.conditions import check_version
from s3api.operations.steps.expiry import abort_date
from s3api.operations.steps.inputs import CustomerKey
from s3api.operations.steps.object_encryption import load_upload_encryption
from s3api.operations.steps.paging import (
    Encode,
    common_prefix_of,
    encode_name,
    encode_names,
    make_token,
    name_encoder,
    page_size,
    read_token,
)
from s3api.operations.steps.uploads import check_upload_id

_EMPTY = Page([], [], None)
Owners = dict[str, dict[str, str]]
"""Canonical id -> the Owner structure, made once a page."""


class _AlgorithmLists(dict[str | None, list[str] | None]):
    """Cache of one-element lists: ChecksumAlgorithm is a list in AWS's listings."""

    def __missing__(self, name: str | None) -> list[str] | None:
        one = self[name] = None if name is None else [name]
        return one


async def list_objects(
    call: Call,
    *,
    Bucket: str,
    Prefix: str | None = None,
    Delimiter: str | None = None,
    Marker: str | None = None,
    MaxKeys: int | None = None,
    EncodingType: str | None = None,
    OptionalObjectAttributes: list[str] | None = None,
) -> Output:
    """List objects, version 1.

    NextMarker is present only with a delimiter; else the last key is the marker.

    OptionalObjectAttributes (RestoreStatus) adds nothing: a restore is never in progress here.
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjects.html
    """
    encode, limit = name_encoder(EncodingType), page_size(MaxKeys, "maxKeys")
    page = await _list_page(call, Bucket, Prefix, Delimiter, _after_marker(Marker, Prefix, Delimiter), limit)
    out = _common_output(page, Bucket, Prefix, Delimiter, limit, encode)
    owners = await _owners(call, {found.owner for found in page.objects})
    out["Contents"] = _contents_columns(page.objects, encode, owners)
    out["Marker"] = encode_name(Marker or "", encode)
    if Delimiter:
        out["NextMarker"] = encode_name(page.next_after, encode)
    return out


async def list_objects_v2(
    call: Call,
    *,
    Bucket: str,
    Prefix: str | None = None,
    Delimiter: str | None = None,
    StartAfter: str | None = None,
    ContinuationToken: str | None = None,
    MaxKeys: int | None = None,
    EncodingType: str | None = None,
    FetchOwner: bool | None = None,
    OptionalObjectAttributes: list[str] | None = None,
) -> Output:
    """List objects, version 2. StartAfter counts on the first page only, an empty token is no token.

    Unlike the Marker of version 1, StartAfter does not hide the common prefix that contains it.
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
    """
    encode, limit = name_encoder(EncodingType), page_size(MaxKeys, "maxKeys")
    after = (StartAfter or None, False) if not ContinuationToken else read_token(ContinuationToken)
    page = await _list_page(call, Bucket, Prefix, Delimiter, after, limit)
    out = _common_output(page, Bucket, Prefix, Delimiter, limit, encode)
    owners = await _owners(call, {found.owner for found in page.objects}) if FetchOwner else None
    out["Contents"] = _contents_columns(page.objects, encode, owners)
    out["KeyCount"] = len(page.objects) + len(page.prefixes)
    if ContinuationToken is not None:
        out["ContinuationToken"] = ContinuationToken
    if StartAfter:
        out["StartAfter"] = encode_name(StartAfter, encode)
    if page.next_after is not None:
        out["NextContinuationToken"] = make_token(page.next_after, is_prefix=page.next_is_prefix)
    return out


async def list_object_versions(
    call: Call,
    *,
    Bucket: str,
    Prefix: str | None = None,
    Delimiter: str | None = None,
    KeyMarker: str | None = None,
    VersionIdMarker: str | None = None,
    MaxKeys: int | None = None,
    EncodingType: str | None = None,
    OptionalObjectAttributes: list[str] | None = None,
) -> Output:
    """List versions and delete markers by key, newest first. Unversioned objects have the version "null".

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
    """
    encode, limit = name_encoder(EncodingType), page_size(MaxKeys, "maxKeys")
    _check_version_marker(KeyMarker, VersionIdMarker)
    page = VersionPage([], [])
    if limit:
        page = await call.metadata.objects.list_versions(
            Bucket,
            prefix=Prefix or "",
            delimiter=Delimiter or None,
            key_marker=KeyMarker or None,
            version_marker=VersionIdMarker or None,
            limit=limit,
        )
    else:
        await call.metadata.buckets.get(Bucket)
    keys = encode_names([version.key for version in page.versions], encode)
    owners, lists = await _owners(call, {version.owner for version in page.versions}), _AlgorithmLists()
    entries = [
        (version.marker, _version_output(key, version, owners, lists))
        for key, version in zip(keys, page.versions, strict=True)
    ]
    return {
        "Name": Bucket,
        "Prefix": encode_name(Prefix or "", encode),
        "Delimiter": encode_name(Delimiter or None, encode),
        "KeyMarker": encode_name(KeyMarker or "", encode),
        "VersionIdMarker": VersionIdMarker or "",
        "MaxKeys": limit,
        "EncodingType": encode and "url",
        "IsTruncated": page.next_key is not None,
        "NextKeyMarker": encode_name(page.next_key, encode),
        "NextVersionIdMarker": page.next_version,
        "Versions": [entry for marker, entry in entries if not marker],
        "DeleteMarkers": [entry for marker, entry in entries if marker],
        "CommonPrefixes": _prefixes(page.prefixes, encode),
    }


def _version_output(key: str, version: ListedVersion, owners: Owners, lists: _AlgorithmLists) -> Output:
    entry: Output = {
        "Key": key,
        "VersionId": version.version_id,
        "IsLatest": version.latest,
        "LastModified": version.modified_us,
        "Owner": owners[version.owner],
    }
    if not version.marker:
        entry |= {
            "ETag": f'"{version.etag}"',
            "ChecksumAlgorithm": lists[version.checksum_algorithm],
            "ChecksumType": version.checksum_type,
            "Size": version.size,
            "StorageClass": version.storage_class,
        }
    return entry


async def list_multipart_uploads(
    call: Call,
    *,
    Bucket: str,
    Prefix: str | None = None,
    Delimiter: str | None = None,
    KeyMarker: str | None = None,
    UploadIdMarker: str | None = None,
    MaxUploads: int | None = None,
    EncodingType: str | None = None,
) -> Output:
    """List uploads in progress. UploadIdMarker counts only beside a KeyMarker, as AWS documents.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html
    """
    encode, limit = name_encoder(EncodingType), page_size(MaxUploads, "max-uploads")
    await call.metadata.buckets.get(Bucket)
    out: Output = {
        "Bucket": Bucket,
        "Prefix": encode_name(Prefix or "", encode),
        "Delimiter": encode_name(Delimiter or None, encode),
        "KeyMarker": encode_name(KeyMarker or "", encode),
        "UploadIdMarker": (KeyMarker and UploadIdMarker) or "",
        "MaxUploads": limit,
        "EncodingType": encode and "url",
        "IsTruncated": False,
    }
    if not limit:
        return out
    page = await call.metadata.uploads.list(
        Bucket,
        prefix=Prefix or "",
        delimiter=Delimiter or None,
        key_marker=KeyMarker or None,
        upload_id_marker=_upload_marker(KeyMarker, UploadIdMarker),
        limit=limit,
    )
    owners = await _owners(call, {upload.owner for upload in page.uploads})
    who = {upload.initiator for upload in page.uploads}
    initiators = {each: await call.initiator_element(each) for each in who}
    out["Uploads"] = [
        _upload_output(upload, owners[upload.owner], initiators[upload.initiator], encode)
        for upload in page.uploads
    ]
    out["CommonPrefixes"] = _prefixes(page.prefixes, encode)
    out["IsTruncated"] = page.next_key_marker is not None
    out["NextKeyMarker"] = encode_name(page.next_key_marker, encode)
    out["NextUploadIdMarker"] = page.next_upload_id_marker
    return out


async def list_parts(
    call: Call,
    *,
    Bucket: str,
    Key: str,
    UploadId: str,
    MaxParts: int | None = None,
    PartNumberMarker: int | None = None,
    **more: Unpack[CustomerKey],
) -> Output:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListParts.html"""
    limit = page_size(MaxParts, "max-parts")
    after = page_size(PartNumberMarker or 0, "part-number-marker", most=2**31 - 1)
    check_upload_id(UploadId)
    upload = await call.metadata.uploads.get(Bucket, Key, UploadId)
    if more:
        await load_upload_encryption(call, upload.extras.encryption, more)
    found = await call.metadata.uploads.list_parts(UploadId, after=after, limit=limit + 1) if limit else []
    parts = found[:limit]
    return {
        "Bucket": Bucket,
        "Key": Key,
        "UploadId": UploadId,
        "Initiator": await call.initiator_element(upload.initiator),
        "Owner": await call.owner_element(upload.owner),
        "StorageClass": upload.properties.storage_class,
        "ChecksumAlgorithm": upload.checksum_algorithm,
        "ChecksumType": upload.checksum_type,
        "PartNumberMarker": after,
        "NextPartNumberMarker": parts[-1].number if parts else 0,
        "MaxParts": limit,
        "IsTruncated": len(found) > limit,
        "Parts": [_part_output(part, with_checksum=bool(upload.checksum_algorithm)) for part in parts],
        **abort_date(call, upload),
    }


async def _list_page(
    call: Call,
    bucket: str,
    prefix: str | None,
    delimiter: str | None,
    after: tuple[str | None, bool],
    limit: int,
) -> Page:
    if not limit:
        await call.metadata.buckets.get(bucket)
        return _EMPTY
    return await call.metadata.objects.list(
        bucket,
        prefix=prefix or "",
        delimiter=delimiter or None,
        after=after[0],
        after_is_prefix=after[1],
        limit=limit,
    )


async def _owners(call: Call, canonical: Iterable[str]) -> Owners:
    """Return the Owner element of each account on a page."""
    return {owner: await call.owner_element(owner) for owner in canonical}


def _after_marker(marker: str | None, prefix: str | None, delimiter: str | None) -> tuple[str | None, bool]:
    if not marker:
        return None, False
    common = common_prefix_of(marker, prefix or "", delimiter)
    return (marker, False) if common is None else (common, True)


def _common_output(
    page: Page, bucket: str, prefix: str | None, delimiter: str | None, limit: int, encode: Encode | None
) -> Output:
    """Return the members that both listings of objects share."""
    return {
        "Name": bucket,
        "Prefix": encode_name(prefix or "", encode),
        "Delimiter": encode_name(delimiter or None, encode),
        "MaxKeys": limit,
        "EncodingType": encode and "url",
        "IsTruncated": page.next_after is not None,
        "CommonPrefixes": _prefixes(page.prefixes, encode),
    }


def _contents_columns(
    objects: list[Listed], encode: Encode | None, owners: Owners | None
) -> Sequence[Output]:
    """Return the entries of a page as columns, which takes 0.2 ms for a thousand.

    None values are omitted when the answer is rendered.
    """
    if not objects:
        return []
    keys, etags, sizes, modified, classes, of_whom, algorithms, types = zip(*objects, strict=True)
    lists = _AlgorithmLists()
    columns: dict[str, Sequence[Any]] = {
        "Key": encode_names(keys, encode),
        "LastModified": modified,
        "ETag": [f'"{etag}"' for etag in etags],
        "ChecksumAlgorithm": list(map(lists.__getitem__, algorithms)),
        "ChecksumType": types,
        "Size": sizes,
        "StorageClass": classes,
    }
    if owners:
        columns["Owner"] = list(map(owners.__getitem__, of_whom))
    return Columns(columns)


def _prefixes(prefixes: list[str], encode: Encode | None) -> list[Output]:
    return [{"Prefix": prefix} for prefix in encode_names(prefixes, encode)]


def _check_version_marker(key_marker: str | None, version_marker: str | None) -> None:
    if not version_marker:
        return
    if not key_marker:
        raise _bad_argument(
            "A version-id marker cannot be specified without a key marker.",
            "version-id-marker",
            version_marker,
        )
    check_version(version_marker, argument="version-id-marker")


def _upload_marker(key_marker: str | None, upload_marker: str | None) -> str | None:
    if not key_marker or not upload_marker:
        return None
    check_upload_id(
        upload_marker,
        otherwise=_bad_argument("Invalid uploadId marker", "upload-id-marker", upload_marker),
    )
    return upload_marker


def _upload_output(upload: Upload, owner: Output, initiator: Output, encode: Encode | None) -> Output:
    return {
        "UploadId": upload.id,
        "Key": encode_name(upload.key, encode),
        "Initiated": upload.initiated_us,
        "StorageClass": upload.properties.storage_class,
        "Owner": owner,
        "Initiator": initiator,
        "ChecksumAlgorithm": upload.checksum_algorithm,
        "ChecksumType": upload.checksum_type,
    }


def _part_output(part: Part, *, with_checksum: bool) -> Output:
    """Return an entry of Parts. The checksum is shown only if the upload has an algorithm, as on AWS."""
    entry: Output = {
        "PartNumber": part.number,
        "LastModified": part.modified_us,
        "ETag": f'"{part.etag}"',
        "Size": part.size,
    }
    if part.checksum and with_checksum:
        entry[f"Checksum{part.checksum.algorithm}"] = part.checksum.value
    return entry


def _bad_argument(message: str, name: str, value: str) -> S3Error:
    return S3Error("InvalidArgument", message, ArgumentName=name, ArgumentValue=value)
