"""Alembic's scripts; `metadata.migrate` runs them."""
