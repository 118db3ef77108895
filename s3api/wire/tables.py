"""Exceptions to AWS's service model, and facts that it lacks."""

from __future__ import annotations

XMLNS = "http://s3.amazonaws.com/doc/2006-03-01/"

# Root element of a body made of plain members. AWS's own (Smithy) model has these as xmlName;
# the conversion to botocore's format drops them.
ROOT_ELEMENTS = {
    "CompleteMultipartUpload": "CompleteMultipartUploadResult",
    "CreateMultipartUpload": "InitiateMultipartUploadResult",
    "CreateSession": "CreateSessionResult",
    "DeleteObjects": "DeleteResult",
    "GetBucketAccelerateConfiguration": "AccelerateConfiguration",
    "GetBucketAcl": "AccessControlPolicy",
    "GetBucketCors": "CORSConfiguration",
    "GetBucketLifecycleConfiguration": "LifecycleConfiguration",
    "GetBucketLocation": "LocationConstraint",
    "GetBucketLogging": "BucketLoggingStatus",
    "GetBucketNotificationConfiguration": "NotificationConfiguration",
    "GetBucketRequestPayment": "RequestPaymentConfiguration",
    "GetBucketTagging": "Tagging",
    "GetBucketVersioning": "VersioningConfiguration",
    "GetBucketWebsite": "WebsiteConfiguration",
    "GetObjectAcl": "AccessControlPolicy",
    "GetObjectAttributes": "GetObjectAttributesResponse",
    "GetObjectTagging": "Tagging",
    "ListBucketAnalyticsConfigurations": "ListBucketAnalyticsConfigurationResult",
    "ListBucketIntelligentTieringConfigurations": "ListBucketIntelligentTieringConfigurationsOutput",
    "ListBucketInventoryConfigurations": "ListInventoryConfigurationsResult",
    "ListBucketMetricsConfigurations": "ListMetricsConfigurationsResult",
    "ListBuckets": "ListAllMyBucketsResult",
    "ListMultipartUploads": "ListMultipartUploadsResult",
    "ListObjectVersions": "ListVersionsResult",
    "ListObjects": "ListBucketResult",
    "ListObjectsV2": "ListBucketResult",
    "ListParts": "ListPartsResult",
}
# Response headers that S3 sends and its model lacks.
UNMODELLED_HEADERS = {
    "HeadBucket": {"ContentType": "content-type"},
    "CompleteMultipartUpload": {
        "SSECustomerAlgorithm": "x-amz-server-side-encryption-customer-algorithm",
        "SSECustomerKeyMD5": "x-amz-server-side-encryption-customer-key-md5",
    },
}
# The root element *is* the one member.
UNWRAPPED = frozenset({"GetBucketLocation"})
# Success codes that the model leaves at 200.
SUCCESS_STATUS = {
    "PutBucketAnalyticsConfiguration": 204,
    "PutBucketIntelligentTieringConfiguration": 204,
    "PutBucketInventoryConfiguration": 204,
    "PutBucketPolicy": 204,
    "PutBucketTagging": 204,
    "RestoreObject": 202,
}
# Another success code if the result has a member that is not in the model: (member, code).
STATUS_IF_SET = {"RestoreObject": ("Repeated", 200)}
# Operations of other endpoints (S3 Express, Object Lambda): their routes would shadow ours.
OTHER_ENDPOINTS = frozenset({"ListDirectoryBuckets", "WriteGetObjectResponse"})
# Enumerations that the reader does not check: AWS extends them, or the operation has its own error.
OPEN_ENUMS = frozenset({"BucketLocationConstraint"})
# Numbers that may be negative for the reader: AWS refuses them with an error of the operation.
NEGATIVE_ALLOWED = frozenset(
    {"Days", "DaysAfterInitiation", "IntelligentTieringDays", "VersionCount", "Years"}
)
# Timestamps of the model that S3 stores and returns as sent, unparsed.
TIMES_AS_SENT = frozenset({"Expires", "ResponseExpires"})
# Dates that do not parse make the condition void (RFC 9110, 13.1.3 and 13.1.4); any other bad date is an
# error.
LENIENT_DATES = frozenset({"if-modified-since", "if-unmodified-since"})

# Errors for a value outside an enumeration, by shape, if not plain InvalidArgument.
ENUM_ERRORS = {
    "ChecksumAlgorithm": ("InvalidRequest", "Checksum algorithm provided is unsupported."),
    "ChecksumType": ("InvalidRequest", "Value for x-amz-checksum-type header is invalid."),
    "EncodingType": ("InvalidArgument", "Invalid Encoding Method specified in Request"),
    "MetadataDirective": ("InvalidArgument", "Unknown metadata directive."),
    "ObjectLockLegalHoldStatus": ("InvalidArgument", "Legal Hold must be either of 'ON' or 'OFF'"),
    "ObjectLockMode": ("InvalidArgument", "Unknown wormMode directive."),
    "ServerSideEncryption": ("InvalidEncryptionAlgorithmError", None),
    "StorageClass": ("InvalidStorageClass", None),
    "TaggingDirective": ("InvalidArgument", "Unknown tagging directive."),
}

# Operations whose body may be missing: headers can replace it, or (CompleteMultipartUpload) the operation has
# its own error for it.
OPTIONAL_BODIES = frozenset({"CompleteMultipartUpload", "CreateBucket", "PutBucketAcl", "PutObjectAcl"})
DOCUMENT_BYTES = 1 << 20
LARGE_DOCUMENT_BYTES = 4 << 20  # 1,000 keys of 1,024 bytes; 10,000 parts with checksums
LARGE_DOCUMENTS = frozenset({"DeleteObjects", "CompleteMultipartUpload"})

# Headers that a handler may ignore, with the values that may be ignored (None: any). Never list
# ExpectedBucketOwner, If-* or Content-MD5 of an object here: they protect data.
HARMLESS_HEADERS: dict[str, frozenset[str] | None] = {
    # The transport has used it already.
    "content-length": None,
    # Only names the algorithm; the checksum itself is in x-amz-checksum-* or a trailer.
    "x-amz-sdk-checksum-algorithm": None,
    # An input of uploads and copies only. minio-go sends it with every PutObject and UploadPart, with or
    # without a checksum.
    "x-amz-checksum-algorithm": None,
    # Requests are not charged.
    "x-amz-request-payer": None,
    # Asks for RestoreStatus in listings, which AWS leaves out too for an object that was never archived.
    "x-amz-optional-object-attributes": None,
    # No effect on operations that no retention can block.
    "x-amz-bypass-governance-retention": None,
}
# Enumerations that the operation checks, after the bucket policy was evaluated.
UNCHECKED_HEADERS = frozenset({"x-amz-server-side-encryption"})
# How to encrypt a new object. Reads refuse them (AWS: 400). Later requests of a multipart upload ignore them:
# CreateMultipartUpload has decided, and their answers repeat its decision.
ENCRYPTION_HEADERS = frozenset(
    {
        "x-amz-server-side-encryption",
        "x-amz-server-side-encryption-aws-kms-key-id",
        "x-amz-server-side-encryption-bucket-key-enabled",
        "x-amz-server-side-encryption-context",
    }
)
IGNORES_ENCRYPTION_HEADERS = frozenset(
    {"UploadPartRequest", "UploadPartCopyRequest", "CompleteMultipartUploadRequest"}
)  # fmt: skip
# Inputs that the gateway enforces for every operation: read even if the handler does not take them.
GATEWAY_INPUTS = frozenset({"ExpectedBucketOwner"})
# Conditions that a write must not ignore, even if the model lacks them for its operation.
CONDITION_HEADERS = ("if-match", "if-none-match")
# x-amz-* headers that belong to the transport, the signature or the SDK, not to any operation.
TRANSPORT_HEADERS = frozenset(
    {
        "x-amz-api-version",  # 2006-03-01, the only version; the SDK for C++ sends it with every request
        "x-amz-cf-id",
        "x-amz-content-sha256",
        "x-amz-date",
        "x-amz-decoded-content-length",
        "x-amz-region-set",
        "x-amz-security-token",
        "x-amz-te",
        "x-amz-trailer",
        "x-amz-user-agent",
    }
)
TRANSPORT_PREFIXES = ("x-amz-sdk-",)
# Digests of a document body (XML, policy), with their names in the model. The gateway verifies them.
DOCUMENT_DIGESTS = {
    "content-md5": "ContentMD5",
    "x-amz-checksum-crc32": "ChecksumCRC32",
    "x-amz-checksum-crc32c": "ChecksumCRC32C",
    "x-amz-checksum-crc64nvme": "ChecksumCRC64NVME",
    "x-amz-checksum-md5": "ChecksumMD5",
    "x-amz-checksum-sha1": "ChecksumSHA1",
    "x-amz-checksum-sha256": "ChecksumSHA256",
    "x-amz-checksum-sha512": "ChecksumSHA512",
    "x-amz-checksum-xxhash128": "ChecksumXXHASH128",
    "x-amz-checksum-xxhash3": "ChecksumXXHASH3",
    "x-amz-checksum-xxhash64": "ChecksumXXHASH64",
}
# Query parameters that belong to the signature or the SDK (x-id), not to any operation; in lower case.
TRANSPORT_QUERY = frozenset({"x-id", "awsaccesskeyid", "signature", "expires"})
TRANSPORT_QUERY_PREFIX = "x-amz-"
# Query parameters of a presigned URL's signature.
SIGNATURE_PARAMETERS = frozenset(
    b"X-Amz-" + name
    for name in (
        *(b"Algorithm", b"Credential", b"Date", b"Expires", b"SignedHeaders", b"Signature"),
        *(b"Security-Token", b"Content-Sha256", b"Region-Set"),
    )
)
# Headers without x-amz- that describe a new object, which a presigned URL or a form may contain too.
CONTENT_HEADERS = frozenset(
    {
        "cache-control",
        "content-disposition",
        "content-encoding",
        "content-language",
        "content-md5",
        "content-type",
    }
)
# Customer-provided encryption keys: refused in a URL, which ends up in logs.
SECRET_HEADERS = frozenset(
    {
        "x-amz-copy-source-server-side-encryption-customer-key",
        "x-amz-server-side-encryption-customer-key",
    }
)
# x-amz-* query parameters that `unhoist` does not turn into headers.
NOT_HOISTED_PREFIXES = ("x-amz-checksum-", "x-amz-sdk-")
