"""The log line against AWS's example and against malicious values."""

from __future__ import annotations

import shlex
from dataclasses import replace

from s3api.bucket_logs.log_line import LogEntry, format_line

OWNER = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"
AWS_EXAMPLE = (
    f"{OWNER} amzn-s3-demo-bucket1 [06/Feb/2019:00:00:38 +0000] 192.0.2.3 {OWNER} 3E57427F3EXAMPLE "
    'REST.GET.VERSIONING - "GET /amzn-s3-demo-bucket1?versioning HTTP/1.1" 200 - 113 - 7 - '
    '"-" "S3Console/0.4" - '
    "s9lzHYrFp76ZVxRcpX9+5cjAnEH2ROuNkd2BHfIa6UkFVdtjf5mKR3/eTPFvsiP/XV/VLi31234= SigV4 "
    "ECDHE-RSA-AES128-GCM-SHA256 AuthHeader amzn-s3-demo-bucket1.s3.us-west-1.amazonaws.com TLSV1.2 - -"
)
ENTRY = LogEntry(
    bucket_owner=OWNER,
    bucket="amzn-s3-demo-bucket1",
    time_us=1_549_411_238_000_000,
    operation="REST.GET.VERSIONING",
    status=200,
    request_id="3E57427F3EXAMPLE",
    uri="GET /amzn-s3-demo-bucket1?versioning HTTP/1.1",
    remote="192.0.2.3",
    requester=OWNER,
    sent=113,
    total_ms=7,
    user_agent="S3Console/0.4",
    host_id="s9lzHYrFp76ZVxRcpX9+5cjAnEH2ROuNkd2BHfIa6UkFVdtjf5mKR3/eTPFvsiP/XV/VLi31234=",
    signature="SigV4",
    cipher="ECDHE-RSA-AES128-GCM-SHA256",
    auth_type="AuthHeader",
    host="amzn-s3-demo-bucket1.s3.us-west-1.amazonaws.com",
    tls="TLSV1.2",
)


def test_awss_example() -> None:
    assert format_line(ENTRY) == AWS_EXAMPLE


def test_what_clients_send_cannot_break_a_line() -> None:
    hostile = replace(
        ENTRY,
        key='a b"\n[x]',
        referrer='http://x/"\r\n injected',
        user_agent='" 200 "',
        host="evil host",
        version_id="a b",
        remote="",
        requester="",
        acl_required=True,
    )
    text = format_line(hostile)
    assert "\n" not in text
    assert "\r" not in text
    fields = shlex.split(text.replace("[", '"').replace("]", '"'))
    assert len(fields) == 26
    assert fields[7] == "a%20b%22%0A%5Bx%5D"
    assert fields[15] == "http://x/%22%0D%0A injected"
    assert (fields[3], fields[4], fields[17], fields[22], fields[25]) == (
        "-",
        "-",
        "a%20b",
        "evil%20host",
        "Yes",
    )


def test_an_empty_key_is_no_key_and_sizes_may_be_zero() -> None:
    fields = format_line(replace(ENTRY, key="a/b", size=0, sent=0)).split()
    assert "a/b" in fields
    assert fields[14:17] == ["-", "0", "7"]
