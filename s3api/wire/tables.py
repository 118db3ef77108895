"""What AWS's model does not say: the exceptions to its rules, in one place."""

from __future__ import annotations

XMLNS = "http://s3.amazonaws.com/doc/2006-03-01/"

# Root element of a body made of plain members. AWS's own (Smithy) model has these as xmlName;
# the conversion to botocore's format drops them.
ROOTS = {
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
# Headers of answers that S3 gives beyond its model: a completion echoes the customer's key as the parts do.
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
STATUS = {
    "PutBucketAnalyticsConfiguration": 204,
    "PutBucketIntelligentTieringConfiguration": 204,
    "PutBucketInventoryConfiguration": 204,
    "PutBucketPolicy": 204,
    "PutBucketTagging": 204,
    "RestoreObject": 202,
}
# The code where a result says, by a member that the model does not have, that there was nothing to begin.
STATUS_WHERE = {"RestoreObject": ("Repeated", 200)}
# Operations of other endpoints (S3 Express, Object Lambda): their routes would shadow ours.
ELSEWHERE = frozenset({"ListDirectoryBuckets", "WriteGetObjectResponse"})
# Lists that AWS keeps adding to, or answers with an error of the operation's own: any text will do here.
OPEN_ENUMS = frozenset({"BucketLocationConstraint"})
# Numbers below zero that get past the reader: AWS refuses them with an error of the document's own.
SIGNED = frozenset({"Days", "DaysAfterInitiation", "IntelligentTieringDays", "VersionCount", "Years"})
# Timestamps in the model that S3 keeps and returns as the client wrote them.
AS_SENT = frozenset({"Expires", "ResponseExpires"})
# Dates that do not parse make the condition void (RFC 9110, 13.1.3 and 13.1.4); any other bad date is an
# error.
LENIENT_DATES = frozenset({"if-modified-since", "if-unmodified-since"})

# What S3 calls a value outside an enumeration, where it is not plain InvalidArgument; by the shape's name.
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

# Bodies without which S3 takes a request all the same: the headers may say it instead, or (a completion) the
# operation has a sentence of its own for it.
OPTIONAL_BODIES = frozenset({"CompleteMultipartUpload", "CreateBucket", "PutBucketAcl", "PutObjectAcl"})
DOCUMENT_BYTES = 1 << 20
LARGE_DOCUMENT_BYTES = 4 << 20  # 1,000 keys of 1,024 bytes; 10,000 parts with checksums
LARGE_DOCUMENTS = frozenset({"DeleteObjects", "CompleteMultipartUpload"})

# Inputs of the model that a handler need not honour, by their name on the wire. None: whatever the value;
# otherwise the values that ask for nothing. ExpectedBucketOwner, If-* and Content-MD5 of an object are
# guards: never here.
HARMLESS: dict[str, frozenset[str] | None] = {
    # Says how long the body is: the transport has used it already.
    "content-length": None,
    # An SDK's note to itself; the checksum proper is x-amz-checksum-* or a trailer, and that counts.
    "x-amz-sdk-checksum-algorithm": None,
    # Names an upload's or a copy's algorithm where that is an input. minio-go says so in each PutObject and
    # UploadPart too, with or without a checksum to go with it.
    "x-amz-checksum-algorithm": None,
    # Who is charged for the request: nobody is.
    "x-amz-request-payer": None,
    # Asks for RestoreStatus in listings, which AWS leaves out too for an object that was never archived.
    "x-amz-optional-object-attributes": None,
    # Asks to go past a retention: harmless for an operation that meets none.
    "x-amz-bypass-governance-retention": None,
}
# Headers whose value is the operation's to judge, after the policy has had its say of it.
JUDGED_LATER = frozenset({"x-amz-server-side-encryption"})
# How an object is to be encrypted: said once, where it is made. What is read is as it is (AWS: 400); the
# later requests of an upload cannot change what its first has decided, and their answers say what that was.
ENCRYPTION_HEADERS = frozenset(
    {
        "x-amz-server-side-encryption",
        "x-amz-server-side-encryption-aws-kms-key-id",
        "x-amz-server-side-encryption-bucket-key-enabled",
        "x-amz-server-side-encryption-context",
    }
)
ENCRYPTED_BEFORE = frozenset(
    {"UploadPartRequest", "UploadPartCopyRequest", "CompleteMultipartUploadRequest"}
)  # fmt: skip
# Inputs that the gateway enforces itself, for every operation: they are read whether or not the handler names
# them.
GATEWAY_INPUTS = frozenset({"ExpectedBucketOwner"})
# Guards that a write must not pass over, even where the model does not know them for its operation.
GUARDS = ("if-match", "if-none-match")
# x-amz-* headers that belong to the transport, the signature or the SDK, not to any operation.
TRANSPORT_HEADERS = frozenset(
    {
        "x-amz-api-version",  # 2006-03-01, the only one that S3 has; the SDK for C++ says so in every request
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
# Digests of a document's body (XML, policy): the gateway checks them, whatever the operation. Their names in
# the model.
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
# Parameters of a presigned URL that are its signature's.
AUTHENTICATION = frozenset(
    b"X-Amz-" + name
    for name in (
        *(b"Algorithm", b"Credential", b"Date", b"Expires", b"SignedHeaders", b"Signature"),
        *(b"Security-Token", b"Content-Sha256", b"Region-Set"),
    )
)
# Headers without x-amz- that describe a new object: a presigned URL and a form may carry them in their place.
PLAIN_HEADERS = frozenset(
    {
        "cache-control",
        "content-disposition",
        "content-encoding",
        "content-language",
        "content-md5",
        "content-type",
    }
)
# Keys of customers: a URL is in logs.
SECRET_HEADERS = frozenset(
    {
        "x-amz-copy-source-server-side-encryption-customer-key",
        "x-amz-server-side-encryption-customer-key",
    }
)
# Which of x-amz-* count for nothing there.
NOT_HOISTED_PREFIXES = ("x-amz-checksum-", "x-amz-sdk-")
