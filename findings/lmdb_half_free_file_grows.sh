#!/usr/bin/env bash
# An LMDB file that is half free takes not one value of 1 MiB into its free half: it grows by all of them.
#
# Version: py-lmdb 3.0.0 (LMDB 0.9.36, its wheel). Seen on 2026-12-01, Linux x86_64, Python 3.11.
#
# 20,000 values of 10 KiB are put, then every second one is deleted: about 117 MiB are free pages inside a file of
# 235 MiB. 98 values of 1 MiB are put after that. A value above half a page lies in CONTIGUOUS overflow pages (257
# here), and the free pages lie in runs of three, so none fits and every value is added at the end of the file.
# Values of 10 KiB put afterwards go into the free runs, and the file does not grow at all.
#
# What follows for a store: "free bytes in the file" says nothing about the room for a large value. Either cut large
# values into pieces of a page or a few, or count free space by run length, or compact.
#
# Output seen:
#   file: 246 MB full, 246 MB half free, 350 MB after 98 values of 1 MiB (103 MB put, 103 MB of growth)
#   then 9,000 values of 10 KiB: 0 MB of growth
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check lmdb==3.0.0
"$folder/venv/bin/python" - "$folder/data" <<'PYTHON'
import os
import sys

import lmdb

COUNT, SMALL, LARGE = 20_000, 10 << 10, 1 << 20
environment = lmdb.open(sys.argv[1], map_size=2 << 30, sync=False)


def file_bytes():
    return os.path.getsize(os.path.join(sys.argv[1], "data.mdb"))


def put(prefix, count, size):
    for start in range(0, count, 100):
        with environment.begin(write=True) as transaction:
            for i in range(start, min(start + 100, count)):
                transaction.put(b"%s%08d" % (prefix, i), b"x" * size)


put(b"a", COUNT, SMALL)
full = file_bytes()
for start in range(0, COUNT, 1000):
    with environment.begin(write=True) as transaction:
        for i in range(start, start + 1000, 2):
            transaction.delete(b"a%08d" % i)
half = file_bytes()
large = COUNT // 2 * SMALL // LARGE + 1
put(b"b", large, LARGE)
grown = file_bytes()
put(b"c", 9_000, SMALL)
growth, later = grown - half, file_bytes() - grown
print(f"lmdb {lmdb.__version__}, LMDB {'.'.join(map(str, lmdb.version()))}")
print(f"file: {full / 1e6:.0f} MB full, {half / 1e6:.0f} MB half free, {grown / 1e6:.0f} MB after {large} values of 1 MiB"
      f" ({large * LARGE / 1e6:.0f} MB put, {growth / 1e6:.0f} MB of growth)")
print(f"then 9,000 values of 10 KiB: {later / 1e6:.0f} MB of growth")
assert growth >= large * LARGE and later == 0, "the behaviour has changed"
PYTHON
