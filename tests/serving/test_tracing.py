"""Traces over OTLP: the spans of a request, from the client's down to Redis."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from chunkd.otel import traces_enabled
from tests import services
from tests.gateway_process import GatewayProcess, clean_environment
from tests.observe.collector import Collector, Span, collecting

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
TRACE_ID, PARENT_ID = PARENT.split("-")[1:3]


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as found:
        yield found


def children(spans: list[Span], parent: Span) -> list[Span]:
    return [span for span in spans if span.parent == parent.id]


def only(spans: list[Span], name: str) -> Span:
    (found,) = [span for span in spans if span.name == name]
    return found


def side_by_side(spans: list[Span]) -> bool:
    """Whether all spans overlapped in time."""
    return max(span.began_ns for span in spans) <= min(span.ended_ns for span in spans)


def ask(gateway: GatewayProcess, method: str, key: str, body: bytes = b"", parent: str = PARENT) -> None:
    """Send a presigned request within a trace of the client."""
    s3 = gateway.s3(signature_version="s3v4")
    url = s3.generate_presigned_url(method, Params={"Bucket": "traced", "Key": key})
    with gateway.http() as client:
        verb = {"put_object": "PUT", "get_object": "GET"}[method]
        answer = client.request(verb, url, content=body, headers={"traceparent": parent})
        assert answer.status_code == 200


def test_one_get_shows_its_six_chunk_reads_side_by_side_down_to_redis(
    tmp_path: Path, collector: Collector
) -> None:
    with ExitStack() as stack:
        addresses = []
        for number in range(6):
            redis = services.redis_server(tmp_path / f"redis{number}")
            stack.callback(redis.kill)
            node = services.chunkd(
                tmp_path / f"chunkd{number}",
                f"redis://127.0.0.1:{redis.port}/0",
                more=collector.environment(),
            )
            stack.callback(node.stop)
            addresses.append(f"http://127.0.0.1:{node.port}")
        nodes = [option for address in addresses for option in ("--node", address)]
        environment = collector.environment() | {"SIXFOLD_CACHE_BYTES": "0"}
        gateway = stack.enter_context(GatewayProcess(tmp_path / "data", *nodes, environment=environment))
        gateway.s3().create_bucket(Bucket="traced")
        ask(gateway, "put_object", "key", b"x" * 6000, parent=PARENT.replace(TRACE_ID, "1" * 32))
        ask(gateway, "get_object", "key")
        collector.wait(6, trace_id=TRACE_ID, name="redis get")
        spans = collector.wait(1, trace_id=TRACE_ID, name="GetObject")
        spans = collector.wait(1, trace_id=TRACE_ID)
        put = collector.wait(8, trace_id="1" * 32, name="redis put")
    request = only(spans, "GetObject")
    assert (request.service, request.parent) == ("sixfold-gateway", PARENT_ID)
    assert request.attributes["aws.s3.key"] == "key"
    assert request.attributes["http.response.status_code"] == 200
    names = {span.name for span in children(spans, request)}
    assert names >= {"authenticate", "authorize", "metadata get_object", "stripe read"}
    chunks = children(spans, only(spans, "stripe read"))
    assert [span.name for span in chunks] == ["chunk get"] * 6
    assert side_by_side(chunks)
    assert {span.attributes["server.address"] for span in chunks} == set(addresses)
    for chunk in chunks:
        (served,) = children(spans, chunk)
        assert (served.service, served.name) == ("sixfold-chunkd", "POST /batch")
        (stored,) = children(spans, served)
        assert stored.attributes["chunk.id"] == chunk.attributes["chunk.id"]
    assert sum(span.attributes["chunk.bytes"] for span in put) > 8000


def test_a_put_shows_its_stripe_and_its_commit_with_the_size_of_the_batch(
    tmp_path: Path, collector: Collector
) -> None:
    settings = tmp_path / "sixfold.toml"
    settings.write_text("max_object_bytes = 1000\n")
    options, environment = ["--config", str(settings)], collector.environment()
    with GatewayProcess(tmp_path / "data", *options, environment=environment) as gateway:
        gateway.s3().create_bucket(Bucket="traced")
        settings.write_text("max_object_bytes = 10000\n")
        with gateway.http() as client:
            client.post("/api/reload").raise_for_status()  # after which a request is traced as before
        ask(gateway, "put_object", "key", b"x" * 6000)
        spans = collector.wait(1, trace_id=TRACE_ID, name="PutObject")
        spans = collector.wait(1, trace_id=TRACE_ID)
    request = only(spans, "PutObject")
    commit = only(children(spans, request), "metadata put_object")
    assert commit.attributes["db.operation.batch.size"] == 1
    stripe = only(children(spans, request), "stripe write")
    assert [span.name for span in children(spans, stripe)] == ["chunk put"] * 8
    assert stripe.began_ns <= stripe.ended_ns <= commit.began_ns


def test_concurrent_requests_keep_to_their_own_traces(tmp_path: Path, collector: Collector) -> None:
    with GatewayProcess(tmp_path / "data", environment=collector.environment()) as gateway:
        gateway.s3().create_bucket(Bucket="traced")
        ids = [f"{number:032x}" for number in range(1, 21)]
        with ThreadPoolExecutor(8) as pool:
            for done in [
                pool.submit(ask, gateway, "put_object", i, b"x" * 600, PARENT.replace(TRACE_ID, i))
                for i in ids
            ]:
                done.result()
        for trace_id in ids:
            request = collector.wait(1, trace_id=trace_id, name="PutObject")[0]
            spans = collector.wait(1, trace_id=trace_id)
            assert request.attributes["aws.s3.key"] == trace_id
            assert {span.name for span in children(spans, request)} >= {"stripe write", "metadata put_object"}


def test_the_trace_is_in_the_access_log_and_rest_has_one_too(tmp_path: Path, collector: Collector) -> None:
    log = tmp_path / "access.log"
    settings = {
        "SIXFOLD_ACCESS_LOG": "all",
        "SIXFOLD_ACCESS_LOG_PATH": str(log),
        "SIXFOLD_LOG_FORMAT": "json",
    }
    with (
        GatewayProcess(tmp_path / "data", environment=settings | collector.environment()) as gateway,
        gateway.http() as client,
    ):
        client.put("/api/file", content=b"x" * 600, headers={"traceparent": PARENT})
        spans = collector.wait(1, trace_id=TRACE_ID, name="rest.put_file")
        spans = collector.wait(1, trace_id=TRACE_ID)
    assert {span.name for span in children(spans, only(spans, "rest.put_file"))} >= {"stripe write"}
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line["trace_id"] for line in lines if line["operation"] == "rest.put_file"] == [TRACE_ID]


def test_without_the_variables_its_sdk_is_not_even_imported() -> None:
    code = (
        "import sys, s3api.serving.app, s3api.serving.server, chunkd.server; "
        "print({'chunkd.tracing', 'opentelemetry.exporter.otlp.proto.http'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://x"}, True),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, True),
        ({"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://x"}, False),
        ({"OTEL_SDK_DISABLED": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://x"}, False),
        ({"OTEL_SERVICE_NAME": "store"}, False),
    ],
)
def test_when_traces_are_wanted(environment: Mapping[str, str], expected: bool) -> None:
    assert traces_enabled(environment) is expected


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, "OTEL_TRACES_EXPORTER"),
        ({"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "http/protobuf"),
    ],
)
def test_what_is_not_there_is_said_in_one_line(environment: Mapping[str, str], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        traces_enabled(environment)
    command = [sys.executable, "-m", "s3api", "--port", "0", "--data", "/nonexistent"]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=30, env=clean_environment() | dict(environment)
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert says in done.stderr
