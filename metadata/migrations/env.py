"""Runs the migrations in the transaction that `metadata.schema.migrate` has opened."""

from alembic import context

from metadata.schema.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    transactional_ddl=False,
)
context.run_migrations()
