"""Alembic's scripts; `metadata.schema.migrate` runs them."""
