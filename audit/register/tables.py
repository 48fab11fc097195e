"""The tables of the register, as the newest migration leaves them."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, MetaData, Table, Text
from sqlalchemy.types import String

from audit.register.dialect import Number
from audit.register.types import Instant

metadata = MetaData()

journal = Table(
    "journal",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False, index=True),
    Column("kind", String(32), nullable=False),
    Column("entry", Text, nullable=False),  # the canonical JSON that is hashed; number, at and kind repeat what it says
    Column("hash", String(64), nullable=False),
)
"""Append-only. `hash` is not unique on purpose: a unique column would let INSERT OR REPLACE remove the other row."""

checkpoint = Table(
    "checkpoint",
    metadata,
    Column("serial", Number, primary_key=True, autoincrement=False),
    Column("size", Number, nullable=False),  # how many entries it covers
    Column("note", Text, nullable=False),  # the signed text
    Column(
        "frontier", Text, nullable=False
    ),  # roots of the full subtrees, hexadecimal, blanks between: the next one starts from here
)
"""Append-only. Beside the journal, not in it: a checkpoint cannot cover itself, and cannot be made again by `rebuild`."""

APPEND_ONLY = {"journal": "number", "checkpoint": "serial"}
"""The tables that the database itself guards, each with its key."""

evidence = Table(
    "evidence",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("identity", String(64), nullable=False, unique=True),
    Column("sha256", String(64), nullable=False, index=True),
    Column("size", Number, nullable=False),
    Column("tool", Text, nullable=False),
    Column("source", Text),
    Column("repository", Text),
    Column("scope", Text),
    Column("observed_at", Instant),
    Column("complete", Boolean),
    Column("name", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("by", Text, nullable=False),
)
"""A projection of the journal's entries of kind `evidence`: one row each, made again by `rebuild`."""

act = Table(
    "act",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("record", String(32), nullable=False),  # the kind of the record
    Column("id", String(64), nullable=False),
    Column("act", String(32), nullable=False),
    Column("by", Text, nullable=False),
    Column("sha256", String(64), nullable=False),  # of the payload with what was told
    Index("ix_act_record", "record", "id"),
)
"""A projection of the journal's entries of kind `act`: one row each, made again by `rebuild`."""

account = Table(
    "account",
    metadata,
    Column("name", String(64), primary_key=True),  # as typed at the login
    Column("role", String(32), nullable=False),
    Column("password_hash", Text, nullable=False),  # argon2id, with its salt and parameters
    Column("session", Number, nullable=False),  # raised to end every session of the account
    Column("created_at", Instant, nullable=False),
    Column("disabled_at", Instant),
)
"""Who may log in. Not a projection: what opens the door does not belong in a journal that auditors read."""

job_run = Table(
    "job_run",
    metadata,
    Column("number", Number, primary_key=True),
    Column("job", String(32), nullable=False, index=True),
    Column("by", Text, nullable=False),  # who or what started it
    Column("started_at", Instant, nullable=False),
    Column("finished_at", Instant),
    Column("outcome", String(16), nullable=False),  # running, success, failed
    Column("message", Text, nullable=False),
)
"""Runs of the scheduler's jobs, for operators. It proves nothing and may be thinned out."""
