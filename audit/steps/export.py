"""export: the evidence behind an assessment as a package that verifies on its own (docs/evidence-package.md)."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from pathlib import Path
from string import Template
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from audit import __version__
from audit.content import Content
from audit.errors import CheckFailedError, DataFolderError, InputError, UsageError
from audit.evidence import package
from audit.evidence.canonical import canonical, sha256_hex
from audit.evidence.checkpoint import Checkpoint, parse
from audit.evidence.keys import private_key
from audit.evidence.package import PackageWriter, safe_name
from audit.evidence.sshsig import fingerprint
from audit.evidence.vault import BrokenPayloadError
from audit.model.assessment import Assessment
from audit.model.envelope import time_text
from audit.model.terms import MICROSECOND
from audit.register.checkpoints import kept_checkpoints
from audit.reporting.compose import Definition
from audit.steps._export_parts import (
    Aside,
    Counts,
    narrowed,
    write_facts,
    write_journal,
    write_payloads,
    write_programmes,
)
from audit.steps._open import Progress, Store, quietly
from audit.steps._populations import populations
from audit.steps._scope import Chosen, Scope, assets_of, choose
from audit.steps.assess import assess, known_at_of
from audit.steps.report import agreeing, costs_for, drills_for, observed, record_of, report

KIND = "export"
"""The kind of the journal entry that says what was exported, when and by whom."""
CONTENT = "templates/package"


class Documents(NamedTuple):
    """The reports that go into a package: one of each definition, language and format."""

    definitions: Sequence[Definition]
    languages: Sequence[str]
    formats: Sequence[str]


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written. `sha256` is of the zip, `content` of its tag manifest, which stands for all it holds; `entry`: the number under which the journal says so."""

    root: str
    size: int
    sha256: str
    content: str
    fingerprint: str
    entry: int
    entries: int
    payloads: int
    payload_bytes: int
    known_at: int


def newest_of_evidence(store: Store) -> int:
    """Return the last entry that is no export. Exports change nothing that is judged, so a second one of the same scope is the same package."""
    number = store.head()
    while number and next(store.journal.entries(number - 1, number)).kind == KIND:
        number -= 1
    return number


def export(
    store: Store, out: Path, since: datetime, until: datetime, known_at: int | None = None, *, unit: str | None = None,
    assets: Sequence[str] = (), controls: Sequence[str] = (), documents: Documents, content: Content, now: datetime, by: str, progress: Progress = quietly,
) -> Exported:  # fmt: skip
    """Write the package of a scope to `out`, whole or not at all, and enter into the journal that it was made (before it gets its name).

    [since, until) is judged as known at an entry (null: the last that is no export). `now` is when, `by` who exports. Raises `UsageError` for a scope
    that does not exist, `DataFolderError` without the signing key, `CheckFailedError` for evidence that is broken: nothing is exported then.
    """
    for definition in documents.definitions:
        agreeing(definition, None, content)
    store.folder.must_be_writable()
    store = store.proven()
    key = private_key(store.folder.key_path)
    known = known_at_of(store, newest_of_evidence(store) if known_at is None else known_at)
    estate = store.estate(known)
    scope = Scope(since, until, known, unit, assets_of(estate, unit, assets), tuple(sorted(set(controls))) or None)
    assessment = assess(store, since, until, known, controls=scope.controls, assets=scope.assets, progress=progress)
    checkpoint, note = _checkpoint(store, known)
    handle, name = _beside(out)
    draft = Path(name)
    try:
        with os.fdopen(handle, "w+b") as file:
            writer = PackageWriter(file, _root(store, scope))
            aside, counts = Aside(out.parent), Counts()
            try:
                _fill(writer, aside, counts, store, scope, assessment, (checkpoint, note), documents, content, progress)
                digest = writer.close(_info(store, scope, assessment, checkpoint), key)
            except BaseException:
                writer.abort()
                raise
            finally:
                aside.close()
            file.flush()
            os.fsync(file.fileno())
            file.seek(0)
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        draft.chmod(0o644)
        size = draft.stat().st_size
        body = {"scope": scope.to_json(), "package_sha256": sha256, "package_size": size, "tag_manifest_sha256": digest, "by": by}
        entry = store.journal.append(KIND, body, now).number
        store.checkpoint()
        draft.replace(out)
    except BrokenPayloadError as error:
        raise CheckFailedError(f"nothing was exported: {error}; bring the file back from the backup of the vault") from error
    except OSError as error:
        raise InputError(f"cannot write {out}: {error.strerror or error}; nothing was left there") from error
    finally:
        draft.unlink(missing_ok=True)
    return Exported(
        writer.root, size, sha256, digest, fingerprint(key.public_key()), entry,
        sum(counts.entries.values()), counts.files, counts.bytes, known,
    )  # fmt: skip


def _fill(
    writer: PackageWriter, aside: Aside, counts: Counts, store: Store, scope: Scope, assessment: Assessment, signed: tuple[Checkpoint, str],
    documents: Documents, content: Content, progress: Progress,
) -> None:  # fmt: skip
    """Write all files but the keys and manifests, in an order that never changes."""
    checkpoint, note = signed
    chosen, facts = choose(store, scope, assessment)
    write_facts(aside, facts, counts)
    assessment = narrowed(assessment, scope, chosen)
    writer.add_bytes(package.HOW_TO, _how_to(store, scope, content).encode())
    writer.add_bytes(package.SCRIPT, package.SCRIPT_FILE.read_bytes())
    for path, data in _reports(store, assessment, scope, chosen, documents, content, progress):
        writer.add_bytes(path, data)
    assessment.write_json(aside.to(package.ASSESSMENT))
    aside.into(writer, package.ASSESSMENT)
    for kind in counts.facts:
        aside.into(writer, f"{package.FACTS}/{kind}.ndjson")
    sources = write_journal(aside, store, scope, chosen.entries, checkpoint, counts, progress)
    for path in (package.ENTRIES, package.PROOF, package.PROVENANCE):
        aside.into(writer, path)
    writer.add_bytes(package.CHECKPOINT, note.encode())
    write_programmes(writer, store, scope.known_at)
    write_payloads(writer, store, sources, counts, progress)
    told = populations(store, scope, chosen, assessment, counts, content.yaml(f"{CONTENT}/populations.yaml"))
    writer.add_bytes(package.POPULATIONS, (json.dumps(told, ensure_ascii=False, indent=1) + "\n").encode())


def _reports(
    store: Store, assessment: Assessment, scope: Scope, chosen: Chosen, documents: Documents, content: Content, progress: Progress
) -> Iterator[tuple[str, bytes]]:
    """Yield path and bytes of each report, one in memory at a time."""
    payloads, record = observed(chosen.payloads, chosen.listed), record_of(store, scope.known_at)
    stored = {one.name: costs_for(store, assessment, one, assets=scope.assets) for one in documents.definitions}
    wanted = list(product(documents.definitions, documents.languages, documents.formats))
    for number, (definition, language, fmt) in enumerate(wanted, 1):
        made = report(
            assessment, chosen.estate, definition, language, fmt, scope.unit,
            content=content, payloads=payloads, quarantine=chosen.quarantine, record=record, costs=stored[definition.name],
            drills=drills_for(store, assessment, definition, scope.unit),
        )  # fmt: skip
        yield f"{package.REPORTS}/{safe_name(definition.name)}-{language}.{fmt}", made
        progress("reports", number, len(wanted))


def _checkpoint(store: Store, known: int) -> tuple[Checkpoint, str]:
    """Return the first checkpoint that covers an entry: the same for ever. One is made when the last entries have none yet."""
    for attempt in (1, 2):
        for kept in kept_checkpoints(store.journal):
            if kept.size >= known:
                return parse(kept.note), kept.note
        if attempt == 1:
            store.checkpoint()
    raise CheckFailedError(f"no checkpoint covers entry {known}: run `backup-audit verify`")


def _root(store: Store, scope: Scope) -> str:
    """Return the name of the bag's folder: whose, which period, known when, and a mark of the scope."""
    zone = ZoneInfo(store.estate(scope.known_at).timezone)
    # The first and the last day, of the programme's zone, as people say them.
    days = "-".join(f"{instant.astimezone(zone):%Y%m%d}" for instant in (scope.since, scope.until - MICROSECOND))
    mark = sha256_hex(canonical(scope.to_json()))[:8]
    owner = safe_name(store.folder.origin.rsplit("/", 1)[-1].encode("ascii", "ignore").decode(), 40)
    return f"evidence-{owner}-{days}-{scope.known_at}-{mark}"


def _info(store: Store, scope: Scope, assessment: Assessment, checkpoint: Checkpoint) -> Mapping[str, str]:
    last = next(store.journal.entries(scope.known_at - 1, scope.known_at))
    return {
        "Source-Organization": store.folder.organisation,
        "Bagging-Date": f"{last.at:%Y-%m-%d}",
        "External-Identifier": _root(store, scope),
        "Bag-Software-Agent": f"backup-audit {__version__}",
        "Package-Format": package.FORMAT,
        "Scope": json.dumps(scope.to_json(), ensure_ascii=False),
        "Journal-Origin": store.folder.origin,
        "Journal-Known-At": str(scope.known_at),
        "Journal-Known-On": time_text(last.at),
        "Journal-Head": assessment.journal_head,
        "Checkpoint-Size": str(checkpoint.size),
    }


def _how_to(store: Store, scope: Scope, content: Content) -> str:
    def told(everything: str, unit: str, assets: str, controls: str, comma: str) -> str:
        parts = [unit + scope.unit] if scope.unit else []
        parts += [assets + comma.join(scope.assets)] if scope.assets is not None else [everything]
        parts += [controls + comma.join(scope.controls)] if scope.controls else []
        return "; ".join(parts) if comma == ", " else "；".join(parts)

    values: dict[str, Any] = {
        "organisation": store.folder.organisation,
        "scope": told("all assets", "unit ", "assets ", "controls ", ", "),
        "scope_zh": told("全部资产", "业务部门 ", "资产 ", "控制 ", "、"),
        "since": time_text(scope.since),
        "until": time_text(scope.until),
        "known_at": scope.known_at,
        "fingerprint": fingerprint(private_key(store.folder.key_path).public_key()),
    }
    try:
        return Template(content.text(f"{CONTENT}/{package.HOW_TO}")).substitute(values)
    except (KeyError, ValueError) as error:
        raise InputError(f"{CONTENT}/{package.HOW_TO} cannot be filled in: {error}") from error


def _beside(out: Path) -> tuple[int, str]:
    """Make an empty file beside the one to be written; it gets its name when it is whole."""
    if out.is_dir():
        raise UsageError(f"{out} is a folder: name the file to be written, such as {out / 'package.zip'}")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        return tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}.")
    except OSError as error:
        raise DataFolderError(f"cannot write in {out.parent}: {error.strerror or error}") from error
