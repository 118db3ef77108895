"""Event notifications: subscriptions of buckets, messages in AWS's format, delivery to targets.

`event_types` lists AWS's events, `subscriptions` parses a stored configuration, `message` makes AWS's event
JSON, `targets` resolves an ARN to a target of the settings, `blocked_addresses` says where webhooks may not
go. These are pure. The transaction that changes an object writes an outbox row for each subscribed target;
`worker` delivers the rows with `publisher`.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventNotifications.html
"""
