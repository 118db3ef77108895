"""aws-cli: every command of `aws s3` that docs/start.md shows, on files and trees."""

from __future__ import annotations

import json
from typing import Any

from tests.clients.programs import Programs
from tests.clients.trees import MIB, assert_same, make_file, make_tree, objects_of, tree_of

BUCKET = "aws-cli"
ROOT = f"s3://{BUCKET}"


def test_trees_files_and_presigned_urls(programs: Programs, s3: Any) -> None:
    home = programs.home
    tree = make_tree(home / "tree")
    programs.run("aws", "--version")
    assert programs.run("aws", "s3", "mb", ROOT) == f"make_bucket: {BUCKET}\n"

    programs.run("aws", "s3", "sync", "--no-progress", "tree", f"{ROOT}/tree")
    assert_same(objects_of(s3, BUCKET, "tree/"), tree)
    listed = programs.run("aws", "s3", "ls", "--recursive", f"{ROOT}/tree/")
    assert all(f" tree/{name}\n" in listed for name in tree)
    assert "PRE deep/" in programs.run("aws", "s3", "ls", f"{ROOT}/tree/")
    assert programs.run("aws", "s3", "sync", "--no-progress", "tree", f"{ROOT}/tree") == ""
    programs.run("aws", "s3", "sync", "--no-progress", f"{ROOT}/tree", "back")
    assert_same(tree_of(home / "back"), tree)
    (home / "tree" / "plain.txt").unlink()
    assert programs.run("aws", "s3", "sync", "--no-progress", "--delete", "tree", f"{ROOT}/tree").startswith(
        "delete: "
    )
    assert sorted(objects_of(s3, BUCKET, "tree/")) == sorted(set(tree) - {"plain.txt"})

    odd = "dir with space/é+%25.bin"
    programs.run("aws", "s3", "cp", "--no-progress", f"tree/{odd}", f"{ROOT}/one/{odd}")
    programs.run("aws", "s3", "mv", "--no-progress", f"{ROOT}/one/{odd}", f"{ROOT}/two/{odd}")
    assert_same(objects_of(s3, BUCKET, "one/"), {})
    programs.run("aws", "s3", "mv", "--no-progress", f"{ROOT}/two/{odd}", "moved.bin")
    assert (home / "moved.bin").read_bytes() == tree[odd]
    assert_same(objects_of(s3, BUCKET, "two/"), {})

    programs.run("aws", "s3", "rm", f"{ROOT}/tree/100%.txt")
    assert "100%.txt" not in objects_of(s3, BUCKET, "tree/")
    programs.run("aws", "s3", "rm", "--recursive", "--quiet", ROOT)
    assert programs.run("aws", "s3", "ls", "--recursive", ROOT) == ""
    programs.run("aws", "s3", "rb", ROOT)


def test_presigned(programs: Programs, s3: Any) -> None:
    """aws-cli 1 presigns with Signature Version 2 unless it is configured, as docs/start.md does."""
    bucket, key = "aws-cli-presign", "a b/é+%.txt"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key=key, Body=b"presigned")
    programs.run("aws", "configure", "set", "default.s3.signature_version", "s3v4")
    url = programs.run("aws", "s3", "presign", f"s3://{bucket}/{key}", "--expires-in", "60").strip()
    assert "X-Amz-Signature=" in url
    assert programs.curl(url) == b"presigned"
    assert programs.curl("--range", "3-5", url) == b"sig"


def test_a_file_in_parts(programs: Programs, s3: Any) -> None:
    bucket = "aws-cli-parts"
    body = make_file(programs.home / "large.bin", 33 * MIB + 7)
    programs.run("aws", "s3", "mb", f"s3://{bucket}")
    programs.run("aws", "s3", "cp", "--no-progress", "large.bin", f"s3://{bucket}/large.bin")
    answer = json.loads(programs.run("aws", "s3api", "head-object", "--bucket", bucket, "--key", "large.bin"))
    assert (answer["ContentLength"], answer["ETag"].rpartition("-")[2]) == (len(body), '5"')
    programs.run("aws", "s3", "cp", "--no-progress", f"s3://{bucket}/large.bin", f"s3://{bucket}/copy.bin")
    programs.run("aws", "s3", "mv", "--no-progress", f"s3://{bucket}/copy.bin", "back.bin")
    assert (programs.home / "back.bin").read_bytes() == body
    assert sorted(objects_of(s3, bucket)) == ["large.bin"]
    programs.run("aws", "s3", "rb", "--force", f"s3://{bucket}")
