"""Partners are told of removals by webhooks."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "webhooks",
        sa.Column("edition", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False, comment="sha-256 of its url"),
        sa.Column("mark", sa.BigInteger(), nullable=False),
        sa.Column(
            "upto", sa.BigInteger(), nullable=False, comment="where the batch under way ends"
        ),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("told_at", sa.BigInteger(), nullable=True),
        sa.Column("stopped_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("edition", name=op.f("pk_webhooks")),
    )
    if op.get_bind().dialect.name == "postgresql":  # SQLite keeps no comments
        op.alter_column("deliveries", "how", comment="fetch, push or webhook")
