"""Acts on register records: the journal first, the record second; what is refused enters nothing; two at a time never both win."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_origin

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from audit.errors import InputError, UsageError
from audit.register.acts import frames, kinds, records
from audit.register.dialect import reading
from audit.register.records._record import NEW, RecordOf, RefusedError, document_key, same_person
from audit.register.tables import act as act_table
from audit.steps._handed import Handed
from audit.steps._open import Store
from audit.steps.act import act, list_records, one_record, record_json
from audit.steps.apply import apply
from audit.steps.rebuild import rebuild
from audit.steps.registers import exported

EXAMPLE = Path(__file__).resolve().parents[2] / "policies" / "example"
NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)
STATEMENT: dict[str, Any] = {
    "control": "isolation",
    "statement": "The vault has administrators of its own.",
    "since": "2026-11-01",
    "until": "2027-11-01",
}
WHY = {"reason": "It was not so."}


@pytest.fixture
def company(store: Store) -> Store:
    apply(store, EXAMPLE, now=NOW, by="olivia")
    return store


def sign(store: Store, **changes: Any) -> Any:
    return act(store, "attestation", "sign", {**STATEMENT, **changes}, now=NOW, by="Zhang Min")


def rows_of(store: Store) -> list[Any]:
    with reading(store.journal.engine) as connection:
        return list(connection.execute(select(act_table).order_by(act_table.c.number)).all())


def test_a_statement_is_an_entry_a_row_and_a_record(company: Store) -> None:
    made = sign(company, tiers=["core"])
    assert (made.id, made.state) == (f"attestation-{company.head()}", "signed")
    entry = next(company.journal.entries(company.head() - 1))
    assert (entry.kind, entry.body["record"], entry.body["id"], entry.body["act"], entry.body["by"]) == (
        "act", "attestation", made.id, "sign", "Zhang Min",
    )  # fmt: skip
    told = record_json(one_record(company, "attestation", made.id))
    # A bare date is a day of the programme's zone, Asia/Shanghai.
    assert (told["since"], told["until"], told["tiers"], told["holds"]) == (
        "2026-10-31T16:00:00Z",
        "2027-10-31T16:00:00Z",
        ["core"],
        True,
    )
    assert [(one["act"], one["by"], one["at"]) for one in told["acts"]] == [("sign", "Zhang Min", "2026-11-25T08:00:00Z")]
    (row,) = rows_of(company)
    assert (row.number, row.record, row.id, row.act, row.by, row.sha256) == (
        entry.number,
        "attestation",
        made.id,
        "sign",
        "Zhang Min",
        entry.body["sha256"],
    )


def test_what_was_withdrawn_counts_for_nothing_but_is_still_told(company: Store) -> None:
    made = sign(company)
    before = company.head()
    gone = act(company, "attestation", "withdraw", WHY, record=made.id, now=NOW, by="Li Na")
    assert (gone.state, [one.by for one in gone.done]) == ("withdrawn", ["Zhang Min", "Li Na"])
    assert company.estate(company.head()).records["attestation"].is_empty()
    assert company.estate(before).records["attestation"]["id"].to_list() == [made.id], "as known before, it stands"
    with pytest.raises(RefusedError, match=f"{made.id} is withdrawn, and withdraw is only for one that is signed"):
        act(company, "attestation", "withdraw", WHY, record=made.id, now=NOW, by="Li Na")


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({"until": "2026-10-01"}, ["until must be later than since"]),
        ({"since": "yesterday", "statement": " "}, ["'yesterday' is not a date", "String should have at least 1 character"]),
        ({"control": "isolatoin", "assets": ["im-message-db"]}, ["did you mean `im-messages-db`?", "did you mean `isolation`?"]),
        ({"control": "recovery-point"}, ["unknown control that rests on statements `recovery-point`"]),
        ({"colour": "red"}, ["Extra inputs are not permitted"]),
    ],
)
def test_all_that_is_wrong_is_said_at_once_and_nothing_is_entered(
    company: Store, changes: dict[str, Any], faults: list[str]
) -> None:
    before = company.head()
    with pytest.raises(InputError) as error:
        sign(company, **changes)
    said = [str(fault) for fault in error.value.faults]
    assert len(said) == len(faults)
    assert all(any(wanted in one for one in said) for wanted in faults), said
    assert company.head() == before
    assert rows_of(company) == []


def test_what_cannot_be_meant_is_refused(company: Store) -> None:
    made = sign(company)
    for record, name, by, words in (
        (None, "withdraw", "Li Na", "give its id"),
        (made.id, "sign", "Li Na", "give no id"),
        ("attestation-999", "withdraw", "Li Na", "unknown attestation `attestation-999`"),
        (made.id, "withdraw", "  ", "say who does this"),
        (made.id, "forge", "Li Na", "unknown act `forge`"),
    ):
        values = STATEMENT if name == "sign" else WHY
        with pytest.raises(UsageError, match=words):
            act(company, "attestation", name, values, record=record, now=NOW, by=by)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Li Na", " li  na ", True),
        ("Ｌｉ Ｎａ", "Li Na", True),
        ("李　娜", "李娜", True),
        ("Li\u200bNa", "Li Na", True),
        ("Li\x01Na", "Li Na", True),
        ("Li Na\ufe0f", "Li Na", True),
        ("Li\u034f Na", "Li Na", True),
        ("\u3164Li Na", "Li Na", True),
        ("李\U000e0100娜", "李娜", True),
        ("José", "Jose", False),
        ("Li Na", "Li Ning", False),
    ],
)
def test_case_width_and_blanks_do_not_make_another_person(one: str, other: str, *, same: bool) -> None:
    assert same_person(one, other) is same


PEOPLE = ("Wang Wei", "Li Na", "Zhang Min")
OF_THE_EXAMPLE: dict[str, Any] = {"policy": "core", "version": {"agreement": 1, "runbook": "3"}, "unit": "customer-operations"}
"""What a field's own example says of another company."""
OFFERED = [(kind, name) for kind, module in kinds().items() for name, one in module.ACTS.items() if not one.by_program]


def example_of(store: Store, kind: str, name: str) -> dict[str, Any]:
    """Return what is told with an act, by the examples that its help shows."""
    told = {}
    for key, field in kinds()[kind].ACTS[name].values.model_fields.items():
        if not field.is_required():
            continue
        value = OF_THE_EXAMPLE.get(key, field.examples[0])
        value = value.get(kind, field.examples[0]) if isinstance(value, dict) else value
        told[key] = [value] if get_origin(field.annotation) is tuple else value
        for mark in field.metadata:
            if isinstance(mark, RecordOf):
                told[key] = next((one.id for one in list_records(store, mark.kind)), "none")
    return told


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.sampled_from(OFFERED), st.integers(0, 3), st.sampled_from(PEOPLE), st.lists(st.binary(max_size=9), max_size=2)
        ),
        max_size=25,
    )
)
def test_any_sequence_of_acts_is_the_same_register_after_rebuild(
    company: Store, wanted: list[tuple[tuple[str, str], int, str, list[bytes]]]
) -> None:
    for (kind, name), which, by, given_files in wanted:
        known = list_records(company, kind)
        one = kinds()[kind].ACTS[name]
        makes = NEW in one.before
        record = None if makes else known[which].id if which < len(known) else "nobody"
        try:
            values, files = example_of(company, kind, name), [Handed.of(f"{n}.txt", data) for n, data in enumerate(given_files)]
            document = files.pop() if files and (key := document_key(one.values)) and values.pop(key) else None
            act(
                company, kind, name, values, record=record, now=NOW, by=by, document=document, files=files if one.attachments else ()
            )  # fmt: skip
        except (UsageError, InputError):
            continue
    before = rows_of(company), records(company.journal, company.vault), frames(records(company.journal, company.vault))
    tables = {kind: exported(company, kind) for kind in kinds()}
    files = {
        file.sha256 for found in before[1].values() for record in found.values() for done in record.done for file in done.attached
    }
    rebuild(company)
    assert all(company.vault.has(sha256) for sha256 in files)
    after = rows_of(company), records(company.journal, company.vault), frames(records(company.journal, company.vault))
    assert before[:2] == after[:2]
    assert all(frame.equals(after[2][kind]) for kind, frame in before[2].items())
    assert all(frame.equals(exported(company, kind)) for kind, frame in tables.items())


@pytest.mark.parametrize("kind", sorted(kinds()))
def test_the_examples_of_the_help_make_a_record(company: Store, kind: str) -> None:
    if kind == "training":
        act(company, "runbook", "publish", example_of(company, "runbook", "publish"), now=NOW, by="Li Na")
    for name, one in kinds()[kind].ACTS.items():
        if NEW in one.before and not one.by_program and kind != "vendor":  # no repository of the example names a provider
            assert act(company, kind, name, example_of(company, kind, name), now=NOW, by="Wang Wei").state == one.after


ACT = """
import json, sys
from datetime import UTC, datetime
from pathlib import Path
from audit.register.records._record import RefusedError
from audit.steps._open import open_store
from audit.steps.act import act
store = open_store(Path(sys.argv[1]))
kind, name, values, record, by = sys.argv[2:]
sys.stdin.readline()
try:
    act(store, kind, name, json.loads(values), record=record, now=datetime.now(UTC), by=by)
    print("won")
except RefusedError as error:
    print("refused" if f"{record} is " in str(error) else error)
"""


def eight(store: Store, kind: str, name: str, values: dict[str, Any], record: str) -> list[str]:
    """Have eight processes do one act to one record at once; return what each said."""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", ACT, str(store.folder.path), kind, name, json.dumps(values), record, f"person {number}"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for number in range(8)
    ]  # fmt: skip
    return [process.communicate("go\n", timeout=300)[0].strip() for process in started]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "name"), [("attestation", "withdraw"), ("waiver", "approve"), ("finding", "close")]
)  # fmt: skip
def test_of_eight_processes_that_decide_on_one_record_one_wins(company: Store, kind: str, name: str) -> None:
    makes = next(one for one, act_ in kinds()[kind].ACTS.items() if NEW in act_.before and not act_.by_program)
    long = {"until": "2099-01-01"} if kind == "waiver" else {}
    made = act(company, kind, makes, example_of(company, kind, makes) | long, now=NOW, by="Zhang Min")
    said = eight(company, kind, name, example_of(company, kind, name), made.id)
    assert sorted(said) == ["refused"] * 7 + ["won"]
    assert [row.act for row in rows_of(company)] == [makes, name]


@pytest.mark.slow
def test_of_eight_processes_that_speak_of_one_finding_none_is_lost(company: Store) -> None:
    made = act(company, "finding", "open", example_of(company, "finding", "open"), now=NOW, by="Zhang Min")
    assert eight(company, "finding", "comment", {"comment": "so"}, made.id) == ["won"] * 8
    assert sorted(row.by for row in rows_of(company)[1:]) == [f"person {number}" for number in range(8)]


@pytest.mark.parametrize("kind", kinds())
def test_the_states_in_the_documents_are_those_of_the_code(kind: str) -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "records.md").read_text(encoding="utf-8")
    lines = [
        line.split("|")[1:4] for line in text.split(f"\n## {kind}\n")[1].split("\n## ")[0].splitlines() if line.startswith("| `")
    ]
    told = [tuple(cell.strip() for cell in line) for line in lines]
    expected = [
        (f"`{name}`", " or ".join(state for state in one.before if state != NEW), one.after or "as it was")
        for name, one in kinds()[kind].ACTS.items()
    ]
    assert told == expected


# Drills


def drilled(store: Store, *done: tuple[str, dict[str, Any], str], kind: str = "full") -> Any:
    """Plan a drill of two assets, declared two hours before now, and do more acts to it."""
    told = {"title": "Drill", "kind": kind, "assets": ["im-messages-db", "fileserver-finance"], "participants": ["Chen Jie"]}
    made = act(store, "drill", "plan", told, now=NOW, by="Zhang Min")
    made = act(store, "drill", "declare", {"at": "2026-11-25T06:00:00Z"}, record=made.id, now=NOW, by="Li Na")
    for name, values, by in done:
        made = act(store, "drill", name, values, record=made.id, now=NOW, by=by)
    return made


def stamp(name: str, at: str | None, asset: str = "im-messages-db") -> tuple[str, dict[str, Any], str]:
    return name, {"asset": asset, **({"at": f"2026-11-25T{at}:00Z"} if at else {})}, "Li Na"


def ended(outcome: str = "passed", asset: str = "im-messages-db", **told: Any) -> tuple[str, dict[str, Any], str]:
    return "result", {"asset": asset, "outcome": outcome, "depth": 4, "coverage": "full", **told}, "Li Na"


SIGNED = ("sign-off", {"statement": "I have seen it."}, "Wang Fang")
DONE = (stamp("restore-started", "06:30"), stamp("restored", "07:00"), stamp("validated", "07:30"), ended())


def test_a_drill_becomes_rows_of_what_it_showed(company: Store) -> None:
    made = drilled(
        company, *DONE, stamp("restore-started", None, "fileserver-finance"), ended("failed", "fileserver-finance"), SIGNED
    )
    assert made.state == "signed off"
    every = company.estate(company.head()).records["drill"]
    rows = every.filter(pl.col("held").is_null()).sort("entry")
    shown = rows.select("id", "drill", "asset", "outcome", "depth", "signed", "by", "declared", "started", "ended").rows()
    six = datetime(2026, 11, 25, 6, tzinfo=UTC)
    assert shown == [
        (
            made.id,
            "full",
            "im-messages-db",
            "passed",
            4,
            True,
            "Li Na",
            six,
            six.replace(minute=30),
            six.replace(hour=7, minute=30),
        ),
        (made.id, "full", "fileserver-finance", "failed", 4, True, "Li Na", six, NOW, NOW),
    ]
    assert rows["assets"].to_list() == [["im-messages-db"], ["fileserver-finance"]]
    exercises = every.filter(pl.col("held").is_not_null()).select("asset", "held", "signed", "told", "tried", "outcome")
    assert exercises.rows() == [(asset, NOW, True, False, True, None) for asset in ("im-messages-db", "fileserver-finance")]


def test_what_was_begun_or_named_by_an_incident_awaits_its_result(company: Store) -> None:
    drilled(company, stamp("restore-started", "06:30"))
    told = {"title": "Fire", "assets": ["im-messages-db", "fileserver-finance"], "at": "2026-11-25T07:00:00Z"}
    incident = act(company, "drill", "report-incident", told, now=NOW, by="Li Na")
    act(company, "drill", "result", ended("failed")[1], record=incident.id, now=NOW, by="Li Na")
    rows = company.estate(company.head()).records["drill"].filter(pl.col("held").is_null()).sort("entry")
    assert rows.select("drill", "asset", "outcome", "end").rows() == [
        ("full", "im-messages-db", None, None),
        ("incident", "fileserver-finance", None, None),
        ("incident", "im-messages-db", "failed", None),
    ]
    act(company, "drill", "cancel", WHY, record=incident.id, now=NOW, by="Li Na")
    rows = company.estate(company.head()).records["drill"].filter(pl.col("held").is_null(), drill="incident").sort("entry")
    assert rows.select("asset", "outcome", "end").rows() == [("fileserver-finance", None, NOW), ("im-messages-db", "failed", None)]


@pytest.mark.parametrize(
    ("before", "done", "words"),
    [
        ((), stamp("restored", "05:30"), "cannot lie before what was stamped before it"),
        ((), stamp("restored", "08:30"), "lies in the future"),
        ((stamp("restored", "07:00"),), stamp("validated", "06:59"), "cannot lie before what was stamped before it"),
        (DONE[:3], stamp("validated", "07:29"), "cannot lie before it was last stamped"),
        ((stamp("restore-started", "06:30"),), stamp("restore-started", "06:29"), "cannot lie before it was last stamped"),
        ((), ended(), "nobody stamped that im-messages-db was validated"),
        ((*DONE[:3], stamp("restore-started", "07:40")), ended(), "began again after it was validated"),
        (
            (),
            stamp("restored", "07:00", "db-02-configuration"),
            "is not about db-02-configuration, but about im-messages-db, fileserver-finance",
        ),
        ((), SIGNED, "has no result yet"),
        ((*DONE, stamp("restored", "07:00", "fileserver-finance")), SIGNED, "how the recovery of fileserver-finance ended"),
        (DONE, (*SIGNED[:2], "li na"), "li na did declare here, so somebody else must sign-off"),
        (DONE, (*SIGNED[:2], "chen  jie"), "chen  jie took part in drill-"),
    ],
)
def test_what_cannot_be_true_of_a_drill_is_refused(company: Store, before: Any, done: Any, words: str) -> None:
    made, head = drilled(company, *before), company.head()
    with pytest.raises(UsageError, match=words):
        act(company, "drill", done[0], done[1], record=made.id, now=NOW, by=done[2])
    assert company.head() == head


def test_a_talk_at_a_table_has_no_results(company: Store) -> None:
    made = drilled(company, kind="table-top")
    with pytest.raises(RefusedError, match="restores nothing"):
        act(company, "drill", "restored", stamp("restored", None)[1], record=made.id, now=NOW, by="Li Na")
    assert act(company, "drill", "sign-off", SIGNED[1], record=made.id, now=NOW, by="Wang Fang").state == "signed off"
    rows = company.estate(company.head()).records["drill"]
    assert rows.select("asset", "outcome", "tried").rows() == [("im-messages-db", None, True), ("fileserver-finance", None, True)]
    assert rows["held"].null_count() == 0  # only that it was held


@pytest.mark.parametrize("seed", [2**53, -(2**53)])
def test_a_number_that_json_cannot_hold_exactly_is_a_fault(company: Store, seed: int) -> None:
    told = {"title": "Drill", "kind": "full", "assets": ["im-messages-db"]}
    put = {"policy": "core-messages", "version": seed, "until": "2026-12-01"}
    for kind, name, values in (("drill", "plan", {**told, "seed": seed}), ("agreement", "propose", put)):
        with pytest.raises(InputError) as error:
            act(company, kind, name, values, now=NOW, by="Zhang Min")
        assert "than or equal to" in str(error.value.faults[0])
    made = act(company, "drill", "plan", {**told, "seed": seed - 1 if seed > 0 else seed + 1}, now=NOW, by="Zhang Min")
    assert made.state == "planned"


def test_results_with_faults(company: Store) -> None:
    made = drilled(company, *DONE[:3])
    wrong = [{"at": "2026-11-25T07:00:00Z"}, {"point": "p-1"}, {"depth": 5}, {"asset": "im-message-db"}]
    words = [
        "stamp that with `validated`",
        "name a recovery point with its repository",
        "less than or equal to 4",
        "did you mean `im-messages-db`?",
    ]
    for changes, wanted in zip(wrong, words, strict=True):
        with pytest.raises(InputError) as error:
            act(company, "drill", "result", {**ended()[1], **changes}, record=made.id, now=NOW, by="Li Na")
        assert wanted in str(error.value.faults[0])
