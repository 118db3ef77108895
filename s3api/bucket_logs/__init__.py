"""Server access logging, the part that does no I/O: where a bucket's log goes, how a request is written down,
what a log object is called. `worker` collects the lines and delivers them.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html
"""
