"""Every setting of a gateway, with its unit in its name, and where each may come from.

In order of precedence: what the caller says (the command line), `SIXFOLD_*` in the environment, a TOML file
(`--config` or `SIXFOLD_CONFIG`), the defaults below. Names are the same everywhere: `node_timeout_s = 2` in
the file is `SIXFOLD_NODE_TIMEOUT_S=2` in the environment. A secret may be in a file of its own:
`SIXFOLD_SECRET_KEY_FILE=/run/secrets/key`, and so for every other name (`chunkd.file_settings`). A name that
is not known, in the file, is an error. No secret is in a repr or in an error's text.
"""

from __future__ import annotations

import ipaddress
import os
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import quote, urlsplit

import orjson
from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from chunkd.file_settings import SUFFIX, FileSettingsSource, SettingFileError
from chunkd.loopback import is_loopback

MIB = 1 << 20
GIB = 1 << 30
DEFAULT_NODES = tuple(f"lmdb:chunks#{number}" for number in range(1, 7))
MIN_NODES = 6

# What a SigV4 credential scope ("/"), an Authorization header ("," "=") and HTTP Basic (":") leave to an
# access key.
_ACCESS_KEY = re.compile(r"[A-Za-z0-9_.+@-]{3,128}")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_DOMAIN = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")


class SettingsError(ValueError):
    """The settings cannot be used. Each of `lines` says for the operator what is wrong, and holds no secret;
    the text is all of them.
    """

    def __init__(self, *lines: str) -> None:
        super().__init__("; ".join(lines))
        self.lines = lines


class Settings(BaseSettings):
    """What a gateway is told. Immutable; `load` makes one and says in one line what is wrong."""

    model_config = SettingsConfigDict(
        env_prefix="SIXFOLD_",
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        populate_by_name=True,
        env_ignore_empty=True,
    )

    config: Path | None = None
    """A TOML file with any of the settings below."""

    # --- the server ---
    host: str = "127.0.0.1"
    """The address to listen on. REST is open without a password on a loopback address alone, see
    `rest_open`.
    """
    port: int = Field(8260, ge=0, le=65535)
    data: Path = Field(Path("sixfold-data"), validate_default=True)
    """The directory of all that this gateway keeps itself: credentials, the SQLite database, embedded
    nodes.
    """
    workers: int = Field(1, ge=1, le=256)
    """Processes that serve. More than one wants nodes that processes can share; embedded ones may be shared
    too, at a cost.
    """
    domains: Annotated[tuple[str, ...], NoDecode] = ("s3.localhost",)
    """Base domains of virtual-host style addresses: with `s3.localhost`, `photos.s3.localhost` is the bucket
    `photos`.
    """
    website_domains: Annotated[tuple[str, ...], NoDecode] = ("s3-website.localhost",)
    """Base domains of static websites: with `s3-website.localhost`, `photos.s3-website.localhost` shows the
    bucket `photos` as its website configuration says. Of no bucket without one.
    """
    region: str = Field("us-east-1", pattern=r"^[a-z0-9-]{1,64}$")
    keep_alive_s: int = Field(75, ge=1)
    """How long an idle connection is kept."""
    shutdown_s: int = Field(30, ge=0)
    """How long requests under way may go on when the gateway is told to stop."""

    # --- what it says ---
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["human", "json"] = "human"
    """Of the log on standard error, and of the access log."""
    access_log: Literal["off", "errors", "all"] = "errors"
    """Which requests leave a line: those that failed by the store's fault, or all."""
    access_log_path: Path | None = None
    """Where the lines go; None: to standard output."""

    wait_s: float = Field(60.0, ge=0)
    """How long the start waits for a database that does not answer."""
    tls_cert: Path | None = None
    """A PEM file of the certificate and its chain. With `tls_key` the gateway speaks https alone."""
    tls_key: Path | None = None
    """The certificate's private key, a PEM file."""
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = ()
    """Addresses and networks (`10.0.0.0/8`) of proxies whose Forwarded and X-Forwarded-* headers count."""
    public_endpoints: Annotated[tuple[str, ...], NoDecode] = ()
    """URLs by which clients know this store where a proxy rewrites Host (`https://s3.example.org`): what was
    signed for one of them is accepted.
    """

    # --- who may ---
    access_key: str | None = None
    """The root key pair, with `secret_key`. Without it the first start makes one and keeps it in the data
    directory.
    """
    secret_key: SecretStr | None = None
    key_cache_s: float = Field(2.0, ge=0, le=60)
    """How long a key pair that was looked up is believed: a revoked one is refused no later than this."""
    acls: bool = False
    """Whether buckets without ownership controls of their own have ACLs, as AWS's had before April 2023.
    Since then a bucket's owner owns all that is in it, and ACLs are off unless a bucket turns them on.
    """
    block_public_access: bool = True
    """Whether buckets without a public access block of their own block all public access, as AWS's do since
    April 2023.
    """
    lenient: bool = False
    """Whether to take some of what AWS refuses and other stores take: conditions to which it answers 501 in
    ordinary buckets (If-Match "*" and If-None-Match with an ETag on writes; the size and the time of what is
    deleted), a delete with If-Match of what is not there, lifecycle filters of several predicates but no And,
    bucket policies with one Sid twice or with actions that fit none of a statement's resources, x-amz-*
    headers that no operation has. And whether to answer as they do where they answer otherwise
    (`s3api.operations.failures.lenient_error`).
    """
    rest_bucket: str = "files"
    """The bucket in which files of the REST interface live."""
    metrics_token: SecretStr | None = None
    """A bearer token that lets Prometheus read /api/metrics, beside what lets anybody use REST."""
    rest_open: bool | None = None
    """Whether REST needs no authentication. None: on loopback only."""

    # --- encryption ---
    encrypt_by_default: bool = False
    """Whether objects that neither request nor bucket wants encrypted are, as SSE-S3 (AWS: always)."""
    customer_keys_need_tls: bool = False
    """Whether customers' own keys (SSE-C) are refused over plain HTTP (AWS: always). Behind a proxy that ends
    TLS its word counts where it is one of `trusted_proxies`.
    """
    key_file: Path | None = None
    """The file of our own keys. None: `kms.json` in the data directory. Gateways that share a database share
    it.
    """
    kms_endpoint: str | None = None
    """URL of a service that speaks AWS KMS's protocol, for SSE-KMS. None: the keys of the key file."""
    kms_region: str | None = Field(None, pattern=r"^[a-z0-9-]{1,64}$")
    """Its region. None: `region`."""
    kms_access_key: str | None = None
    """The key pair that it knows this gateway by, with `kms_secret_key`."""
    kms_secret_key: SecretStr | None = None
    kms_timeout_s: float = Field(5.0, gt=0)

    # --- the metadata ---
    database: str | None = Field(None, repr=False)
    """`sqlite:///path` or `postgresql://user:password@host/database`. None: SQLite in the data directory."""

    database_password: SecretStr | None = None
    """The password for a `database` URL that has none."""

    # --- the nodes ---
    nodes: Annotated[tuple[str, ...], NoDecode] = Field(
        DEFAULT_NODES, repr=False, validation_alias=AliasChoices("SIXFOLD_NODES", "SIXFOLD_NODE")
    )
    """Addresses of nodes to register at start-up where they are not yet. The default ones, embedded in the
    data directory, are registered only where the table of nodes is empty.
    """
    node_token: SecretStr | None = None
    """What chunkd servers ask for as a bearer token."""
    node_ca: Path | None = None
    """A PEM file of authorities to trust for `https://` and `rediss://` nodes, beside the system's."""
    node_timeout_s: float = Field(5.0, gt=0)
    """How long a node may take to answer before it counts as down."""
    node_refresh_s: float = Field(2.0, gt=0)
    """How often the table of nodes is read and each is asked for its fill: within this time a new node is
    used.
    """
    parity: int = Field(2, ge=0, le=4)
    """Parity chunks beside the six data chunks of a stripe: how many chunks may be lost."""
    hedge: bool = True
    """Whether a read that is late is made up from parity without waiting for the node."""
    reap_after_s: float = Field(300.0, ge=0)
    """How long chunks of deleted content stay, for reads that began before the delete."""
    sweep_grace_s: float = Field(3600.0, ge=60)
    """How old a chunk that no blob knows must be before the sweep deletes it."""
    sweep_every_s: float = Field(3600.0, ge=1)
    """How often the nodes are searched for chunks that no blob knows."""

    # --- lifecycle, events, logs of buckets ---
    lifecycle_day_s: float = Field(86_400.0, gt=0)
    """How long a day of lifecycle rules lasts. Other than 86400 for tests: such a day has no midnight."""
    lifecycle_every_s: float | None = Field(None, gt=0)
    """How often the rules are applied. None: 24 times a day, but not more often than every second."""
    lifecycle_minimum_bytes: int = Field(128 << 10, ge=0)
    """Smaller objects change their storage class only by rules that speak of sizes (AWS: 128 KiB)."""
    event_targets: dict[str, str] = Field(default_factory=dict, repr=False)
    """Where events may be sent, by name: `hook = "https://..."` is `arn:sixfold:sqs::hook:webhook`, `audit =
    "redis://...?stream=..."` is `arn:sixfold:sqs::audit:redis`. In the environment: JSON.
    """
    event_internal: bool = False
    """Whether webhooks may be on this machine, on its link, or where clouds have their metadata services."""
    event_give_up_s: float = Field(86_400.0, gt=0)
    """How old an event that its target does not take may become; then it is a dead letter."""
    event_live_s: float = Field(3600.0, gt=0)
    """How far back `GET /api/events` can be read."""
    bucket_log_every_s: float = Field(300.0, gt=0)
    """How long lines of a bucket's access log are collected before they are delivered."""

    # --- limits ---
    max_header_bytes: int = Field(64 << 10, ge=4 << 10, le=MIB)
    """Request line and headers of one request; more is answered 431 and the connection closed."""
    max_object_bytes: int = Field(5 * GIB, ge=1)
    """The largest body of one PUT (AWS: 5 GiB). Larger objects come in parts."""
    max_concurrent_requests: int = Field(1024, ge=1)
    """Requests under way in one worker; more are answered 503 SlowDown."""
    buffer_bytes: int = Field(72 * MIB, ge=32 * MIB)
    """Memory for bodies under way in one worker; requests wait where it is spent."""
    cache_bytes: int = Field(64 * MIB, ge=0)
    """Memory for small objects that were read lately, in one worker; 0 for none."""
    cache: SecretStr | None = None
    """`redis://[user:password@]host:port/db` or `rediss://`: a Redis of its own in which gateways share small
    objects that were read lately. It should have a `maxmemory` and the policy `allkeys-lru`.
    """
    cache_ttl_s: int = Field(3600, ge=1)
    """How long they stay there."""
    body_idle_s: float = Field(60.0, gt=0)
    """How long a client may send nothing in the middle of a body."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        filed = FileSettingsSource(settings_cls)
        return init_settings, env_settings, filed, _toml(settings_cls, init_settings, env_settings)

    @field_validator("cache")
    @classmethod
    def _check_cache(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            parts = urlsplit(value.get_secret_value())
            database = parts.path.strip("/")
            if (
                parts.scheme not in ("redis", "rediss")
                or not parts.hostname
                or not (database or "0").isdigit()
            ):
                raise ValueError("a cache is redis://[user:password@]host:port/db or rediss://")
        return value

    @field_validator(
        "nodes", "domains", "website_domains", "trusted_proxies", "public_endpoints", mode="before"
    )
    @classmethod
    def _split(cls, value: Any) -> Any:
        """From the environment a list is a JSON array, or words parted by commas or blanks."""
        if not isinstance(value, str):
            return value
        if value.lstrip().startswith("["):
            return orjson.loads(value)
        return tuple(value.replace(",", " ").split())

    @field_validator("data", "access_log_path", mode="after")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        return value.expanduser().absolute() if value else None

    @field_validator("domains", "website_domains", mode="after")
    @classmethod
    def _check_domains(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        lowered = tuple(domain.lower().rstrip(".") for domain in value)
        if bad := [domain for domain in lowered if not _DOMAIN.fullmatch(domain)]:
            raise ValueError(f"{bad[0]!r} is not a domain name")
        return lowered

    @field_validator("trusted_proxies", mode="after")
    @classmethod
    def _check_proxies(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(str(ipaddress.ip_network(network)) for network in value)

    @field_validator("public_endpoints", mode="after")
    @classmethod
    def _check_endpoints(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for url in value:
            parts = urlsplit(url)
            if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/"):
                raise ValueError(f"{url!r}: write https://host or https://host:port")
        return value

    @field_validator("access_key", mode="after")
    @classmethod
    def _check_access_key(cls, value: str | None) -> str | None:
        if value is not None and not _ACCESS_KEY.fullmatch(value):
            raise ValueError("3 to 128 letters, digits and _.+@- make an access key")
        return value

    @field_validator("rest_bucket", mode="after")
    @classmethod
    def _check_rest_bucket(cls, value: str) -> str:
        if value == "api" or not _BUCKET.fullmatch(value):
            raise ValueError("not a bucket name")
        return value

    @model_validator(mode="after")
    def _check_pairs(self) -> Self:
        if (self.access_key is None) != (self.secret_key is None):
            raise ValueError("access_key and secret_key come together")
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("tls_cert and tls_key come together")
        if self.secret_key is not None and not self.secret_key.get_secret_value():
            raise ValueError("secret_key is empty")
        if (self.kms_access_key is None) != (self.kms_secret_key is None):
            raise ValueError("kms_access_key and kms_secret_key come together")
        if self.kms_endpoint and not self.kms_access_key:
            raise ValueError("kms_endpoint needs kms_access_key and kms_secret_key")
        return self

    @property
    def database_url(self) -> str:
        if not self.database:
            return f"sqlite:///{self.data / 'metadata.sqlite3'}"
        if self.database_password and urlsplit(self.database).password is None:
            return _with_password(self.database, self.database_password.get_secret_value())
        return self.database

    @property
    def key_file_path(self) -> Path:
        return self.key_file or self.data / "kms.json"

    @property
    def node_token_text(self) -> str | None:
        return self.node_token.get_secret_value() if self.node_token else None

    @property
    def public_hosts(self) -> tuple[str, ...]:
        """What clients of the public endpoints send as Host: no port where it is the scheme's own."""
        hosts = []
        for url in self.public_endpoints:
            parts = urlsplit(url.lower())
            own = {"https": ":443", "http": ":80"}[parts.scheme]
            hosts.append(parts.netloc.removesuffix(own))
        return tuple(hosts)

    @property
    def on_loopback(self) -> bool:
        """Whether nothing but this machine reaches the address that is listened on."""
        return is_loopback(self.host)


def load(**given: Any) -> Settings:
    """The settings; `given` wins over all else, and None there means not given. Raises SettingsError."""
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as why:
        raise SettingsError(*(error_line(error) for error in why.errors(include_input=False))) from None
    except SettingFileError as why:
        raise SettingsError(str(why)) from None


def put_into_environment(**given: Any) -> None:
    """Have `load` find what was given (None: not given), in this process and in those that it starts."""
    for name, value in given.items():
        if value is not None:
            variable = f"SIXFOLD_{name.upper()}"
            os.environ.pop(variable + SUFFIX, None)
            os.environ[variable] = _text(value)
    if "nodes" in given:
        os.environ.pop("SIXFOLD_NODE", None)


def without_password(url: str) -> str:
    """The URL of a database or node as it may be shown."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    user, _, host = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{user.partition(':')[0]}:***@{host}").geturl()


def _with_password(url: str, password: str) -> str:
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{user}:{quote(password, safe='')}{at or '@'}{host}").geturl()


def _toml(
    settings_cls: type[BaseSettings], *before: PydanticBaseSettingsSource
) -> PydanticBaseSettingsSource:
    """The TOML file that the sources before it name. Raises SettingsError for one that cannot be read."""
    path = next((Path(named).expanduser() for source in before if (named := source().get("config"))), None)
    if path and not path.is_file():
        raise SettingsError(f"there is no settings file {path}")
    try:
        return TomlConfigSettingsSource(settings_cls, toml_file=path)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as why:
        raise SettingsError(f"the settings file {path} cannot be read: {why}") from None


def _text(value: Any) -> str:
    return orjson.dumps(value).decode() if isinstance(value, tuple) else str(value)


def error_line(error: Any) -> str:
    """One of pydantic's errors, as an operator reads it."""
    name = ".".join(str(part) for part in error["loc"]).removeprefix("SIXFOLD_").lower()
    message = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        message = "there is no such setting"
    return f"{name}: {message}" if name else message
