"""Landings remember by which id their sender repeats them."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "landings",
        sa.Column(
            "delivery",
            sa.Text(),
            nullable=True,
            comment="by which the sender repeats what it sends us",
        ),
    )
    op.create_index("ix_landings_delivery", "landings", ["channel", "delivery"], unique=True)
