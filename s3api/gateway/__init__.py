"""The S3 endpoint and what stands beside it: browser forms, websites and CORS.

Start with `gateway.Gateway._answer`, the steps of a request.
"""
