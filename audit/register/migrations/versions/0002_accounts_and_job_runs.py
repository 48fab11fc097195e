"""Accounts of the site, and runs of its jobs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from audit.register.dialect import Number
from audit.register.types import Instant

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.Column("session", Number, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("disabled_at", Instant),
    )
    op.create_table(
        "job_run",
        sa.Column("number", Number, primary_key=True),
        sa.Column("job", sa.String(32), nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("started_at", Instant, nullable=False),
        sa.Column("finished_at", Instant),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("message", sa.Text, nullable=False),
    )
    op.create_index("ix_job_run_job", "job_run", ["job"])
