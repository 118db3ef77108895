"""Lifecycle rules: expiration, transition and cleanup of objects, versions and uploads.

`rules` parses a stored configuration, `calendar` computes due times, `engine` decides the action for one
object, version or upload. These three are pure. `worker` walks the buckets and carries out the actions in
transactions of the metadata store.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lifecycle-mgmt.html
"""
