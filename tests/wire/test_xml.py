"""XML documents: reading, refusal and writing."""

import random
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

import pytest

from s3api.errors import S3Error
from s3api.wire import Wire
from s3api.wire.tables import ROOT_ELEMENTS

NS = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
BOMB = '<!DOCTYPE Delete [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
GOOD = "<Delete><Object><Key>k</Key></Object></Delete>"


def read(wire: Wire, name: str, document: bytes) -> Any:
    return wire.operations[name].read_body(document)


HOSTILE = {
    "empty": b"",
    "no XML": b"{}",
    "cut": b"<Delete><Object><Key>k",
    "two roots": GOOD.encode() * 2,
    "another root": b"<Remove><Object><Key>k</Key></Object></Remove>",
    "no objects": b"<Delete></Delete>",
    "no key": b"<Delete><Object></Object></Delete>",
    "key twice": b"<Delete><Object><Key>k</Key><Key>l</Key></Object></Delete>",
    "unknown element": b"<Delete><Object><Key>k</Key><Colour>red</Colour></Object></Delete>",
    "elements in a text": b"<Delete><Object><Key>k<b>l</b></Key></Object></Delete>",
    "bad boolean": b"<Delete><Quiet>maybe</Quiet><Object><Key>k</Key></Object></Delete>",
    "bad UTF-8": b"<Delete><Object><Key>\xff</Key></Object></Delete>",
    "a control character": b"<Delete><Object><Key>\x01</Key></Object></Delete>",
    "a NUL reference": b"<Delete><Object><Key>&#0;</Key></Object></Delete>",
    "a DTD": b"<!DOCTYPE Delete>" + GOOD.encode(),
    "an external DTD": b'<!DOCTYPE Delete SYSTEM "http://127.0.0.1/x.dtd">' + GOOD.encode(),
    "entities": (BOMB + GOOD.replace("k", "&b;")).encode(),
    "entities in UTF-16": (BOMB + GOOD.replace("k", "&b;")).encode("utf-16"),
    "entities, big-endian": b"\xfe\xff" + (BOMB + GOOD).encode("utf-16-be"),
    "an external entity": b'<!DOCTYPE D [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + GOOD.encode(),
    "a parameter entity": b'<!DOCTYPE D [<!ENTITY % x SYSTEM "file:///etc/passwd"> %x;]>' + GOOD.encode(),
    "an unknown entity": b"<Delete><Object><Key>&x;</Key></Object></Delete>",
    "an unknown encoding": b'<?xml version="1.0" encoding="klingon"?>' + GOOD.encode(),
    "an odd encoding": b'<?xml version="1.0" encoding="base64"?>' + GOOD.encode(),
    "deep": b"<Delete>" + b"<a>" * 100_000 + b"</a>" * 100_000 + b"</Delete>",
    "many": b"<Delete>" + b"<a/>" * 500_000 + b"</Delete>",
    "an unbound prefix": b"<x:Delete/>",
    "attributes twice": b'<Delete a="1" a="2"/>',
}


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_documents(wire: Wire, what: str) -> None:
    with pytest.raises(S3Error) as caught:
        read(wire, "DeleteObjects", HOSTILE[what])
    assert caught.value.code == "MalformedXML"


@pytest.mark.parametrize(
    "document",
    [
        GOOD.encode(),
        GOOD.replace("<Delete>", f"<Delete {NS}>").encode(),
        GOOD.replace("<Delete>", '<Delete xmlns="urn:else">').encode(),
        f'<?xml version="1.0" encoding="UTF-8"?>\n<!-- c -->\n{GOOD}\n'.encode(),
        GOOD.encode("utf-16"),
        b'<?xml version="1.0" encoding="ISO-8859-1"?>' + GOOD.encode(),
        GOOD.replace("k", "<![CDATA[k]]>").encode(),
        GOOD.replace("<Object>", "\n <Object>\n ").encode(),
        GOOD.replace("Delete", "s:Delete").replace("<s:Delete>", '<s:Delete xmlns:s="urn:x">', 1).encode(),
    ],
)
def test_documents_that_are_well(wire: Wire, document: bytes) -> None:
    assert read(wire, "DeleteObjects", document) == {"Delete": {"Objects": [{"Key": "k"}]}}


def test_keys_keep_their_space(wire: Wire) -> None:
    document = "<Delete><Object><Key> a&amp;&#x1;&#13; 漢 </Key></Object></Delete>"
    with pytest.raises(S3Error):  # XML 1.0 has no way to write U+0001
        read(wire, "DeleteObjects", document.encode())
    found = read(wire, "DeleteObjects", document.replace("&#x1;", "").encode())
    assert found["Delete"]["Objects"] == [{"Key": " a&\r 漢 "}]


def test_bodies_that_may_be_left_out(wire: Wire) -> None:
    assert read(wire, "CreateBucket", b"") == {}
    constraint = b"<CreateBucketConfiguration><LocationConstraint>moon-1</LocationConstraint>"
    found = read(wire, "CreateBucket", constraint + b"</CreateBucketConfiguration>")
    assert found == {"CreateBucketConfiguration": {"LocationConstraint": "moon-1"}}
    with pytest.raises(S3Error, match="MalformedXML"):
        read(wire, "DeleteObjects", b"")


def test_a_policy_is_text(wire: Wire) -> None:
    assert read(wire, "PutBucketPolicy", b'{"a": "\xc3\xa9"}') == {"Policy": '{"a": "é"}'}
    with pytest.raises(S3Error, match="MalformedPolicy"):
        read(wire, "PutBucketPolicy", b"\xff")


def test_documents_are_bounded(wire: Wire) -> None:
    operation = wire.operations["PutBucketTagging"]
    assert operation.max_body_bytes == 1 << 20
    assert wire.operations["DeleteObjects"].max_body_bytes == 4 << 20
    with pytest.raises(S3Error, match="MaxMessageLengthExceeded"):
        operation.read_body(b" " * ((1 << 20) + 1))


def test_ten_thousand_parts_with_checksums_are_read(wire: Wire) -> None:
    part = "<PartNumber>{}</PartNumber><ETag>&quot;{}&quot;</ETag><ChecksumSHA512>{}</ChecksumSHA512>"
    part = f"<Part>{part}</Part>"
    parts = "".join(part.format(number, "0" * 32, "A" * 88) for number in range(1, 10_001))
    document = f"<CompleteMultipartUpload {NS}>{parts}</CompleteMultipartUpload>".encode()
    assert len(document) < wire.operations["CompleteMultipartUpload"].max_body_bytes
    found = read(wire, "CompleteMultipartUpload", document)["MultipartUpload"]["Parts"]
    assert [part["PartNumber"] for part in found] == list(range(1, 10_001))


def test_mangled_documents_raise_nothing_but_s3_errors(wire: Wire) -> None:
    rng = random.Random(11)
    for source in (GOOD.encode(), GOOD.encode("utf-16"), f'<?xml version="1.0"?>{BOMB}{GOOD}'.encode()):
        for _ in range(1_500):
            document = bytearray(source)
            for _ in range(rng.randint(1, 4)):
                document[rng.randrange(len(document))] = rng.randrange(256)
            with suppress(S3Error):
                read(wire, "DeleteObjects", bytes(document))


def render(wire: Wire, name: str, result: dict[str, Any]) -> str:
    body = wire.operations[name].render(result).body
    assert body is not None
    return body.decode()


def test_a_listing(wire: Wire) -> None:
    when = datetime(2026, 11, 24, 1, 2, 3, 999_999, UTC)
    found = render(
        wire,
        "ListObjectsV2",
        {
            "Name": "b",
            "Prefix": "",
            "KeyCount": 2,
            "IsTruncated": False,
            "Contents": [
                {"Key": "a<b>&\x01\r\x7f", "LastModified": when, "ETag": '"00"', "Size": 0},
                {"Key": "c", "LastModified": int(when.timestamp()) * 1_000_000 + 999_999, "ETag": '"<"'},
            ],
            "CommonPrefixes": [{"Prefix": "p/"}],
            "NextContinuationToken": None,
        },
    )
    assert found == (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult {NS}><IsTruncated>false</IsTruncated>'
        "<Contents><Key>a&lt;b&gt;&amp;&#x1;&#xd;&#x7f;</Key><LastModified>2026-11-24T01:02:03.000Z</LastModified>"
        "<ETag>&quot;00&quot;</ETag><Size>0</Size></Contents>"
        "<Contents><Key>c</Key><LastModified>2026-11-24T01:02:03.000Z</LastModified>"
        "<ETag>&quot;&lt;&quot;</ETag></Contents><Name>b</Name><Prefix></Prefix>"
        "<CommonPrefixes><Prefix>p/</Prefix></CommonPrefixes><KeyCount>2</KeyCount></ListBucketResult>"
    )


def test_the_odd_ones(wire: Wire) -> None:
    declaration = '<?xml version="1.0" encoding="UTF-8"?>\n'
    location = f"{declaration}<LocationConstraint {NS}>"
    assert render(wire, "GetBucketLocation", {}) == location + "</LocationConstraint>"
    assert (
        render(wire, "GetBucketLocation", {"LocationConstraint": "m"}) == location + "m</LocationConstraint>"
    )
    assert render(wire, "ListBuckets", {"Buckets": []}) == (
        f"{declaration}<ListAllMyBucketsResult {NS}><Buckets></Buckets></ListAllMyBucketsResult>"
    )
    assert render(wire, "DeleteObjects", {}) == f"{declaration}<DeleteResult {NS}></DeleteResult>"
    grant = {"Grantee": {"Type": "CanonicalUser", "ID": "o"}, "Permission": "READ"}
    acl = render(wire, "GetBucketAcl", {"Grants": [grant]})
    assert 'xsi:type="CanonicalUser"><ID>o</ID></Grantee>' in acl


def test_every_root_element_parses(wire: Wire) -> None:
    for name in ROOT_ELEMENTS:
        root = ElementTree.fromstring(render(wire, name, {}))
        assert root.tag == "{http://s3.amazonaws.com/doc/2006-03-01/}" + ROOT_ELEMENTS[name]
