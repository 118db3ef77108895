"""rclone with a remote of provider Other, as its documentation advises for S3 stores."""

from __future__ import annotations

from typing import Any

import pytest

from tests.clients.programs import Programs
from tests.clients.trees import MIB, assert_same, make_file, make_tree, objects_of, tree_of
from tests.gateway_process import GatewayProcess

BUCKET = "rclone"
ROOT = f"sixfold:{BUCKET}"


@pytest.fixture
def rclone(programs: Programs, gateway: GatewayProcess) -> Programs:
    remote = programs.home / ".config" / "rclone" / "rclone.conf"
    remote.parent.mkdir(parents=True)
    remote.write_text(
        "[sixfold]\ntype = s3\nprovider = Other\n"
        f"access_key_id = {gateway.access_key}\nsecret_access_key = {gateway.secret_key}\n"
        f"endpoint = {gateway.endpoint}\nregion = us-east-1\n"
        "upload_cutoff = 5Mi\nchunk_size = 5Mi\n"
    )
    return programs


def test_trees_and_files(rclone: Programs, s3: Any) -> None:
    home = rclone.home
    tree = make_tree(home / "tree")
    rclone.run("rclone", "version")
    rclone.run("rclone", "mkdir", ROOT)
    assert BUCKET in rclone.run("rclone", "lsd", "sixfold:")

    rclone.run("rclone", "sync", "tree", f"{ROOT}/tree")
    assert_same(objects_of(s3, BUCKET, "tree/"), tree)
    listed = rclone.run("rclone", "lsf", "--recursive", "--files-only", f"{ROOT}/tree").splitlines()
    assert sorted(listed) == sorted(tree)
    rclone.run("rclone", "check", "--download", "tree", f"{ROOT}/tree")
    rclone.run("rclone", "sync", f"{ROOT}/tree", "back")
    assert_same(tree_of(home / "back"), tree)
    (home / "tree" / "plain.txt").unlink()
    rclone.run("rclone", "sync", "tree", f"{ROOT}/tree")
    assert sorted(objects_of(s3, BUCKET, "tree/")) == sorted(set(tree) - {"plain.txt"})

    odd = "dir with space/é+%25.bin"
    rclone.run("rclone", "copyto", f"tree/{odd}", f"{ROOT}/one/{odd}")
    rclone.run("rclone", "moveto", f"{ROOT}/one/{odd}", f"{ROOT}/two/{odd}")
    assert_same(objects_of(s3, BUCKET, "one/"), {})
    url = rclone.run("rclone", "link", "--expire", "60s", f"{ROOT}/two/{odd}").strip()
    assert rclone.curl(url) == tree[odd]

    rclone.run("rclone", "deletefile", f"{ROOT}/two/{odd}")
    assert_same(objects_of(s3, BUCKET, "two/"), {})
    rclone.run("rclone", "delete", f"{ROOT}/tree")
    assert_same(objects_of(s3, BUCKET), {})
    rclone.run("rclone", "purge", ROOT)


def test_a_file_in_parts(rclone: Programs, s3: Any) -> None:
    body = make_file(rclone.home / "large.bin", 17 * MIB + 5)
    rclone.run("rclone", "mkdir", f"{ROOT}-parts")
    rclone.run("rclone", "copy", "large.bin", f"{ROOT}-parts")
    assert s3.head_object(Bucket=f"{BUCKET}-parts", Key="large.bin")["ETag"].endswith('-4"')
    rclone.run("rclone", "copyto", f"{ROOT}-parts/large.bin", "back.bin")
    assert (rclone.home / "back.bin").read_bytes() == body
    rclone.run("rclone", "moveto", f"{ROOT}-parts/large.bin", f"{ROOT}-parts/moved.bin")
    assert_same(objects_of(s3, f"{BUCKET}-parts"), {"moved.bin": body})
