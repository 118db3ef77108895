"""HTTP/1.1: connections, requests and answers, forms and trusted proxies. Knows nothing of S3 operations."""
