"""Acts on register records."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from audit.register.dialect import Number
from audit.register.types import Instant

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "act",
        sa.Column("number", Number, primary_key=True, autoincrement=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("record", sa.String(32), nullable=False),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("act", sa.String(32), nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
    )
    op.create_index("ix_act_record", "act", ["record", "id"])
