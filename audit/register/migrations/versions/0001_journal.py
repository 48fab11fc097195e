"""Journal, checkpoints, evidence."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from audit.register.dialect import Number, append_only
from audit.register.types import Instant

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "journal",
        sa.Column("number", Number, primary_key=True, autoincrement=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("entry", sa.Text, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    op.create_index("ix_journal_at", "journal", ["at"])
    op.create_table(
        "checkpoint",
        sa.Column("serial", Number, primary_key=True, autoincrement=False),
        sa.Column("size", Number, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("frontier", sa.Text, nullable=False),
    )
    op.create_table(
        "evidence",
        sa.Column("number", Number, primary_key=True, autoincrement=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("identity", sa.String(64), nullable=False, unique=True),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size", Number, nullable=False),
        sa.Column("tool", sa.Text, nullable=False),
        sa.Column("source", sa.Text),
        sa.Column("repository", sa.Text),
        sa.Column("scope", sa.Text),
        sa.Column("observed_at", Instant),
        sa.Column("complete", sa.Boolean),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("method", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
    )
    op.create_index("ix_evidence_sha256", "evidence", ["sha256"])
    append_only(op.get_bind(), "journal", "number")
    append_only(op.get_bind(), "checkpoint", "serial")
