"""Databases from tests/metadata: tests with `url` run on SQLite and a real PostgreSQL."""

from __future__ import annotations

from tests.metadata.conftest import postgres, url

__all__ = ["postgres", "url"]
