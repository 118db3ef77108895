"""The databases of tests/metadata: what takes `url` runs over SQLite and a real PostgreSQL."""

from __future__ import annotations

from tests.metadata.conftest import postgres, url

__all__ = ["postgres", "url"]
