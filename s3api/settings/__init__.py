"""All settings of a gateway, in groups by subject, and where their values come from.

In order of precedence: the command line, `SIXFOLD_*` in the environment, a TOML file (`--config` or
`SIXFOLD_CONFIG`), the defaults. For users the names are flat, and the same everywhere: `node_timeout_s = 2`
in the file is `SIXFOLD_NODE_TIMEOUT_S=2` in the environment and `settings.nodes.timeout_s` in the code. Any
variable may name a file that holds the value instead: `SIXFOLD_SECRET_KEY_FILE=/run/secrets/key`. An unknown
name in the file is an error. No secret is in a repr or in the text of an error.
"""

from __future__ import annotations

from s3api.settings.all import DEFAULT_NODES, MIN_NODES, SETTINGS, Place, Settings
from s3api.settings.background import BucketLogSettings, EventSettings, LifecycleSettings
from s3api.settings.loading import SettingsError, error_line, load, put_into_environment, without_password
from s3api.settings.storage import BlobSettings, NodeSettings

__all__ = [
    "DEFAULT_NODES",
    "MIN_NODES",
    "SETTINGS",
    "BlobSettings",
    "BucketLogSettings",
    "EventSettings",
    "LifecycleSettings",
    "NodeSettings",
    "Place",
    "Settings",
    "SettingsError",
    "error_line",
    "load",
    "put_into_environment",
    "without_password",
]
