"""Access control of a running gateway: policies, ACLs, ownership and public access blocks, over HTTP."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.access.people import Person, new_user
from tests.access.test_iam import refused
from tests.gateway_process import GatewayProcess

ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def statement(action: Any, resource: Any, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": "*", "Action": action, "Resource": resource, **more}


def arn(bucket: str, key: str = "") -> str:
    return f"arn:aws:s3:::{bucket}" + (f"/{key}" if key else "")


def open_up(main: Person, bucket: str, ownership: str = "ObjectWriter") -> None:
    """Set a bucket up as before April 2023: ACLs enabled, no public access block."""
    main.s3.delete_public_access_block(Bucket=bucket)
    main.s3.put_bucket_ownership_controls(
        Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": ownership}]}
    )


def body(person: Person, bucket: str, key: str) -> bytes:
    data: bytes = person.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    return data


def test_a_plain_bucket_is_closed_to_others(main: Person, alt: Person, nobody: Person, bucket: str) -> None:
    main.s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    for other in (alt, nobody):
        for ask in (
            lambda: other.s3.get_object(Bucket=bucket, Key="k"),  # noqa: B023
            lambda: other.s3.get_object(Bucket=bucket, Key="missing"),  # noqa: B023
            lambda: other.s3.put_object(Bucket=bucket, Key="k", Body=b"y"),  # noqa: B023
            lambda: other.s3.delete_object(Bucket=bucket, Key="k"),  # noqa: B023
            lambda: other.s3.list_objects_v2(Bucket=bucket),  # noqa: B023
            lambda: other.s3.get_bucket_policy(Bucket=bucket),  # noqa: B023
            lambda: other.s3.delete_bucket(Bucket=bucket),  # noqa: B023
        ):
            with refused("AccessDenied", 403):
                ask()
        with refused("403", 403):
            other.s3.head_object(Bucket=bucket, Key="k")
        with refused("NoSuchBucket", 404):
            other.s3.get_object(Bucket="no-such-bucket-anywhere", Key="k")
    with refused("AccessDenied", 403):
        nobody.s3.list_buckets()
    with refused("AccessDenied", 403):
        nobody.s3.create_bucket(Bucket=f"b-{uuid.uuid4().hex[:20]}")
    assert body(main, bucket, "k") == b"x"


def test_buckets_are_listed_by_account(main: Person, alt: Person, bucket: str) -> None:
    answer = main.s3.list_buckets()
    assert bucket in [each["Name"] for each in answer["Buckets"]]
    assert answer["Owner"]["DisplayName"] == "sixfold"
    assert bucket not in [each["Name"] for each in alt.s3.list_buckets()["Buckets"]]
    with refused("BucketAlreadyExists", 409):
        alt.s3.create_bucket(Bucket=bucket)


def test_a_policy_opens_what_it_says(main: Person, alt: Person, nobody: Person, bucket: str) -> None:
    main.s3.delete_public_access_block(Bucket=bucket)
    for key in ("public/a", "private/a"):
        main.s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    main.s3.put_bucket_policy(
        Bucket=bucket, Policy=policy(statement("s3:GetObject", arn(bucket, "public/*")))
    )
    for other in (alt, nobody):
        assert body(other, bucket, "public/a") == b"public/a"
        with refused("AccessDenied", 403):
            body(other, bucket, "private/a")
        with refused("AccessDenied", 403):  # who may not list may not know that it is missing
            body(other, bucket, "public/missing")
    main.s3.put_bucket_policy(
        Bucket=bucket,
        Policy=policy(
            statement("s3:GetObject", arn(bucket, "*")),
            statement("s3:ListBucket", arn(bucket), Condition={"StringLike": {"s3:prefix": "public/*"}}),
        ),
    )
    with refused("NoSuchKey", 404):
        body(nobody, bucket, "public/missing")
    with refused("AccessDenied", 403):
        body(nobody, bucket, "private/missing")
    with refused("InvalidRequest", 400):
        nobody.s3.get_object(Bucket=bucket, Key="public/a", ResponseContentType="text/html")
    main.s3.delete_bucket_policy(Bucket=bucket)
    with refused("AccessDenied", 403):
        body(alt, bucket, "public/a")


def test_a_deny_binds_the_owner_too_but_for_the_policy(main: Person, bucket: str) -> None:
    deny = statement("s3:*", [arn(bucket), arn(bucket, "*")], Effect="Deny", Sid="locked")
    main.s3.put_bucket_policy(Bucket=bucket, Policy=policy(deny))
    with refused("AccessDenied", 403) as told:
        main.s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert told["Message"].endswith("with an explicit deny in a resource-based policy")
    assert json.loads(main.s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"] == [deny]
    main.s3.delete_bucket_policy(Bucket=bucket)
    main.s3.put_object(Bucket=bucket, Key="k", Body=b"x")


def test_other_accounts_do_not_see_to_a_policy(main: Person, alt: Person, bucket: str) -> None:
    main.s3.delete_public_access_block(Bucket=bucket)
    main.s3.put_bucket_policy(
        Bucket=bucket, Policy=policy(statement("s3:*", [arn(bucket), arn(bucket, "*")]))
    )
    with refused("MethodNotAllowed", 405):
        alt.s3.get_bucket_policy(Bucket=bucket)
    with refused("MethodNotAllowed", 405):
        alt.s3.delete_bucket_policy(Bucket=bucket)


def test_policies_of_users(gateway: GatewayProcess, main: Person, bucket: str) -> None:
    one = new_user(
        gateway,
        main,
        f"u-{bucket}",
        policy({"Effect": "Allow", "Action": "s3:*Object", "Resource": arn(bucket, "${aws:username}/*")}),
    )
    one.s3.put_object(Bucket=bucket, Key=f"u-{bucket}/k", Body=b"x")
    assert body(one, bucket, f"u-{bucket}/k") == b"x"
    with refused("AccessDenied", 403) as told:
        one.s3.put_object(Bucket=bucket, Key="other/k", Body=b"x")
    assert "because no identity-based policy allows the s3:PutObject action" in told["Message"]
    for ask in (one.s3.list_buckets, lambda: one.s3.create_bucket(Bucket="b-" + uuid.uuid4().hex[:20])):
        with refused("AccessDenied", 403):
            ask()
    with refused("AccessDenied", 403):
        one.s3.put_object(Bucket=bucket, Key=f"u-{bucket}/k", Body=b"x", Tagging="a=b")
    with refused("AccessDenied", 403) as told:
        body(one, bucket, f"u-{bucket}/missing")
    assert "not authorized to perform: s3:ListBucket" in told["Message"]
    tenant = main.iam.get_user(UserName=f"u-{bucket}")["User"]["Arn"]
    main.s3.put_bucket_policy(
        Bucket=bucket,
        Policy=policy(statement("s3:ListBucket", arn(bucket), Principal={"AWS": tenant})),
    )
    one.s3.list_objects_v2(Bucket=bucket)


def test_users_of_other_accounts_need_both(
    gateway: GatewayProcess, main: Person, alt: Person, bucket: str
) -> None:
    assert alt.account
    one = new_user(gateway, alt, f"u-{bucket}")
    main.s3.put_bucket_policy(
        Bucket=bucket,
        Policy=policy(statement("s3:ListBucket", arn(bucket), Principal={"AWS": alt.account.number})),
    )
    with refused("AccessDenied", 403):
        one.s3.list_objects_v2(Bucket=bucket)
    alt.iam.put_user_policy(
        UserName=f"u-{bucket}",
        PolicyName="p",
        PolicyDocument=policy({"Effect": "Allow", "Action": "s3:*", "Resource": "*"}),
    )
    one.s3.list_objects_v2(Bucket=bucket)


def test_deletes_are_judged_key_by_key(main: Person, alt: Person, bucket: str) -> None:
    main.s3.delete_public_access_block(Bucket=bucket)
    for key in ("a", "b"):
        main.s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    main.s3.put_bucket_policy(Bucket=bucket, Policy=policy(statement("s3:DeleteObject", arn(bucket, "a"))))
    answer = alt.s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "a"}, {"Key": "b"}]})
    assert [done["Key"] for done in answer["Deleted"]] == ["a"]
    assert [(error["Key"], error["Code"]) for error in answer["Errors"]] == [("b", "AccessDenied")]


def test_copies_want_the_source_to_be_readable(main: Person, alt: Person, bucket: str) -> None:
    main.s3.delete_public_access_block(Bucket=bucket)
    for key in ("public/a", "private/a"):
        main.s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    own = f"b-{uuid.uuid4().hex[:20]}"
    alt.s3.create_bucket(Bucket=own)
    with refused("AccessDenied", 403):
        alt.s3.copy_object(Bucket=own, Key="k", CopySource=f"{bucket}/public/a")
    main.s3.put_bucket_policy(
        Bucket=bucket, Policy=policy(statement("s3:GetObject", arn(bucket, "public/*")))
    )
    alt.s3.copy_object(Bucket=own, Key="k", CopySource=f"{bucket}/public/a")
    upload = alt.s3.create_multipart_upload(Bucket=own, Key="m")["UploadId"]
    where = {"Bucket": own, "Key": "m", "UploadId": upload, "PartNumber": 1}
    alt.s3.upload_part_copy(**where, CopySource=f"{bucket}/public/a")
    for ask in (
        lambda: alt.s3.copy_object(Bucket=own, Key="k", CopySource=f"{bucket}/private/a"),
        lambda: alt.s3.upload_part_copy(**where, CopySource=f"{bucket}/private/a"),
        lambda: alt.s3.copy_object(Bucket=bucket, Key="k", CopySource=f"{own}/k"),
    ):
        with refused("AccessDenied", 403):
            ask()
    with refused("AccessDenied", 403):  # who may not list the source's bucket may not know that it is missing
        alt.s3.copy_object(Bucket=own, Key="k", CopySource=f"{bucket}/public/missing")
    with refused("NoSuchKey", 404):
        alt.s3.copy_object(Bucket=own, Key="k", CopySource=f"{own}/missing")


def test_annotations_go_along_for_who_may_read_and_write_them(main: Person, alt: Person, bucket: str) -> None:
    main.s3.delete_public_access_block(Bucket=bucket)
    main.s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    main.s3.put_object_annotation(Bucket=bucket, Key="k", AnnotationName="n", AnnotationPayload=b"said")
    own = f"b-{uuid.uuid4().hex[:20]}"
    alt.s3.create_bucket(Bucket=own)
    readable = statement("s3:GetObject", arn(bucket, "*"))
    main.s3.put_bucket_policy(Bucket=bucket, Policy=policy(readable))
    there, here = f"{bucket}/k", {"Bucket": own, "Key": "k"}
    with refused("AccessDenied", 403):
        alt.s3.copy_object(**here, CopySource=there)
    alt.s3.copy_object(**here, CopySource=there, AnnotationDirective="EXCLUDE")
    annotated = statement("s3:GetObjectAnnotation", arn(bucket, "*"))
    main.s3.put_bucket_policy(Bucket=bucket, Policy=policy(readable, annotated))
    alt.s3.copy_object(**here, CopySource=there)
    assert alt.s3.get_object_annotation(**here, AnnotationName="n")["AnnotationPayload"].read() == b"said"
    main.s3.put_bucket_policy(
        Bucket=bucket, Policy=policy(readable, annotated, statement("s3:PutObject", arn(bucket, "*")))
    )
    with refused("AccessDenied", 403):
        alt.s3.copy_object(Bucket=bucket, Key="there", CopySource=there)


def test_tags_decide(main: Person, alt: Person, bucket: str) -> None:
    main.s3.delete_public_access_block(Bucket=bucket)
    main.s3.put_object(Bucket=bucket, Key="open", Body=b"x", Tagging="security=public")
    main.s3.put_object(Bucket=bucket, Key="shut", Body=b"x", Tagging="security=private")
    main.s3.put_bucket_policy(
        Bucket=bucket,
        Policy=policy(
            statement(
                "s3:GetObject",
                arn(bucket, "*"),
                Condition={"StringEquals": {"s3:ExistingObjectTag/security": "public"}},
            ),
            statement(
                ["s3:PutObject", "s3:PutObjectTagging"],
                arn(bucket, "*"),
                Condition={"StringEquals": {"s3:RequestObjectTag/security": "public"}},
            ),
        ),
    )
    assert body(alt, bucket, "open") == b"x"
    with refused("AccessDenied", 403):
        body(alt, bucket, "shut")
    alt.s3.put_object(Bucket=bucket, Key="new", Body=b"x", Tagging="security=public")
    with refused("AccessDenied", 403):
        alt.s3.put_object(Bucket=bucket, Key="new", Body=b"x")
    tags = {"TagSet": [{"Key": "security", "Value": "public"}]}
    alt.s3.put_object_tagging(Bucket=bucket, Key="shut", Tagging=tags)
    with refused("AccessDenied", 403):
        alt.s3.put_object_tagging(
            Bucket=bucket, Key="open", Tagging={"TagSet": [{"Key": "security", "Value": "private"}]}
        )


def test_documents_decide(gateway: GatewayProcess, main: Person, bucket: str) -> None:
    """Condition keys from a request's body: the region of a new bucket, the days of a retention."""
    there = {"StringEquals": {"s3:LocationConstraint": "eu-west-1"}}
    one = new_user(
        gateway,
        main,
        f"u-{bucket}",
        policy({"Effect": "Allow", "Action": "s3:CreateBucket", "Resource": "*", "Condition": there}),
    )
    named = f"b-{uuid.uuid4().hex[:20]}"
    for configuration in ({}, {"CreateBucketConfiguration": {"LocationConstraint": "eu-west-3"}}):
        with refused("AccessDenied", 403):
            one.s3.create_bucket(Bucket=named, **configuration)
    one.s3.create_bucket(Bucket=named, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    locked = f"b-{uuid.uuid4().hex[:20]}"
    main.s3.create_bucket(Bucket=locked, ObjectLockEnabledForBucket=True)
    main.s3.put_object(Bucket=locked, Key="k", Body=b"x")
    days = {"NumericGreaterThan": {"s3:object-lock-remaining-retention-days": "10"}}
    deny = statement("s3:PutObjectRetention", arn(locked, "*"), Effect="Deny", Condition=days)
    main.s3.put_bucket_policy(Bucket=locked, Policy=policy(deny))

    def retain(days: int) -> None:
        until = datetime.now(UTC) + timedelta(days=days)
        retention = {"Mode": "GOVERNANCE", "RetainUntilDate": until}
        main.s3.put_object_retention(Bucket=locked, Key="k", Retention=retention)

    retain(5)
    with refused("AccessDenied", 403):
        retain(20)


def test_versions_have_actions_of_their_own(main: Person, alt: Person, bucket: str) -> None:
    main.s3.delete_public_access_block(Bucket=bucket)
    main.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    version = main.s3.put_object(Bucket=bucket, Key="k", Body=b"x")["VersionId"]
    main.s3.put_bucket_policy(Bucket=bucket, Policy=policy(statement("s3:GetObject", arn(bucket, "*"))))
    assert body(alt, bucket, "k") == b"x"
    with refused("AccessDenied", 403):
        alt.s3.get_object(Bucket=bucket, Key="k", VersionId=version)
    with refused("AccessDenied", 403):
        alt.s3.copy_object(Bucket=bucket, Key="c", CopySource=f"{bucket}/k?versionId={version}")
    only = {"StringEquals": {"s3:VersionId": version}}
    allow = statement("s3:GetObjectVersion", arn(bucket, "*"), Condition=only)
    main.s3.put_bucket_policy(Bucket=bucket, Policy=policy(allow))
    alt.s3.get_object(Bucket=bucket, Key="k", VersionId=version)
    with refused("AccessDenied", 403):
        body(alt, bucket, "k")


# --- ACLs --------------------------------------------------------------------------------------------------


def test_canned_acls(main: Person, alt: Person, nobody: Person, bucket: str) -> None:
    open_up(main, bucket)
    main.s3.put_bucket_acl(Bucket=bucket, ACL="public-read-write")
    main.s3.put_object(Bucket=bucket, Key="shut", Body=b"x")
    main.s3.put_object(Bucket=bucket, Key="open", Body=b"x", ACL="public-read")
    main.s3.put_object(Bucket=bucket, Key="signed", Body=b"x", ACL="authenticated-read")
    assert body(nobody, bucket, "open") == body(alt, bucket, "signed") == b"x"
    for other, key in ((alt, "shut"), (nobody, "shut"), (nobody, "signed")):
        with refused("AccessDenied", 403):
            body(other, bucket, key)
    assert len(nobody.s3.list_objects_v2(Bucket=bucket)["Contents"]) == 3
    with refused("NoSuchKey", 404):
        body(nobody, bucket, "missing")
    nobody.s3.put_object(Bucket=bucket, Key="theirs", Body=b"y")
    grants = main.s3.get_bucket_acl(Bucket=bucket)["Grants"]
    assert [(grant["Grantee"].get("URI"), grant["Permission"]) for grant in grants] == [
        (ALL_USERS, "READ"),
        (ALL_USERS, "WRITE"),
        (None, "FULL_CONTROL"),
    ]
    main.s3.put_bucket_acl(Bucket=bucket, ACL="private")
    with refused("AccessDenied", 403):
        alt.s3.list_objects_v2(Bucket=bucket)
    main.s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/shut", ACL="public-read")
    assert body(nobody, bucket, "copy") == b"x"


def test_whose_an_object_is(main: Person, alt: Person, bucket: str) -> None:
    open_up(main, bucket)
    main.s3.put_bucket_acl(Bucket=bucket, ACL="public-read-write")
    assert alt.account
    alt.s3.put_object(Bucket=bucket, Key="theirs", Body=b"x")
    acl = alt.s3.get_object_acl(Bucket=bucket, Key="theirs")
    assert acl["Owner"] == {"DisplayName": "john.doe", "ID": alt.account.id}
    with refused("AccessDenied", 403):
        body(main, bucket, "theirs")
    alt.s3.put_object_acl(Bucket=bucket, Key="theirs", ACL="bucket-owner-read")
    assert body(main, bucket, "theirs") == b"x"
    with refused("AccessDenied", 403):
        main.s3.put_object_acl(Bucket=bucket, Key="theirs", ACL="private")
    owners = {
        entry["Key"]: entry["Owner"]["DisplayName"]
        for entry in main.s3.list_objects(Bucket=bucket)["Contents"]
    }
    assert owners == {"theirs": "john.doe"}
    upload = alt.s3.create_multipart_upload(Bucket=bucket, Key="m")
    (listed,) = main.s3.list_multipart_uploads(Bucket=bucket)["Uploads"]
    assert listed["Owner"]["DisplayName"] == listed["Initiator"]["DisplayName"] == "john.doe"
    alt.s3.abort_multipart_upload(Bucket=bucket, Key="m", UploadId=upload["UploadId"])
    main.s3.delete_object(Bucket=bucket, Key="theirs")


@pytest.mark.parametrize(
    ("ownership", "acl", "is_owner"),
    [
        ("ObjectWriter", "bucket-owner-full-control", False),
        ("BucketOwnerPreferred", "bucket-owner-full-control", True),
        ("BucketOwnerPreferred", "private", False),
        ("BucketOwnerEnforced", "bucket-owner-full-control", True),
    ],
)
def test_ownership_controls(
    main: Person, alt: Person, bucket: str, ownership: str, acl: str, is_owner: bool
) -> None:
    open_up(main, bucket, ownership)
    main.s3.put_bucket_policy(Bucket=bucket, Policy=policy(statement("s3:*", arn(bucket, "*"))))
    alt.s3.put_object(Bucket=bucket, Key="k", Body=b"x", ACL=acl)
    owner = main.s3.list_objects(Bucket=bucket)["Contents"][0]["Owner"]["DisplayName"]
    assert owner == ("sixfold" if is_owner else "john.doe")
    upload = alt.s3.create_multipart_upload(Bucket=bucket, Key="m", ACL=acl)["UploadId"]
    part = alt.s3.upload_part(Bucket=bucket, Key="m", UploadId=upload, PartNumber=1, Body=b"x")
    alt.s3.complete_multipart_upload(
        Bucket=bucket,
        Key="m",
        UploadId=upload,
        MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]},
    )
    owners = {entry["Owner"]["DisplayName"] for entry in main.s3.list_objects(Bucket=bucket)["Contents"]}
    assert owners == {owner}


def test_grants_to_accounts(main: Person, alt: Person, bucket: str) -> None:
    open_up(main, bucket)
    assert alt.account
    me = main.s3.get_bucket_acl(Bucket=bucket)["Owner"]
    main.s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    document = {
        "Owner": me,
        "Grants": [
            {
                "Grantee": {"Type": "AmazonCustomerByEmail", "EmailAddress": "john.doe@example.com"},
                "Permission": "READ",
            }
        ],
    }
    main.s3.put_bucket_acl(Bucket=bucket, AccessControlPolicy=document)
    (grant,) = main.s3.get_bucket_acl(Bucket=bucket)["Grants"]
    assert grant["Grantee"] == {"Type": "CanonicalUser", "DisplayName": "john.doe", "ID": alt.account.id}
    alt.s3.list_objects_v2(Bucket=bucket)
    with refused("AccessDenied", 403):
        alt.s3.get_bucket_acl(Bucket=bucket)
    main.s3.put_bucket_acl(
        Bucket=bucket, GrantReadACP=f'id="{alt.account.id}"', GrantWriteACP=f"id={alt.account.id}"
    )
    with refused("AccessDenied", 403):
        alt.s3.list_objects_v2(Bucket=bucket)
    alt.s3.put_bucket_acl(Bucket=bucket, ACL="authenticated-read")
    assert main.s3.get_bucket_acl(Bucket=bucket)["Owner"] == me
    main.s3.put_object_acl(Bucket=bucket, Key="k", GrantFullControl=f"id={alt.account.id}")
    assert body(alt, bucket, "k") == b"x"
    alt.s3.get_object_acl(Bucket=bucket, Key="k")


def test_public_access_blocks(main: Person, alt: Person, nobody: Person, bucket: str) -> None:
    open_up(main, bucket)
    main.s3.put_bucket_acl(Bucket=bucket, ACL="public-read")
    main.s3.put_object(Bucket=bucket, Key="k", Body=b"x", ACL="public-read")
    main.s3.put_bucket_policy(Bucket=bucket, Policy=policy(statement("s3:GetObject", arn(bucket, "*"))))

    def block(**on: bool) -> None:
        main.s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=on)

    block(RestrictPublicBuckets=True)
    alt.s3.list_objects_v2(Bucket=bucket)
    assert body(main, bucket, "k") == body(alt, bucket, "k") == b"x"  # by the ACL
    block(RestrictPublicBuckets=True, IgnorePublicAcls=True)
    with refused("AccessDenied", 403):
        body(alt, bucket, "k")
    block(IgnorePublicAcls=True)
    with refused("AccessDenied", 403):
        alt.s3.list_objects_v2(Bucket=bucket)
    assert body(nobody, bucket, "k") == b"x"  # by the policy
    block(BlockPublicAcls=True, BlockPublicPolicy=True)
    for ask in (
        lambda: main.s3.put_bucket_acl(Bucket=bucket, ACL="public-read"),
        lambda: main.s3.put_object_acl(Bucket=bucket, Key="k", ACL="authenticated-read"),
        lambda: main.s3.put_object(Bucket=bucket, Key="k", Body=b"", ACL="public-read"),
        lambda: main.s3.put_bucket_policy(
            Bucket=bucket, Policy=policy(statement("s3:GetObject", arn(bucket, "*")))
        ),
    ):
        with refused("AccessDenied", 403):
            ask()
    main.s3.put_object(Bucket=bucket, Key="k", Body=b"", ACL="private")


def test_deleting_a_user_ends_its_keys(gateway: GatewayProcess, main: Person, bucket: str) -> None:
    name = f"u-{bucket}"
    one = new_user(gateway, main, name, policy({"Effect": "Allow", "Action": "s3:*", "Resource": "*"}))
    one.s3.list_objects_v2(Bucket=bucket)
    for key in main.iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
        main.iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    with refused("InvalidAccessKeyId", 403):
        one.s3.list_objects_v2(Bucket=bucket)


def test_refusals_are_kept_with_their_reason(
    gateway: GatewayProcess, main: Person, nobody: Person, bucket: str
) -> None:
    with pytest.raises(ClientError) as caught:
        nobody.s3.get_object(Bucket=bucket, Key="k")
    request_id = caught.value.response["ResponseMetadata"]["RequestId"]
    entries = [json.loads(line) for line in (gateway.data / "denials.jsonl").read_text().splitlines()]
    (entry,) = [entry for entry in entries if entry["request_id"] == request_id]
    assert entry["principal"] == "anonymous"
    assert entry["action"] == "s3:GetObject"
    assert entry["resource"] == arn(bucket, "k")
    assert entry["reason"] == "because no resource-based policy allows the s3:GetObject action"
