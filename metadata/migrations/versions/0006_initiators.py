"""Who began a multipart upload, beside whose its object will be."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("upload", sa.Column("initiator", sa.Text(), nullable=True))
