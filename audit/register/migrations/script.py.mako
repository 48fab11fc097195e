"""${message}"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    """Never use batch_alter_table on the journal or the checkpoints: it drops their guards."""
    ${upgrades if upgrades else ""}
