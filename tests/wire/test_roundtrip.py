"""Round trips with boto3 as the oracle: requests that it writes are read, replies are read by it.

Every operation of the model, with random inputs and outputs; seeded.
"""

import io
import random
import string
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import botocore.session
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config

from compat_tests.external import ceph_model
from s3api.wire import Reply, Wire, parse_query, parse_target

TRIALS = 6
WIRE = Wire.load()
# Its answer is an event stream: 501 here, and nothing to render.
NAMES = sorted(set(WIRE.operations) - {"SelectObjectContent"})
KEYS = ["a", "dir/", "a//b", "/lead", "sp ace+plus%41", "漢字/é", "a?b#c&d=e", ".", "x/../y", "a%2Fb", "\x01"]
# botocore computes, rewrites or leaves these out by itself.
CLIENTS_OWN = {"ContentMD5", "ClientToken", "ContentLength", "ChecksumAlgorithm", "ContentType"}
WORD = string.ascii_letters + string.digits + "-_"
TEXT = WORD + " <>&\"'éß漢/+%"


class Raw(io.BytesIO):
    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        yield self.read()


class Loopback:
    """A boto3 client whose requests are recorded and answered with `reply`, without a network."""

    def __init__(self, models: Path) -> None:
        # The client has what we add to the model from the file by which Ceph's clients have it.
        session = botocore.session.get_session()
        session.get_component("data_loader").search_paths.insert(0, str(models))
        config = Config(
            s3={"addressing_style": "path"},
            retries={"total_max_attempts": 1},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        self.client = boto3.Session(botocore_session=session).client(
            "s3",
            endpoint_url="http://127.0.0.1:1",
            region_name="us-east-1",
            aws_access_key_id="a",
            aws_secret_access_key="b",
            config=config,
        )
        self.model = self.client.meta.service_model
        self.client.meta.events.register("before-send.s3", self._answer)
        self.reply = Reply(200, [])
        self.request: Any = None

    def _answer(self, request: Any, **_: Any) -> AWSResponse:
        self.request = request
        headers = {name.decode(): value.decode() for name, value in self.reply.headers}
        return AWSResponse(request.url, self.reply.status, headers, Raw(self.reply.body or b""))

    def read_request(self, *, document: bool) -> tuple[str, dict[str, Any]]:
        """Route and read the request that boto3 sent: its operation and inputs."""
        url = urlsplit(self.request.url)
        bucket, key = parse_target(url.path.encode(), None, ())
        query = parse_query(url.query.encode())
        headers = {
            k.lower(): v.decode() if isinstance(v, bytes) else v for k, v in self.request.headers.items()
        }
        level = 2 if key is not None else 1 if bucket is not None else 0
        operation = WIRE.route(self.request.method, level, query, headers)
        inputs = operation.read(bucket, key, query, headers)
        if document and operation.has_xml_body:
            body = self.request.body or b""
            inputs |= operation.read_body(body.encode() if isinstance(body, str) else bytes(body))
        return operation.name, inputs


@pytest.fixture(scope="module")
def loop(tmp_path_factory: pytest.TempPathFactory) -> Loopback:
    return Loopback(ceph_model.write(tmp_path_factory.mktemp("models")))


class Maker:
    """Random values of botocore's shapes."""

    def __init__(self, seed: str) -> None:
        self.rng = random.Random(seed)

    def value(self, shape: Any, location: str | None = None) -> Any:
        rng, kind = self.rng, shape.type_name
        if kind == "structure":
            return self.structure(shape)
        if kind == "list":
            return [self.value(shape.member, location) for _ in range(rng.randint(1, 3))]
        if kind == "map":
            return {"k0": "v0", "k1": "v1"}
        if kind == "string":
            return self.text(shape, location)
        return {
            "integer": lambda: rng.randint(0, 10**6),
            "long": lambda: rng.randint(0, 10**12),
            "boolean": lambda: rng.random() < 0.5,
            "timestamp": lambda: datetime.fromtimestamp(rng.randint(10**8, 2 * 10**9), UTC),
            "blob": lambda: rng.randbytes(8),
        }[kind]()

    def text(self, shape: Any, location: str | None) -> str:
        if "KmsKeyArn" in shape.name:
            return "arn:aws:kms:us-east-1:123456789012:key/1"
        if enum := shape.metadata.get("enum"):
            return str(self.rng.choice(enum))
        pool = WORD if location in ("header", "headers", "uri") else TEXT
        return "".join(self.rng.choice(pool) for _ in range(self.rng.randint(1, 12))).strip() or "x"

    def structure(self, shape: Any) -> dict[str, Any]:
        names = [self.rng.choice(list(shape.members))] if shape.is_tagged_union else list(shape.members)
        return {
            name: self.value(member, member.serialization.get("location"))
            for name, member in shape.members.items()
            if name in names
            and (name in shape.required_members or shape.is_tagged_union or self.rng.random() < 0.8)
        }


def sent(make: Maker, model: Any) -> dict[str, Any]:
    """Random inputs for boto3, without those that it changes itself."""
    shape = model.input_shape
    params = make.structure(shape) if shape else {}
    payload = shape.serialization.get("payload") if shape else None
    while payload and params.get(payload) == {}:  # botocore sends no body at all for {}
        params = make.structure(shape)
    for name in list(params):
        stated = name.startswith("Checksum") and isinstance(params[name], str)
        if "SSECustomer" in name or name in CLIENTS_OWN or stated:
            del params[name]
    if payload and shape.members[payload].type_name == "structure":
        params.setdefault(payload, make.structure(shape.members[payload]))
        if not params[payload]:
            del params[payload]
    if shape and "EncodingType" in shape.members:
        params["EncodingType"] = "url"  # else botocore asks for it by itself, and decodes the answer
    fixed = {"Bucket": "my-bucket", "Key": make.rng.choice(KEYS), "CopySource": "src/key"}
    return params | {name: value for name, value in fixed.items() if name in params}


def answered(make: Maker, name: str, model: Any) -> dict[str, Any]:
    """A random output for `Operation.render`."""
    shape = model.output_shape
    out = make.structure(shape) if shape else {}
    out.pop("Expires", None)  # boto3 returns it twice
    if name == "GetBucketLocation":
        return {"LocationConstraint": "eu-west-3"}
    if "ContentLength" in out:
        out["ContentLength"] = len(out.get(shape.serialization.get("payload")) or b"")
    if "EncodingType" in out:
        out["EncodingType"] = "url"
    return out


@pytest.mark.parametrize("name", NAMES)
def test_boto3_and_the_wire_agree(loop: Loopback, name: str) -> None:
    model = loop.model.operation_model(name)
    operation = WIRE.operations[name]
    for trial in range(TRIALS):
        make = Maker(f"{name}-{trial}")
        params, out = sent(make, model), answered(make, name, model)
        loop.reply = operation.render(out)
        stream = out.get("Body", out.get("AnnotationPayload"))
        if stream is not None and loop.reply.body is None:
            loop.reply.body = stream
        received = getattr(loop.client, operation.handler_name)(**params)
        assert_read(loop, model, operation, name, params)
        assert_rendered(received, out)


def assert_read(loop: Loopback, model: Any, operation: Any, name: str, params: dict[str, Any]) -> None:
    shape = model.input_shape
    payload = shape.serialization.get("payload") if shape else None
    if payload and shape.members[payload].type_name == "blob":
        params.pop(payload, None)
    # What S3 needs and the model does not require may be missing here: then there is no document to read.
    document = not payload or payload in params
    found, inputs = loop.read_request(document=document)
    assert found == name
    for own in CLIENTS_OWN:
        inputs.pop(own, None)
    if "Expires" in params:  # kept as the client writes it
        params["Expires"] = inputs["Expires"]
    if "ResponseExpires" in params:
        params["ResponseExpires"] = inputs["ResponseExpires"]
    checksums = {own for own in inputs if own.startswith("Checksum") and own not in params}
    assert {own: value for own, value in inputs.items() if own not in checksums} == params


def assert_rendered(received: dict[str, Any], out: dict[str, Any]) -> None:
    received.pop("ResponseMetadata")
    for name in {"Body", "AnnotationPayload", "Policy"} & set(received):
        if hasattr(received[name], "read"):
            received[name] = received[name].read()
        out.setdefault(name, received[name])  # a body that is nothing but this is there, if empty
    assert {name: value for name, value in received.items() if value != {} or name in out} == out


def test_the_handler_names_are_boto3s(loop: Loopback) -> None:
    ours = {operation.handler_name: operation.name for operation in WIRE.operations.values()}
    theirs = loop.client.meta.method_to_api_mapping
    assert ours.items() <= theirs.items()
