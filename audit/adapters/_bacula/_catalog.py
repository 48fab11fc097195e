"""Rows of the catalog's table of jobs, as bconsole, SQL or JSON gives them, as points and runs."""

from __future__ import annotations

import re
from collections.abc import Sequence

import polars as pl

from audit.adapters import _records
from audit.adapters._bacula import JOB_TYPES, LEVELS, STATUSES, VERIFIES
from audit.adapters._typed import shown, typed
from audit.errors import Fault
from audit.model.envelope import Envelope
from audit.model.facts import SCHEMAS, Facts

_NEEDED = ("jobid", "type", "level", "jobstatus", "starttime")
_KNOWN = (
    *_NEEDED,
    "name",
    "clientname",
    "fileset",
    "poolname",
    "schedtime",
    "endtime",
    "realendtime",
    "jobbytes",
    "jobfiles",
    "joberrors",
    "jobmissingfiles",
    "priorjobid",
    "hasbase",
)
_ALIASES = {"client": "clientname", "pool": "poolname"}
NAMES = frozenset([*_KNOWN, *_ALIASES])
"""The columns that are read."""

_BLANKS = " \t\n\v\f\r\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
"""What Python's `strip` takes away; Polars alone takes a little less."""
_NUMBERS = ("jobid", "jobbytes", "jobfiles", "joberrors", "jobmissingfiles", "priorjobid", "hasbase")
_SHOWN = 50
"""So many jobs are named in a message."""
_IS_VERIFY = pl.col("kind") == "verify"
_FILTER = re.compile(
    r"\b(?:jobid|ujobid|job|jobname|client|days|hours|limit|jobstatus|jobtype|joblevel|pool|volume|last|current)\b"
)


def table(lines: Sequence[str], where: str) -> tuple[pl.DataFrame, list[Fault]]:
    """Read a table with borders, as `list jobs` prints it: all rows at once. lines: those of the payload, from its first."""
    text, number = pl.col("text"), pl.col("number")
    rows = pl.Series("text", lines, dtype=pl.String).to_frame().with_row_index("number", offset=1)
    rows = rows.filter(text.str.starts_with("|")).with_columns(text.str.strip_chars(_BLANKS).str.strip_chars("|"))
    faults: list[Fault] = []
    heads: list[int] = []
    names: list[str] = []
    # A header may come again after some rows.
    for place, line in rows.filter(text.str.contains("(?i)jobid")).iter_rows():
        cells = [cell.strip() for cell in line.split("|")]
        if "jobid" not in map(str.lower, cells) or any(cell.isdigit() for cell in cells):
            continue
        if names and [cell.lower() for cell in cells] != names:
            what = "a second table of other columns begins here: it was not read"
            faults.append(Fault(where, what, "write one file for each", f"line {place}"))
            rows = rows.filter(number < place)
            break
        names = [cell.lower() for cell in cells]
        heads.append(place)
    rows = rows.filter(number > heads[0] if heads else False, ~number.is_in(heads))
    rows = rows.with_columns(text.str.split("|").alias("cells")).with_columns(count=pl.col("cells").list.len())
    odd = [
        Fault(
            where,
            f"this row has {count} cells, the header has {len(names)}",
            "list the jobs again; names with | need llist jobs",
            f"line {place}",
        )
        for place, count in rows.filter(pl.col("count") != len(names)).select("number", "count").iter_rows()
    ]
    if len(set(names)) < len(names):
        return _named(pl.DataFrame(), where, [*odd, *faults])
    cells = [
        pl.col("cells").list.get(place).str.strip_chars(_BLANKS).alias(name) for place, name in enumerate(names) if name in NAMES
    ]
    read = rows.filter(pl.col("count") == len(names)).select(pl.format("line {}", number).alias("locator"), *cells)
    return _named(read, where, [*odd, *faults])


def blocks(lines: Sequence[tuple[int, str]], where: str) -> tuple[pl.DataFrame, list[Fault]]:
    """Read what `llist jobs` prints: a line for each field, beginning with `jobid`."""
    rows: list[dict[str, str]] = []
    faults: list[Fault] = []
    for number, line in lines:
        name, colon, value = line.partition(":")
        name = name.strip().lower()
        if not colon or not line.startswith(" ") or " " in name:
            continue
        if name == "jobid":
            rows.append({"locator": f"line {number}"})
        if rows and (name in _KNOWN or name in _ALIASES) and rows[-1].setdefault(name, value.strip()) != value.strip():
            faults.append(Fault(where, f"{name} is told twice in one row", "list the jobs again", f"line {number}", name))
    return _named(pl.DataFrame(rows, schema=dict.fromkeys(("locator", *_KNOWN, *_ALIASES), pl.String())), where, faults)


def _named(raw: pl.DataFrame, where: str, faults: list[Fault]) -> tuple[pl.DataFrame, list[Fault]]:
    """Give the rows all columns that are known, under one name each."""
    if "locator" not in raw.columns or not set(_NEEDED) <= set(raw.columns):
        missing = [name for name in _NEEDED if name not in raw.columns]
        if raw.height or not faults:
            faults.append(Fault(where, f"these rows of jobs lack {', '.join(missing)}", "export the whole rows: llist jobs"))
        raw = pl.DataFrame(schema=dict.fromkeys(("locator", *_NEEDED), pl.String()))
    for alias, name in _ALIASES.items():
        if alias in raw.columns:
            known = pl.coalesce(name, alias) if name in raw.columns else pl.col(alias)
            raw = raw.with_columns(known.alias(name))
    absent = [pl.lit(None, pl.String).alias(name) for name in _KNOWN if name not in raw.columns]
    cleaned = [pl.col(name).str.replace_all(",", "", literal=True) for name in _NUMBERS]
    return raw.with_columns(absent).select("locator", *_KNOWN).with_columns(cleaned), faults


def named(raw: pl.DataFrame, where: str) -> tuple[pl.DataFrame, list[Fault]]:
    """Take rows of a CSV file or of JSON: columns by the catalog's names in any letters, and `locator`."""
    lower = raw.rename(str.lower) if len({name.lower() for name in raw.columns}) == len(raw.columns) else pl.DataFrame()
    return _named(lower, where, [])


def facts(raw: pl.DataFrame, faults: list[Fault], envelope: Envelope, *, warns: bool) -> Facts:
    """Make facts of rows of jobs. `warns`: T never stands for a job with warnings, as in Bareos, which has W for them."""
    where = envelope.name or envelope.tool
    outcome = _records.told(raw, "jobstatus", STATUSES, where, into="outcome")
    known = _records.told(outcome.rows, "type", JOB_TYPES, where, into="kind")
    faults += [*outcome.faults, *known.faults]
    levels = pl.col("level").replace_strict(list(LEVELS), list(LEVELS.values()), default=None, return_dtype=pl.String)
    clean = [pl.when(~pl.col(name).is_in(["", "0"])).then(name).alias(name) for name in ("priorjobid", "hasbase")]
    rows = _records.times(known.rows, ["schedtime", "starttime", "endtime", "realendtime"], never=(*_records.NEVER, "0000-00-00"))
    rows = rows.with_columns(*clean, method=levels, moved=pl.col("starttime") < pl.col("schedtime"))
    rows = rows.with_columns(flawed=_flawed(warns=warns), subject=pl.format("{}:{}", _filled("clientname"), _filled("fileset")))
    rows = rows.with_columns(copied=(pl.col("kind") == "copied") | (pl.col("moved") & pl.col("priorjobid").is_not_null()))
    kept = _leveled(rows, where, faults)
    placed = kept.filter(_filled("poolname").is_not_null() & pl.col("subject").is_not_null())
    _unplaced(kept.join(placed, on="locator", how="anti", maintain_order="left"), where, faults)
    points = _points(placed, envelope, faults)
    runs = _runs(rows, envelope, faults, warns=warns)
    _passed_over(rows, where, faults)
    listings = _listings(rows, points, envelope, faults, placed=placed.height == kept.height)
    return _records.assembled(envelope, faults, points, runs, listings)


def _filled(name: str) -> pl.Expr:
    return pl.when(pl.col(name) != "").then(name)


def _flawed(*, warns: bool) -> pl.Expr:
    """Whether a job that ended normally left something out: true, false, or null where the row does not tell."""
    counts = [pl.col(name).cast(pl.Int64, strict=False) for name in ("joberrors", "jobmissingfiles")]
    nothing = (pl.col("method") == "full") & (pl.col("jobfiles") == "0")
    some = pl.any_horizontal(*(count > 0 for count in counts), pl.col("outcome") == "warning", nothing).fill_null(value=False)
    told = pl.lit(value=True) if warns else counts[0].is_not_null()
    return pl.when(some).then(True).when(told).then(False)


def _leveled(rows: pl.DataFrame, where: str, faults: list[Fault]) -> pl.DataFrame:
    """Return the rows that are points: backups and copies that ended normally, of a level that is known."""
    kept = rows.filter(pl.col("kind").is_in(["backup", "copied"]) & pl.col("outcome").is_in(["success", "warning"]))
    for level, locator in kept.filter(pl.col("method").is_null()).select("level", "locator").iter_rows():
        faults.append(
            Fault(
                where, f"{level!r} is no level of a backup that is documented", "tell the makers of this program", locator, "level"
            )
        )
    return kept.filter(pl.col("method").is_not_null())


def _unplaced(rows: pl.DataFrame, where: str, faults: list[Fault]) -> None:
    """Tell of the backups and copies whose place or subject the rows do not tell: those that leave no run either one by one."""
    remedy = "export llist jobs, or join the names of pool, client and file set"
    runs = rows.filter(~pl.col("copied"))
    if runs.height:
        what = (
            f"{runs.height} backups do not tell their pool, client and file set: no recovery points were made of them{_which(runs)}"
        )
        faults.append(Fault(where, what, remedy, "", "poolname", "warning"))
    for job, locator in rows.filter("copied").select("jobid", "locator").iter_rows():
        what = f"copy {shown(job)} does not tell its pool, client and file set: no recovery point was made of it"
        faults.append(Fault(where, what, remedy, locator, "poolname", "warning"))


def _passed_over(rows: pl.DataFrame, where: str, faults: list[Fault]) -> None:
    """Tell of the rows that are neither a point nor a run, each kind of them in one sentence."""
    disk = [level for level, what in VERIFIES.items() if what == "disk"]
    ended = pl.col("outcome").is_in(["success", "warning"])
    reasons = (
        (_IS_VERIFY & pl.col("level").is_in(disk), "verify jobs look at the disk of the client, not at the backup: they say nothing of it"),
        (pl.col("kind") == "nothing", "jobs are of types that are no evidence of a backup"),
        (pl.col("copied") & pl.col("kind").is_in(["copied", "backup"]) & ~ended, "copies did not end well: the runs of their copy jobs tell of them"),
    )  # fmt: skip
    for mask, why in reasons:
        found = rows.filter(mask.fill_null(value=False))
        if found.height:
            faults.append(Fault(where, f"{found.height} {why}{_which(found)}", "", str(found["locator"][0]), "type", "warning"))


def _which(rows: pl.DataFrame) -> str:
    """The numbers of jobs, in brackets: the first of them where they are many."""
    jobs = [shown(job) for job in rows["jobid"].head(_SHOWN)]
    return f" (jobs {', '.join(jobs)}{' and more' if rows.height > _SHOWN else ''})"


def _points(placed: pl.DataFrame, envelope: Envelope, faults: list[Fault]) -> pl.DataFrame:
    flawed = placed.filter(pl.col("flawed"))["jobid"].to_list()
    partial = pl.col("flawed") | (pl.col("copied") & pl.col("priorjobid").is_in(flawed))
    alone = (pl.col("method") == "full") & pl.col("hasbase").is_null()
    rows = placed.select(
        "locator",
        "subject",
        id="jobid",
        repository="poolname",
        method=pl.col("method").replace("base", "full"),
        captured_at="starttime",
        # Copies keep the end of their original; when they themselves ended stands in realendtime.
        available_at=pl.when("copied").then("realendtime").otherwise(pl.coalesce("realendtime", "endtime")),
        self_contained=pl.when(alone).then(pl.lit("true")),
        copy_of_id=pl.when("copied").then("priorjobid"),
        bytes="jobbytes",
        completeness=pl.when(partial.fill_null(value=False)).then(pl.lit("partial")),
        basis=pl.lit("catalog"),
    )
    read = typed("recovery_point", rows, envelope)
    faults += read.faults
    return read.frame


def _runs(rows: pl.DataFrame, envelope: Envelope, faults: list[Fault], *, warns: bool) -> pl.DataFrame:
    where = envelope.name or envelope.tool
    checks = pl.col("level").replace_strict(list(VERIFIES), list(VERIFIES.values()), default=None, return_dtype=pl.String)
    rows = rows.with_columns(check=pl.when(pl.col("kind") == "verify").then(checks))
    for level, locator in (
        rows.filter((pl.col("kind") == "verify") & pl.col("check").is_null()).select("level", "locator").iter_rows()
    ):
        faults.append(
            Fault(
                where,
                f"{level!r} is no level of a verify job that is documented",
                "tell the makers of this program",
                locator,
                "level",
            )
        )
    idle = pl.col("kind").is_in(["nothing", "copied"]) | (pl.col("copied") & (pl.col("kind") == "backup"))
    look = (pl.col("kind") == "verify") & (pl.col("check").is_null() | (pl.col("check") == "disk"))
    backup = pl.col("kind") == "backup"
    doubt = backup & (pl.col("outcome") == "success") & (pl.col("flawed").fill_null(value=not warns))
    good = backup & pl.col("outcome").is_in(["success", "warning"])
    made = rows.filter(~idle & ~look).select(
        "locator",
        "kind",
        id="jobid",
        subject=pl.when(backup | (pl.col("kind") == "verify")).then("subject"),
        method=pl.when(backup).then(pl.col("method").replace("base", "full")),
        started_at="starttime",
        finished_at=pl.when(pl.col("outcome") != "running").then("endtime"),
        outcome=pl.when(doubt).then(pl.lit("warning")).otherwise("outcome"),
        bytes=pl.when(pl.col("kind") != "copy").then("jobbytes"),
        repository=pl.when(backup | (pl.col("kind") == "copy")).then(_filled("poolname")),
        recovery_point=pl.when(good).then("jobid"),
        coverage=pl.when((pl.col("check") == "data") & (pl.col("outcome") == "success")).then(pl.lit("full")),
        message=pl.format("job {}", _filled("name")),
    )
    read = typed("run", made, envelope)
    faults += read.faults
    return read.frame


def _listings(rows: pl.DataFrame, points: pl.DataFrame, envelope: Envelope, faults: list[Fault], *, placed: bool) -> pl.DataFrame:
    """A listing for every pool that any backup names, also where none of its backups is left. Unless all are `placed`, none is complete: those that are not
    may be in any.
    """
    named_ = rows.filter(pl.col("kind").is_in(["backup", "copied"]) & (pl.col("poolname") != "")).select(repository="poolname")
    places = pl.concat([named_, points.select("repository")]).unique(maintain_order=True)
    whole = bool(envelope.complete) and envelope.exit_code in (None, 0)
    found = _FILTER.search(re.sub(r"\bl{0,2}(?:j?list) jobs\b", "", envelope.command or "", count=1)) if whole else None
    if found and "jobs" in (envelope.command or ""):
        what = "this listing is taken as incomplete: the command lists only a part of the jobs"
        faults.append(Fault(envelope.name or envelope.tool, what, "list all jobs: llist jobs", "", "complete", "warning"))
        whole = False
    if whole and not placed and places.height:
        what = "these listings are taken as incomplete: backups that do not tell their pool, client and file set may be in them"
        faults.append(Fault(envelope.name or envelope.tool, what, "export llist jobs", "", "complete", "warning"))
        whole = False
    at = envelope.observed_at or envelope.finished_at
    told = places.drop_nulls().with_columns(
        source=pl.lit(envelope.source, pl.String()),
        scope=pl.lit(envelope.scope, pl.String()),
        listed_at=pl.lit(at, SCHEMAS["listing"]["listed_at"]),
        complete=pl.lit(whole),
        locator=pl.lit("envelope"),
    )
    return pl.concat([pl.DataFrame(schema=SCHEMAS["listing"]), told], how="diagonal")
