"""What a gateway does behind the requests, beside the upkeep of the nodes: it applies lifecycle rules,
delivers access logs, tells of events.

The decisions are pure and lie in `s3api.lifecycle`, `s3api.accesslog` and `s3api.events`; here they are
carried out, by tasks of `s3api.periodic`. Nothing here knows HTTP requests.
"""
