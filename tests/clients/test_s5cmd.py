"""s5cmd: its wildcards, sync, presigned URLs and parts."""

from __future__ import annotations

from typing import Any

import pytest

from tests.clients.programs import Programs
from tests.clients.trees import MIB, assert_same, make_file, make_tree, objects_of, tree_of
from tests.gateway_process import GatewayProcess

BUCKET = "s5cmd"
ROOT = f"s3://{BUCKET}"
# s5cmd reads these in local names as wildcards.
WILD = "*?[]"


@pytest.fixture
def s5cmd(programs: Programs, gateway: GatewayProcess) -> Programs:
    programs.environment["S3_ENDPOINT_URL"] = gateway.endpoint
    return programs


def test_trees_files_and_presigned_urls(s5cmd: Programs, s3: Any) -> None:
    home = s5cmd.home
    tree = make_tree(home / "tree")
    s5cmd.run("s5cmd", "version")
    s5cmd.run("s5cmd", "mb", ROOT)
    assert ROOT in s5cmd.run("s5cmd", "ls")

    s5cmd.run("s5cmd", "sync", "tree/", f"{ROOT}/tree/")
    assert_same(objects_of(s3, BUCKET, "tree/"), tree)
    listed = s5cmd.run("s5cmd", "ls", f"{ROOT}/tree/*")
    assert all(f" {name}\n" in listed for name in tree)
    s5cmd.run("s5cmd", "cp", f"{ROOT}/tree/*", "back/")
    assert_same(tree_of(home / "back"), tree)
    assert s5cmd.run("s5cmd", "sync", f"{ROOT}/tree/*", "back/") == ""

    odd = "dir with space/é+%25.bin"
    s5cmd.run("s5cmd", "cp", f"tree/{odd}", f"{ROOT}/one/{odd}")
    s5cmd.run("s5cmd", "mv", f"{ROOT}/one/{odd}", f"{ROOT}/two/{odd}")
    assert_same(objects_of(s3, BUCKET, "one/"), {})
    url = s5cmd.run("s5cmd", "presign", "--expire", "1m", f"{ROOT}/two/{odd}").strip()
    assert s5cmd.curl(url) == tree[odd]
    s5cmd.run("s5cmd", "rm", f"{ROOT}/two/{odd}")
    assert_same(objects_of(s3, BUCKET, "two/"), {})
    s5cmd.run("s5cmd", "rm", f"{ROOT}/*")
    assert_same(objects_of(s3, BUCKET), {})
    s5cmd.run("s5cmd", "rb", ROOT)


def test_a_file_in_parts(s5cmd: Programs, s3: Any) -> None:
    body = make_file(s5cmd.home / "large.bin", 17 * MIB + 5)
    s5cmd.run("s5cmd", "mb", f"{ROOT}-parts")
    s5cmd.run("s5cmd", "cp", "--part-size", "5", "large.bin", f"{ROOT}-parts/large.bin")
    assert s3.head_object(Bucket=f"{BUCKET}-parts", Key="large.bin")["ETag"].endswith('-4"')
    s5cmd.run("s5cmd", "cp", "--part-size", "5", f"{ROOT}-parts/large.bin", "back.bin")
    assert (s5cmd.home / "back.bin").read_bytes() == body
