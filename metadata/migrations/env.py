"""Runs the migrations on the connection, and in the transaction, that `metadata.migrate` has opened."""

from alembic import context

from metadata.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    transactional_ddl=False,
)
context.run_migrations()
