"""One async function per S3 operation, found by its name: `OPERATIONS["PutObject"]` is
`objects.put_object`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from s3api.operations import (
    acls,
    attributes,
    bucket_logging,
    buckets,
    configurations,
    copies,
    deletes,
    listing,
    multipart,
    object_annotations,
    object_lock,
    objects,
    ownership,
    policies,
    reencryption,
    renames,
    restores,
    tagging,
    versioning,
)

Handler = Callable[..., Awaitable[dict[str, Any]]]

_HANDLERS: tuple[Handler, ...] = (
    buckets.list_buckets,
    buckets.create_bucket,
    buckets.head_bucket,
    buckets.delete_bucket,
    buckets.get_bucket_location,
    versioning.get_bucket_versioning,
    versioning.put_bucket_versioning,
    objects.put_object,
    objects.get_object,
    objects.head_object,
    deletes.delete_object,
    deletes.delete_objects,
    copies.copy_object,
    attributes.get_object_attributes,
    listing.list_objects,
    listing.list_objects_v2,
    listing.list_object_versions,
    multipart.create_multipart_upload,
    multipart.upload_part,
    copies.upload_part_copy,
    multipart.complete_multipart_upload,
    multipart.abort_multipart_upload,
    listing.list_parts,
    listing.list_multipart_uploads,
    tagging.get_object_tagging,
    tagging.put_object_tagging,
    tagging.delete_object_tagging,
    object_lock.get_object_lock_configuration,
    object_lock.put_object_lock_configuration,
    object_lock.get_object_retention,
    object_lock.put_object_retention,
    object_lock.get_object_legal_hold,
    object_lock.put_object_legal_hold,
    acls.get_bucket_acl,
    acls.put_bucket_acl,
    acls.get_object_acl,
    acls.put_object_acl,
    policies.put_bucket_policy,
    policies.get_bucket_policy,
    policies.delete_bucket_policy,
    policies.get_bucket_policy_status,
    ownership.put_bucket_ownership_controls,
    ownership.get_bucket_ownership_controls,
    ownership.delete_bucket_ownership_controls,
    ownership.put_public_access_block,
    ownership.get_public_access_block,
    ownership.delete_public_access_block,
    reencryption.update_object_encryption,
    renames.rename_object,
    object_annotations.put_object_annotation,
    object_annotations.get_object_annotation,
    object_annotations.list_object_annotations,
    object_annotations.delete_object_annotation,
    restores.restore_object,
    bucket_logging.post_bucket_logging,
    *configurations.handlers(),
)


def aws_name(handler: Handler) -> str:
    """The operation's name in AWS's model: put_object is PutObject."""
    return "".join(word.capitalize() for word in handler.__name__.split("_"))


OPERATIONS: dict[str, Handler] = {aws_name(handler): handler for handler in _HANDLERS}
"""Every operation that is implemented, by its name in AWS's model."""
