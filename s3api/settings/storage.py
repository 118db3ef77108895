"""Settings of the metadata database, the storage nodes, and the blobs on them."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from s3api.settings.group import MIB, Group, Words

DEFAULT_NODES = tuple(f"lmdb:chunks#{number}" for number in range(1, 7))


class MetadataSettings(Group):
    database: str | None = Field(
        None,
        alias="database",
        repr=False,
        description="URL of the metadata database, `sqlite:///path` or "
        "`postgresql://user:password@host/database`. By default SQLite in the data directory.",
    )
    database_password: SecretStr | None = Field(
        None,
        alias="database_password",
        description="Password of the database, where the URL contains none.",
    )
    wait_s: float = Field(
        60.0,
        alias="wait_s",
        ge=0,
        description="Seconds that the start waits for a database that does not answer.",
    )


class NodeSettings(Group):
    addresses: Words = Field(
        DEFAULT_NODES,
        alias="nodes",
        repr=False,
        description="Addresses of storage nodes to register at the start. The default nodes, embedded in "
        "the data directory, are registered only in a store that has no nodes.",
    )
    token: SecretStr | None = Field(None, alias="node_token", description="Bearer token for chunkd servers.")
    ca: Path | None = Field(
        None,
        alias="node_ca",
        description="PEM file of certificate authorities to trust for `https://` and `rediss://` nodes, "
        "beside the system's.",
    )
    timeout_s: float = Field(
        5.0,
        alias="node_timeout_s",
        gt=0,
        description="Seconds within which a node must answer; after that it counts as down.",
    )
    refresh_s: float = Field(
        2.0,
        alias="node_refresh_s",
        gt=0,
        description="Seconds between two reads of the table of nodes and of each node's fill: a new node "
        "is used after this time.",
    )

    @property
    def given(self) -> bool:
        """Whether the addresses are not the default."""
        return "addresses" in self.model_fields_set

    @property
    def token_text(self) -> str | None:
        return self.token.get_secret_value() if self.token else None


class BlobSettings(Group):
    parity: int = Field(
        2,
        alias="parity",
        ge=0,
        le=4,
        description="Parity chunks beside the six data chunks of a stripe: the number of chunks that may "
        "be lost.",
    )
    hedge: bool = Field(
        True,
        alias="hedge",
        description="Whether a slow read is completed from parity, without waiting for the node.",
    )
    reap_after_s: float = Field(
        300.0,
        alias="reap_after_s",
        ge=0,
        description="Seconds for which chunks of deleted objects are kept, for reads in progress.",
    )
    sweep_grace_s: float = Field(
        3600.0,
        alias="sweep_grace_s",
        ge=60,
        description="Age in seconds at which a chunk that belongs to no object is deleted.",
    )
    sweep_every_s: float = Field(
        3600.0,
        alias="sweep_every_s",
        ge=1,
        description="Seconds between two searches of the nodes for chunks that belong to no object.",
    )
    buffer_bytes: int = Field(
        72 * MIB,
        alias="buffer_bytes",
        ge=32 * MIB,
        description="Bytes of memory for bodies in progress, in each worker. Requests wait where it is "
        "used up.",
    )
    cache_bytes: int = Field(
        64 * MIB,
        alias="cache_bytes",
        ge=0,
        description="Bytes of memory for a read cache of small objects, in each worker; 0 disables it.",
    )
    cache: SecretStr | None = Field(
        None,
        alias="cache",
        description="URL of a Redis in which gateways share a read cache of small objects, "
        "`redis://[user:password@]host:port/db` or `rediss://`. It should have a `maxmemory` and the "
        "policy `allkeys-lru`.",
    )
    cache_ttl_s: int = Field(
        3600, alias="cache_ttl_s", ge=1, description="Seconds for which objects stay in the shared cache."
    )

    @field_validator("cache")
    @classmethod
    def _check_cache(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            parts = urlsplit(value.get_secret_value())
            database = parts.path.strip("/") or "0"
            if parts.scheme not in ("redis", "rediss") or not parts.hostname or not database.isdigit():
                raise ValueError("expected redis://[user:password@]host:port/db or rediss://")
        return value
