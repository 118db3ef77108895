"""The gateway: S3 and REST in, six pieces out."""

__version__ = "0.1.0"
