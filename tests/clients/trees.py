"""Make and compare directories of files with difficult names."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

MIB = 1 << 20
NAMES = (
    "plain.txt",
    "with two  spaces.txt",
    "plus+and+plus.txt",
    "100%.txt",
    "already%20encoded%2F.txt",
    "grüße-日本語-🗝.txt",
    "amp&eq=semi;at@comma,dollar$.txt",
    "quote'paren(s)[b]{c}~!.txt",
    "#hash and question?.txt",
    "deep/er/and/deeper.bin",
    "dir with space/é+%25.bin",
    "dots..in...name",
)
EMPTY = "empty file"


def random_bytes(size: int, seed: int) -> bytes:
    return random.Random(seed).randbytes(size)


def make_tree(root: Path) -> dict[str, bytes]:
    """Write files of 0 bytes to a few stripes, and return their contents by object key."""
    contents = {name: random_bytes(1 + 7919 * number, number) for number, name in enumerate(NAMES)}
    contents[EMPTY] = b""
    contents["middle.bin"] = random_bytes(3 * MIB + 1, 99)
    for name, body in contents.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    return contents


def make_file(path: Path, size: int) -> bytes:
    body = random_bytes(size, size)
    path.write_bytes(body)
    return body


def tree_of(root: Path) -> dict[str, bytes]:
    """Contents of every file below `root`, by relative path."""
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def objects_of(s3: Any, bucket: str, prefix: str = "") -> dict[str, bytes]:
    """Bodies of every object in the store, by key without the prefix."""
    found: dict[str, bytes] = {}
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for entry in page.get("Contents", []):
            body = s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read()
            assert len(body) == entry["Size"], entry["Key"]
            found[entry["Key"].removeprefix(prefix)] = body
    return found


def assert_same(found: dict[str, bytes], wanted: dict[str, bytes]) -> None:
    """Assert that both are equal, without megabytes in the failure report."""
    assert sorted(found) == sorted(wanted)
    assert [name for name in wanted if found[name] != wanted[name]] == []
