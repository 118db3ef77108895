"""Server access logs of buckets, delivered as objects of a target bucket.

`destination` parses a bucket's logging configuration and names log objects, `log_line` formats a request as a
line, `operation_names` has AWS's names of operations in logs. These are pure. `worker` collects the lines and
delivers them. The gateway's own access log is `s3api.observe.access_log`.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html
"""
