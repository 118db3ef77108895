"""The S3 endpoint: one request from its first byte to its answer; forms, websites and CORS beside it."""
