"""Nodes over TLS: a real Redis and a real chunkd, with a certificate of a private authority."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from chunkd import Node, NodeDown, open_node
from tests import services
from tests.chunkd.chunks import sealed
from tests.chunkd.conftest import TOKEN
from tests.clients.tls import Authority


@dataclass(frozen=True, slots=True)
class Nodes:
    redis: str
    chunkd: str
    ca: Path


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    """A Redis over TLS, and a chunkd over TLS in front of it."""
    directory = tmp_path_factory.mktemp("tls")
    made = Authority(directory).certificate("127.0.0.1", directory / "node")
    ca = directory / "ca.pem"
    redis_port, port = services.free_port(), services.free_port()
    tls = {"--port": "0", "--tls-port": str(redis_port), "--tls-auth-clients": "no"}
    tls |= {
        "--tls-cert-file": str(made.certificate),
        "--tls-key-file": str(made.key),
        "--tls-ca-cert-file": str(ca),
    }
    options = [word for pair in tls.items() for word in pair]
    redis = services.redis_server(directory / "redis", *options, port=redis_port)
    address = f"rediss://127.0.0.1:{redis_port}/1"
    more = {"CHUNKD_TLS_CERT": str(made.certificate), "CHUNKD_TLS_KEY": str(made.key), "CHUNKD_CA": str(ca)}
    chunkd = services.chunkd(directory / "chunkd", address, token=TOKEN, port=port, more=more)
    yield Nodes(f"rediss://127.0.0.1:{redis_port}/0", f"https://127.0.0.1:{port}", ca)
    chunkd.stop()
    redis.stop()


async def opened(address: str, ca: Path | None) -> Node:
    return await open_node(address, base=Path("/"), token=TOKEN, timeout_s=5, ca=ca)


@pytest.mark.parametrize("kind", ["redis", "chunkd"])
async def test_chunks_over_tls(nodes: Nodes, kind: str) -> None:
    node = await opened(getattr(nodes, kind), nodes.ca)
    chunks = [sealed(700), sealed(300_000)]
    await node.put_many(chunks)
    for chunk_id, data in chunks:
        assert bytes(await node.get(chunk_id)) == bytes(data)
    assert bytes(await node.get_range(chunks[1][0], 5, 9)) == bytes(chunks[1][1][5:9])
    page, _ = await node.scan(b"", 100)
    assert {chunk_id for chunk_id, _ in page} == {chunk_id for chunk_id, _ in chunks}
    await node.delete_many([chunk_id for chunk_id, _ in chunks])
    await node.ping()
    await node.close()


@pytest.mark.parametrize("kind", ["redis", "chunkd"])
async def test_an_unknown_authority_is_refused(nodes: Nodes, kind: str) -> None:
    node = await opened(getattr(nodes, kind), None)
    with pytest.raises(NodeDown, match="certificate verify failed"):
        await node.ping()
    await node.close()


@pytest.mark.parametrize("kind", ["redis", "chunkd"])
async def test_a_certificate_of_another_name_is_refused(nodes: Nodes, kind: str) -> None:
    node = await opened(getattr(nodes, kind).replace("127.0.0.1", "localhost"), nodes.ca)
    with pytest.raises(NodeDown, match=r"Hostname mismatch|certificate verify failed"):
        await node.ping()
    await node.close()


async def test_authorities_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    for name in ("ca.pem", "none.pem"):
        with pytest.raises(ValueError, match=f"the authorities in .*{name} cannot be used"):
            await opened("https://127.0.0.1:1", tmp_path / name)
