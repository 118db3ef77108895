#!/usr/bin/env bash
# Five Reed-Solomon 6+2 back ends from PyPI write five different second parity pieces for the same six data pieces.
#
# Versions: zfec 1.6.0.0; pyeclib 1.8.0 (its wheel carries liberasurecode and ISA-L). Seen on 2026-12-01, Linux
# x86_64, Python 3.11.
#
# All five back ends are "systematic": the data pieces are stored as they are, so files look compatible. The parity
# is not. isa_l_rs_vand and liberasurecode_rs_vand agree on the FIRST parity piece (it is the XOR of the data), so a
# test that loses one piece passes across the two. Their second pieces differ, so with two lost pieces one back
# end rebuilds wrong bytes from what the other wrote, if nothing else stops it. zfec, isa_l_rs_cauchy and
# isa_l_rs_vand_inv share no parity piece with any other, and their first piece is no XOR.
#
# What follows for a store: "Reed-Solomon 6+2" names no format. The matrix belongs in the format description, and a
# faster library may replace another only after it is compared on every parity piece, not on the first.
#
# Output seen:
#   zfec                   3407b717e62c24fe c3e41c5ac3c2f34c first is XOR: False
#   isa_l_rs_vand          2d7aafa889be8394 2b1d0036e56ed5f5 first is XOR: True
#   liberasurecode_rs_vand 2d7aafa889be8394 a2552283968d80fe first is XOR: True
#   isa_l_rs_cauchy        142fb2178338233c 43898ec366580b76 first is XOR: False
#   isa_l_rs_vand_inv      7429fc8b4efa826c b830c362631a3413 first is XOR: False
#   distinct first parity pieces: 4 of 5; distinct second parity pieces: 5 of 5
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check zfec==1.6.0.0 pyeclib==1.8.0
"$folder/venv/bin/python" - <<'PYTHON'
from functools import reduce

import zfec
from pyeclib.ec_iface import ECDriver

HEADER_BYTES = 80  # before each fragment of liberasurecode
data = [bytes((i * 37 + j * 11 + i * j) % 256 for j in range(32)) for i in range(6)]
xor = bytes(reduce(lambda a, b: a ^ b, column) for column in zip(*data, strict=True))
parity = {"zfec": zfec.Encoder(6, 8).encode(tuple(data))[6:]}
for name in ("isa_l_rs_vand", "liberasurecode_rs_vand", "isa_l_rs_cauchy", "isa_l_rs_vand_inv"):
    fragments = ECDriver(k=6, m=2, ec_type=name).encode(b"".join(data))
    pieces = [fragment[HEADER_BYTES : HEADER_BYTES + 32] for fragment in fragments]
    assert pieces[:6] == data, f"{name} is not systematic"
    parity[name] = pieces[6:]
for name, (first, second) in parity.items():
    print(f"{name:22} {first.hex()[:16]} {second.hex()[:16]} first is XOR: {first == xor}")
firsts, seconds = ({pieces[i] for pieces in parity.values()} for i in (0, 1))
print(f"distinct first parity pieces: {len(firsts)} of 5; distinct second parity pieces: {len(seconds)} of 5")
same_first = parity["isa_l_rs_vand"][0] == parity["liberasurecode_rs_vand"][0] == xor
assert same_first and len(firsts) == 4 and len(seconds) == 5, "the behaviour has changed"
PYTHON
