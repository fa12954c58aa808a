"""Channels are subscribed to at hubs."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_TIMES = ("asked_at", "active_since", "renew_at", "lease_ends_at", "looked_at")
_COUNTS = ("deliveries", "ignored", "misses")


def upgrade() -> None:
    op.create_table(
        "subscriptions",
        sa.Column("path", sa.Text(), nullable=False),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("channel", "hub", "topic", "secret", "state")
        ),
        *(sa.Column(name, sa.BigInteger()) for name in _TIMES),
        sa.Column("reason", sa.Text(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in _COUNTS),
        sa.PrimaryKeyConstraint("path", name=op.f("pk_subscriptions")),
    )
    op.create_index(op.f("ix_subscriptions_channel"), "subscriptions", ["channel"])
