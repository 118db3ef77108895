"""Browser forms: from the fields of a form to the key and headers of a PutObject, and the answers to forms.

Fields that are no header of PutObject (a submit button, what an upload library adds) are ignored, as on AWS;
a signed policy must still name them.
Source: S3 API reference, "POST Object"; User Guide, "Browser-based uploads using POST".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from s3api.errors import S3Error
from s3api.wire.request_target import check_key
from s3api.wire.scalars import escape
from s3api.wire.tables import CONTENT_HEADERS

FILENAME = "${filename}"
# Fields that are headers of PutObject by the same name. So are x-amz-* fields other than the signature's.
HEADERS = CONTENT_HEADERS | {"expires"}
SIGNATURE = frozenset(
    {"x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-signature", "x-amz-security-token"}
)
STATUSES = {"200": 200, "201": 201, "204": 204}


@dataclass(frozen=True, slots=True)
class Posted:
    """The request in a form. `headers`: those of a PutObject, by lower-case name; `tagging`: the XML document
    in the field of that name. Without the fields for them, `redirect` is "" and `status` 204.
    """

    key: str
    headers: dict[str, str]
    tagging: str = ""
    redirect: str = ""
    status: int = 204


def insert_file_name(fields: Mapping[str, str], file_name: str) -> dict[str, str]:
    """Replace ${filename} in the key by the file's name, without its directories."""
    key = fields.get("key", "")
    if FILENAME not in key:
        return dict(fields)
    name = file_name.replace("\\", "/").rpartition("/")[2]
    return {**fields, "key": key.replace(FILENAME, name)}


def read_form(fields: Mapping[str, str]) -> Posted:
    """Read the fields of a form. Raises S3Error InvalidArgument, KeyTooLongError."""
    key = fields.get("key", "")
    if not key:
        raise S3Error(
            "InvalidArgument",
            "Bucket POST must contain a field named 'key'.  If it is specified, please check the order of "
            "the fields.",
            ArgumentName="key",
            ArgumentValue="",
        )
    check_key(key)
    headers = {
        name: value
        for name, value in fields.items()
        if name in HEADERS or (name.startswith("x-amz-") and name not in SIGNATURE)
    }
    if "acl" in fields:
        headers["x-amz-acl"] = fields["acl"]
    redirect = fields.get("success_action_redirect") or fields.get("redirect") or ""
    return Posted(
        key,
        headers,
        fields.get("tagging", ""),
        redirect if _is_url(redirect) else "",
        STATUSES.get(fields.get("success_action_status", ""), 204),
    )


def redirect_location(url: str, bucket: str, key: str, etag: str) -> str:
    """Return the URL that a browser is sent to after the upload. `etag` has its quotes."""
    parts = urlsplit(url)
    said = f"bucket={quote(bucket, safe='')}&key={quote(key, safe='')}&etag={quote(etag, safe='')}"
    query = f"{parts.query}&{said}" if parts.query else said
    return parts._replace(query=query).geturl()


def post_response(location: str, bucket: str, key: str, etag: str) -> bytes:
    """Render the XML document of a 201."""
    facts = {"Location": location, "Bucket": bucket, "Key": key, "ETag": etag}
    elements = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in facts.items())
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<PostResponse>{elements}</PostResponse>'.encode()


def _is_url(text: str) -> bool:
    """Whether a browser can be redirected to it. Refuses line breaks, which would split the header."""
    if not text.isprintable():
        return False
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False
