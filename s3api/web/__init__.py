"""What browsers ask of S3 beyond its operations: CORS, static websites, uploads by form. Decisions alone, no
I/O.

Each module is an engine over a bucket's document or a request's fields. Who reads the document, runs the
operations and sends the answer is above (`s3api.site`, `s3api.post`, the gateway).
"""
