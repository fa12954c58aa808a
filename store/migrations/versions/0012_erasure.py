"""The bytes of a landing may be dropped for the sake of one story."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "landings",
        sa.Column(
            "erased_at",
            sa.BigInteger(),
            nullable=True,
            comment="when its bytes were dropped for a story of theirs",
        ),
    )
