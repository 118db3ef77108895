"""Lifecycle: what a bucket's rules say should become of its objects, and the worker that does it.

`document` reads a stored configuration into rules, `calendar` says when a number of days has passed, `engine`
decides for one object, version or upload what is due now. These three are pure. `worker` walks the buckets
and applies what the engine decides, in transactions of the metadata store.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lifecycle-mgmt.html
"""
