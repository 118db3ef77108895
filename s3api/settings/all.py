"""`Settings`: the groups together, and `SETTINGS`: every setting by its flat name."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple, Self
from urllib.parse import quote, urlsplit

from pydantic import Field
from pydantic.fields import FieldInfo

from s3api.settings.access import AccessSettings, RestSettings
from s3api.settings.background import BucketLogSettings, EventSettings, LifecycleSettings
from s3api.settings.encryption import EncryptionSettings
from s3api.settings.group import AbsolutePath, Group
from s3api.settings.http import HttpSettings
from s3api.settings.logs import LogSettings
from s3api.settings.storage import DEFAULT_NODES, BlobSettings, MetadataSettings, NodeSettings

__all__ = ["DEFAULT_NODES", "MIN_NODES", "SETTINGS", "Place", "Settings"]

MIN_NODES = 6


class Settings(Group):
    """The settings of a gateway. `load` makes them."""

    config: Path | None = Field(None, alias="config", description="TOML file of settings.")
    data: AbsolutePath = Field(
        Path("sixfold-data"),
        alias="data",
        validate_default=True,
        description="Data directory: credentials, encryption keys, the SQLite database, embedded nodes.",
    )
    region: str = Field(
        "us-east-1",
        alias="region",
        pattern=r"^[a-z0-9-]{1,64}$",
        description="Region of the store, in signatures, locations and ARNs.",
    )
    http: HttpSettings = HttpSettings.defaults()
    logs: LogSettings = LogSettings.defaults()
    access: AccessSettings = AccessSettings.defaults()
    rest: RestSettings = RestSettings.defaults()
    encryption: EncryptionSettings = EncryptionSettings.defaults()
    metadata: MetadataSettings = MetadataSettings.defaults()
    nodes: NodeSettings = NodeSettings.defaults()
    blobs: BlobSettings = BlobSettings.defaults()
    lifecycle: LifecycleSettings = LifecycleSettings.defaults()
    events: EventSettings = EventSettings.defaults()
    bucket_logs: BucketLogSettings = BucketLogSettings.defaults()

    @property
    def database_url(self) -> str:
        database, password = self.metadata.database, self.metadata.database_password
        if not database:
            return f"sqlite:///{self.data / 'metadata.sqlite3'}"
        if password and urlsplit(database).password is None:
            return _with_password(database, password.get_secret_value())
        return database

    @property
    def key_file_path(self) -> Path:
        return self.encryption.key_file or self.data / "kms.json"

    @property
    def exclusive(self) -> bool:
        """Whether one process has the embedded nodes to itself."""
        return self.http.workers == 1

    def get(self, name: str) -> Any:
        """The value of a setting by its flat name, `node_timeout_s`."""
        group, attribute, _ = SETTINGS[name]
        return getattr(getattr(self, group) if group else self, attribute)

    def with_values_of(self, other: Settings, names: Iterable[str]) -> Self:
        """A copy with the values that `other` has for the settings of these flat names."""
        changes: dict[str, dict[str, Any]] = {}
        for name in names:
            group, attribute, _ = SETTINGS[name]
            changes.setdefault(group, {})[attribute] = other.get(name)
        update = changes.pop("", {})
        for group, values in changes.items():
            update[group] = getattr(self, group).model_copy(update=values)
        return self.model_copy(update=update)


class Place(NamedTuple):
    """Where a setting is in `Settings`: the group ("" for none), the attribute, and pydantic's field."""

    group: str
    attribute: str
    field: FieldInfo


def _places() -> dict[str, Place]:
    places = {}
    for name, field in Settings.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Group):
            for attribute, inner in field.annotation.model_fields.items():
                places[str(inner.alias)] = Place(name, attribute, inner)
        else:
            places[str(field.alias)] = Place("", name, field)
    return places


SETTINGS = _places()
"""Every setting by its flat name, in the order of the groups."""


def _with_password(url: str, password: str) -> str:
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{user}:{quote(password, safe='')}{at or '@'}{host}").geturl()
