"""One request and its answer on an HTTP/1.1 connection. Knows nothing of S3."""
