"""Event notifications, the part that does no I/O: what a bucket's notification configuration asks for, who is
told, in which words.

`kinds` has the events that there are, `document` reads a stored configuration, `message` makes AWS's event
JSON, `targets` resolves an ARN to where events go, `addresses` says where they must not go. The transaction
that changes an object writes an outbox row for each who is to be told; `delivery_worker` delivers them.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventNotifications.html
"""
