"""S3's behaviour as AWS documents it, asked of any endpoint. See README.md here for how to run it."""
