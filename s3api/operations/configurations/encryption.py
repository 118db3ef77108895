"""ServerSideEncryptionConfiguration: the default encryption of a bucket's objects.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketEncryption.html
"""

from __future__ import annotations

from s3api.operations.configurations.checks import Document, invalid_argument, malformed

KMS = ("aws:kms", "aws:kms:dsse")
# The model's other values are for other AWS services.
ALGORITHMS = ("AES256", *KMS)


def check_encryption(document: Document) -> Document:
    """Check the document; add BucketKeyEnabled, which AWS always returns."""
    if len(document["Rules"]) != 1:
        raise malformed()
    rule = {"BucketKeyEnabled": False, **document["Rules"][0]}
    default = rule.get("ApplyServerSideEncryptionByDefault")
    if default is None:
        if "BlockedEncryptionTypes" not in rule:
            raise malformed()
        return {"Rules": [rule]}
    algorithm, key = default["SSEAlgorithm"], default.get("KMSMasterKeyID")
    if algorithm not in ALGORITHMS:
        raise malformed()
    if key is not None and algorithm not in KMS:
        raise invalid_argument(
            "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse",
            ArgumentName="ApplyServerSideEncryptionByDefault",
        )
    if key == "":
        raise malformed()
    return {"Rules": [rule]}
