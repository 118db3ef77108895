"""s3cmd with a configuration file."""

from __future__ import annotations

from typing import Any

from tests.clients.programs import Programs
from tests.clients.trees import MIB, assert_same, make_file, make_tree, objects_of, tree_of

BUCKET = "s3cmd"
ROOT = f"s3://{BUCKET}"


def configure(programs: Programs) -> None:
    gateway = programs.gateway
    address = gateway.endpoint.removeprefix("http://")
    (programs.home / ".s3cfg").write_text(
        f"[default]\naccess_key = {gateway.access_key}\nsecret_key = {gateway.secret_key}\n"
        f"host_base = {address}\nhost_bucket = {address}\nuse_https = False\n"
        "bucket_location = us-east-1\nmultipart_chunk_size_mb = 5\nprogress_meter = False\n"
    )


def test_trees_and_files(programs: Programs, s3: Any) -> None:
    configure(programs)
    home = programs.home
    tree = make_tree(home / "tree")
    programs.run("s3cmd", "--version")
    programs.run("s3cmd", "mb", ROOT)
    assert ROOT in programs.run("s3cmd", "ls")

    programs.run("s3cmd", "sync", "tree/", f"{ROOT}/tree/")
    assert_same(objects_of(s3, BUCKET, "tree/"), tree)
    listed = programs.run("s3cmd", "ls", "--recursive", f"{ROOT}/tree/")
    assert all(f"{ROOT}/tree/{name}\n" in listed for name in tree)
    assert "upload:" not in programs.run("s3cmd", "sync", "tree/", f"{ROOT}/tree/")
    (home / "back").mkdir()
    programs.run("s3cmd", "sync", f"{ROOT}/tree/", "back/")
    assert_same(tree_of(home / "back"), tree)

    odd = "dir with space/é+%25.bin"
    programs.run("s3cmd", "put", f"tree/{odd}", f"{ROOT}/one/{odd}")
    programs.run("s3cmd", "cp", f"{ROOT}/one/{odd}", f"{ROOT}/two/{odd}")
    programs.run("s3cmd", "mv", f"{ROOT}/one/{odd}", f"{ROOT}/three/{odd}")
    assert_same(objects_of(s3, BUCKET, "one/"), {})
    programs.run("s3cmd", "get", f"{ROOT}/three/{odd}", "got.bin")
    assert (home / "got.bin").read_bytes() == tree[odd]
    programs.run("s3cmd", "info", f"{ROOT}/three/{odd}", code=0)

    programs.run("s3cmd", "rm", f"{ROOT}/two/{odd}")
    assert_same(objects_of(s3, BUCKET, "two/"), {})
    programs.run("s3cmd", "rm", "--recursive", "--force", f"{ROOT}/tree/")
    programs.run("s3cmd", "rb", "--recursive", "--force", ROOT)


def test_a_file_in_parts(programs: Programs, s3: Any) -> None:
    configure(programs)
    body = make_file(programs.home / "large.bin", 17 * MIB + 5)
    programs.run("s3cmd", "mb", f"{ROOT}-parts")
    programs.run("s3cmd", "put", "large.bin", f"{ROOT}-parts/large.bin")
    assert s3.head_object(Bucket=f"{BUCKET}-parts", Key="large.bin")["ETag"].endswith('-4"')
    programs.run("s3cmd", "get", f"{ROOT}-parts/large.bin", "back.bin")
    assert (programs.home / "back.bin").read_bytes() == body
