"""Sources: configured origins of evidence."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from audit.adapters._mapping import TableMapping
from audit.connectors._registry import settings_of_all
from audit.controls._objectives import Length
from audit.policy.when import Date
from audit.policy.words import Item, Title, Word, Zone

Fetching: Any = Annotated[settings_of_all(), Field(discriminator="connector")]
"""The settings of any connector, told apart by the word at `connector`."""


class Origin(Item):
    """`{name: pbs-dc1, tool: proxmox-backup-server, timezone: Asia/Shanghai, expected_every: 1d}`."""

    NOUN: ClassVar[str] = "source"
    KEPT: ClassVar[str] = "keep its line and say `until:` when it ended"
    TIMELESS: ClassVar[tuple[str, ...]] = ("trust_jobs_for", "restores_into", "runs_up_to", "since_evidence", "until")

    name: Word = Field(description="the word by which evidence and subjects name the source")
    title: Title | None = Field(None, description="how documents call it, by language")
    tool: Word = Field(description="the tool's adapter, such as restic or interchange")
    timezone: Zone | None = Field(None, description="the zone of times that the tool writes without one")
    mapping: TableMapping | None = Field(
        None, description="how the columns of its tables are read, for the tool tabular; see docs/tabular.md"
    )
    expected_every: Length | None = Field(None, description="how often evidence is expected")
    trust_jobs_for: Length | None = Field(
        None, description="how long a copy that only a job log shows is surely there; nothing when absent; holds for all time"
    )
    restores_into: Literal["production", "elsewhere"] | None = Field(
        None,
        description="where its restore runs go: one into production that no drill or incident tells of becomes a finding; holds for all time",
    )
    runs_up_to: Length | None = Field(None, description="how long a backup may run before a listing shows it; holds for all time")
    fetch: Fetching | None = Field(None, description="how `pull` and the site fetch its evidence; see docs/connectors.md")
    since_evidence: Date | None = Field(None, alias="from", description="from when the source delivers; holds for all time")
    until: Date | None = Field(None, description="when the source ended: a replaced tool is not a silent one")
    since: Date | None = Field(None, description="from when this declaration holds; of several, the last is used")


ITEM = Origin
