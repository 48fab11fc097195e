"""The table backupset, joined with backupmediafamily: a row for each device that a backup was written to."""

from __future__ import annotations

import polars as pl

from audit.adapters import _records
from audit.adapters._typed import typed
from audit.adapters.mssql_msdb._common import column, identity, root, subject, yes
from audit.errors import Fault
from audit.model.envelope import Envelope
from audit.model.facts import Facts

TYPES: dict[str, str | None] = {
    "D": "full",
    "I": "differential",
    "L": "log",
    "F": "full",
    "G": "differential",
    "P": "full",
    "Q": "differential",
}
"""Type of a backup: database, differential, log; file or filegroup, differential file, partial, differential partial."""

PIECES = ("F", "G", "P", "Q")
"""Types that hold only a part of the database."""

DEVICES: dict[str, str | None] = {
    "2": "file", "102": "file", "5": "tape", "105": "tape", "6": "pipe", "106": "pipe", "7": "virtual", "107": "virtual", "9": "url", "109": "url",
    "": "untold",
}  # fmt: skip
"""Type of a device. What was written to a pipe or a virtual device is in the hands of another tool."""

_ELSEWHERE = "written through a virtual device: the catalog of the tool that took it shows where it is"
_THROWN_AWAY = "written to NUL: nothing was kept"
_LSN = r"^0*([0-9]{1,25})(?:\.0+)?$"
_LSNS = ("first_lsn", "last_lsn", "checkpoint_lsn", "database_backup_lsn")


def backups(raw: pl.DataFrame, faults: list[Fault], envelope: Envelope) -> Facts:
    """Make a run of each backup, and a point of each that was kept."""
    where = envelope.name or envelope.tool
    rows = raw.with_columns(
        id=identity(raw), subject=subject(raw), repository=root(raw), kind_of_backup=pl.col("type"), device=column(raw, "device_type").fill_null(""),
        nul=column(raw, "physical_device_name").str.to_uppercase().is_in(["NUL", "NUL:"]).fill_null(value=False),
        damaged=yes(raw, "is_damaged"), cut=yes(raw, "has_incomplete_metadata"), copy_only=yes(raw, "is_copy_only"),
        mirror=column(raw, "mirror").fill_null("0"), base_uuid=column(raw, "differential_base_guid"),
        encrypted=pl.when(pl.coalesce(column(raw, "key_algorithm"), column(raw, "encryptor_type")).is_not_null()).then(pl.lit("yes")),
        bytes=pl.coalesce(column(raw, "compressed_backup_size"), column(raw, "backup_size")).str.replace(r"\.0+$", ""),
        **{name: column(raw, name).str.extract(_LSN).str.pad_start(25, "0") for name in _LSNS},
        **_instants(raw),
    )  # fmt: skip
    kinds = _records.told(rows, "type", TYPES, where, into="method")
    devices = _records.told(kinds.rows, "device", DEVICES, where)
    sets = _sets(devices.rows)
    sets = sets.join(_bases(sets), on="id", how="left", maintain_order="left")
    elsewhere = pl.col("devices").list.contains("virtual") | pl.col("devices").list.contains("pipe")
    partial = pl.col("kind_of_backup").is_in(PIECES) | pl.col("damaged")
    sets = sets.with_columns(
        completeness=pl.when(partial).then(pl.lit("partial")).when(~pl.col("cut")).then(pl.lit("complete")),
        self_contained=pl.when(pl.col("kind_of_backup") == "D").then(pl.lit("true")),
        basis=pl.lit("job"),
    )
    # The history tells of backups that ended: one without an end is none yet.
    ended = pl.col("available_at").is_not_null()
    open_ = [Fault(where, "this backup has no end: it is taken as one that still runs", "export backup_finish_date as it is", locator or "", "backup_finish_date", level="warning")
             for locator in sets.filter(~ended)["locator"]]  # fmt: skip
    points = typed("recovery_point", sets.filter(~pl.col("nul") & ~elsewhere & ended), envelope)
    outcome = (
        pl.when("nul")
        .then(pl.lit("failed"))
        .when(~ended)
        .then(pl.lit("running"))
        .when(pl.col("damaged") | pl.col("cut"))
        .then(pl.lit("warning"))
    )
    made = sets.unique("id", keep="first", maintain_order=True).with_columns(
        kind=pl.lit("backup"),
        outcome=outcome.otherwise(pl.lit("success")),
        started_at="captured_at",
        finished_at="available_at",
        recovery_point=pl.when(~pl.col("nul") & ~elsewhere & ended).then("id"),
        repository=pl.when(~pl.col("nul") & ~elsewhere & ended).then("repository"),
        coverage=pl.when(partial).then(pl.lit("partial")),
        message=pl.when("nul").then(pl.lit(_THROWN_AWAY)).when(elsewhere).then(pl.lit(_ELSEWHERE)),
    )
    ran = typed("run", made, envelope)
    # The envelope's repository is where points are that say none, and not where what was thrown away, or given away, is.
    kept = made.filter(pl.col("recovery_point").is_not_null())["id"].implode()
    runs = ran.frame.with_columns(repository=pl.when(pl.col("id").is_in(kept)).then("repository"))
    shown = {(fault.locator, fault.key, fault.what) for fault in points.faults}
    twice = [fault for fault in ran.faults if (fault.locator, _SAME.get(fault.key, fault.key), fault.what) not in shown]
    return _records.assembled(
        envelope, [*faults, *kinds.faults, *devices.faults, *open_, *points.faults, *twice], points.frame, runs
    )


_SAME = {"started_at": "captured_at", "finished_at": "available_at"}
"""Keys of runs that are read from the same cell as those of points."""


def _instants(raw: pl.DataFrame) -> dict[str, pl.Expr]:
    """Return the times of backups, with the offset that their rows tell."""
    quarters = column(raw, "time_zone").cast(pl.Int32, strict=False)
    known = quarters.is_between(-56, 56)
    sign = pl.when(quarters < 0).then(pl.lit("-")).otherwise(pl.lit("+"))
    minutes = quarters.abs() * 15
    two = {name: part.cast(pl.String).str.pad_start(2, "0") for name, part in (("hours", minutes // 60), ("rest", minutes % 60))}
    offset = pl.when(known).then(sign + two["hours"] + ":" + two["rest"])

    def at(name: str) -> pl.Expr:
        return pl.coalesce(column(raw, name) + offset, column(raw, name))

    return {"captured_at": at("backup_start_date"), "available_at": at("backup_finish_date"), "expires_at": at("expiration_date")}


def _sets(rows: pl.DataFrame) -> pl.DataFrame:
    """Put the stripes of a backup together: each mirror of it is one row."""
    first = [name for name in rows.columns if name not in ("id", "mirror", "repository", "nul", "device")]
    grouped = rows.filter(pl.col("id").is_not_null()).group_by("id", "mirror", maintain_order=True).agg(
        *(pl.col(name).first() for name in first),
        pl.col("nul").any(),
        repository=pl.col("repository").drop_nulls().unique(maintain_order=True).sort(),
        devices=pl.col("device"),
    )  # fmt: skip
    lost = rows.filter(pl.col("id").is_null()).with_columns(
        pl.concat_list("repository").alias("repository"), devices=pl.concat_list("device")
    )
    together = pl.concat([grouped, lost.select(grouped.columns)])
    named = pl.col("repository").list.drop_nulls()
    return together.with_columns(repository=pl.when(named.list.len() > 0).then(named.list.join(" + ")))


def _bases(sets: pl.DataFrame) -> pl.DataFrame:
    """Return for each differential and log backup (`id`) the one that it needs (`base`), where the table has it.

    LSNs have 25 digits: they are compared as text of one width, and ordered by their rank.
    """
    known = sets.filter(pl.col("id").is_not_null()).unique("id", keep="first", maintain_order=True)
    known = known.select("id", "subject", "kind_of_backup", "copy_only", "base_uuid", *_LSNS)
    fulls = known.filter((pl.col("kind_of_backup") == "D") & ~pl.col("copy_only"))
    by_lsn = fulls.select("subject", base="id", database_backup_lsn="checkpoint_lsn").drop_nulls()
    by_lsn = by_lsn.unique(["subject", "database_backup_lsn"], keep="first", maintain_order=True)
    differentials = known.filter(pl.col("kind_of_backup") == "I").join(by_lsn, on=["subject", "database_backup_lsn"], how="left")
    differentials = differentials.select("id", base=pl.coalesce("base_uuid", "base"))
    logs = known.filter((pl.col("kind_of_backup") == "L") & (pl.col("first_lsn") <= pl.col("last_lsn")))
    starts = pl.concat([
        fulls.select("subject", "last_lsn", base="id", after="checkpoint_lsn"),
        known.filter(pl.col("kind_of_backup") == "I").select("subject", "last_lsn", base="id", after="database_backup_lsn"),
    ]).drop_nulls()  # fmt: skip
    ranks = pl.concat([logs["first_lsn"], logs["last_lsn"], starts["last_lsn"]]).drop_nulls().unique().sort()
    rank = pl.DataFrame({"lsn": ranks, "rank": pl.Series(range(len(ranks)), dtype=pl.Int64)})
    logs = logs.join(rank.rename({"lsn": "first_lsn", "rank": "from"}), on="first_lsn").join(
        rank.rename({"lsn": "last_lsn", "rank": "to"}), on="last_lsn"
    )
    starts = starts.join(rank.rename({"lsn": "last_lsn", "rank": "end"}), on="last_lsn").sort("end")
    keyed = logs.with_columns(after="database_backup_lsn").sort("to")
    last = starts.select("subject", "after", "base", "end")
    direct = keyed.join_asof(last, left_on="to", right_on="end", by=["subject", "after"], check_sortedness=False)
    direct = direct.select("id", "subject", "first_lsn", base=pl.when(pl.col("end") >= pl.col("from")).then("base"))
    # A log backup of nothing begins where it ends, and carries the chain no further.
    before = logs.filter(pl.col("from") < pl.col("to")).unique(["subject", "last_lsn"], keep="first", maintain_order=True)
    chained = direct.join(
        before.select("subject", previous="id", first_lsn="last_lsn"),
        on=["subject", "first_lsn"],
        how="left",
        maintain_order="left",
    )
    return pl.concat([differentials, chained.select("id", base=pl.coalesce("base", "previous"))])
