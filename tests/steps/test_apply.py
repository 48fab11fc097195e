"""apply: the whole folder or nothing, journalled once, the past only with a second person."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
import rfc8785
from click.testing import CliRunner

from audit.cli._main import group
from audit.errors import InputError, UsageError
from audit.steps._open import Store, open_store
from audit.steps.apply import ConfirmationError, apply
from tests.policy.programmes import BASE, edited, programme

FIRST = datetime(2026, 6, 1, tzinfo=UTC)
LATER = datetime(2026, 7, 1, tzinfo=UTC)
EXAMPLE = Path(__file__).parents[2] / "policies" / "example"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the base programme."""
    write(tmp_path / "programme", BASE)
    return tmp_path / "programme"


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Make a folder hold exactly these files."""
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")


def kinds(store: Store) -> list[str]:
    return [entry.kind for entry in store.journal.entries()]


def test_a_programme_is_stored_as_canonical_json_and_journalled(store: Store, folder: Path) -> None:
    done = apply(store, folder, now=FIRST, by="Li Na")
    [entry] = store.journal.entries(kind="programme")
    assert done.number == entry.number
    assert entry.at == FIRST
    assert entry.body == {
        "sha256": hashlib.sha256(rfc8785.dumps(dict(BASE))).hexdigest(),
        "by": "Li Na",
        "confirmed_by": None,
        "summary": {
            "changes": {
                "asset": {"added": 1},
                "policy": {"added": 1},
                "repository": {"added": 2},
                "site": {"added": 2},
                "source": {"added": 1},
                "unit": {"added": 2},
            },
            "retroactive": [],
        },
    }
    assert json.loads(store.vault.get(entry.body["sha256"])) == dict(BASE)
    estate = store.estate(store.head())
    assert estate.segments["asset"].unique().to_list() == ["db"]
    assert [policy.name for policy in estate.policies] == ["core"]


def test_the_same_folder_again_changes_nothing(store: Store, folder: Path) -> None:
    apply(store, folder, now=FIRST, by="Li Na")
    before = kinds(store)
    again = apply(store, folder, now=LATER, by="Li Na")
    assert (again.number, again.changes, kinds(store)) == (None, (), before)


def test_comments_and_order_are_no_change(store: Store, folder: Path) -> None:
    apply(store, folder, now=FIRST, by="Li Na")
    units = "# our units\nunits:\n- {name: platform}\n- {title: {zh: 财务部, en: Finance}, name: finance}\n"
    write(folder, programme(units_yaml=units))
    assert apply(store, folder, now=LATER, by="Li Na").changes == ()


def test_a_change_tells_old_and_new_values(store: Store, folder: Path) -> None:
    apply(store, folder, now=FIRST, by="Li Na")
    moved = edited(
        "assets.yaml", "[{source: tool, subject: vm/1}]", "[{source: tool, subject: vm/1}, {source: tool, subject: vm/2}]"
    )
    second = (
        BASE["policy-core.yaml"].replace("version: 1", "version: 2").replace("rpo: 1h", "rpo: 30m").replace("2026-01", "2026-08")
    )
    write(folder, {**moved, "assets.yaml": moved["assets.yaml"].replace("site: dc1", "site: dc2"), "policy-core-2.yaml": second})
    done = apply(store, folder, now=LATER, by="Li Na")
    assert [(change.noun, change.name, change.what) for change in done.changes] == [
        ("asset", "db", "changed"),
        ("policy", "core version 2", "added"),
    ]
    assert done.changes[0].keys == (("site", "dc1", "dc2"), ("subjects", ["tool=vm/1"], ["tool=vm/1", "tool=vm/2"]))
    assert ("objectives.rpo", None, "30m") in done.changes[1].keys
    assert done.counts == {"asset": {"changed": 1}, "policy": {"added": 1}}
    assert store.estate(store.head()).segments["site"].to_list()[-1] == "dc2"


def test_a_faulty_folder_stores_nothing_and_tells_all_faults(store: Store, folder: Path) -> None:
    write(
        folder, {**edited("policy-core.yaml", "rpo: 1h", "rpoo: 1h"), "sites.yaml": BASE["sites.yaml"].replace("city", "ctiy", 1)}
    )
    (folder / "units.yaml").write_bytes("units: [{name: 财务部}]\n".encode("gbk"))
    with pytest.raises(InputError) as error:
        apply(store, folder, now=FIRST, by="Li Na")
    assert [(fault.where, fault.what) for fault in error.value.faults] == [
        ("policy-core.yaml", "unknown key `rpoo`, did you mean `rpo`?"),
        ("sites.yaml", "missing key `city`"),
        ("sites.yaml", "unknown key `ctiy`, did you mean `city`?"),
        ("units.yaml", "the file is not UTF-8: it looks like GBK"),
    ]
    assert kinds(store) == []


def test_a_dry_run_stores_nothing(store: Store, folder: Path) -> None:
    done = apply(store, folder, now=FIRST, by="Li Na", dry_run=True)
    assert (done.number, len(done.changes), kinds(store)) == (None, 9, [])


def test_a_change_of_the_past_needs_a_second_person(store: Store, folder: Path) -> None:
    apply(store, folder, now=FIRST, by="Li Na")
    write(folder, programme(assets_yaml=BASE["assets.yaml"] + "  retired: 2026-05-01\n"))
    before = kinds(store)
    with pytest.raises(ConfirmationError, match="a second person must confirm it") as error:
        apply(store, folder, now=LATER, by="Li Na")
    assert [str(fault) for fault in error.value.faults] == ["asset db: changes what held from 2026-05-01T00:00:00Z on"]
    assert kinds(store) == before
    shown = apply(store, folder, now=LATER, by="Li Na", dry_run=True)
    assert [(one.noun, one.name, one.since) for one in shown.retroactive] == [("asset", "db", datetime(2026, 5, 1, tzinfo=UTC))]
    for confirmed in ("Li Na", " li na ", "LiNa", "Ｌｉ Ｎａ", "Li Na\u200b", "", "\u200b"):
        with pytest.raises(UsageError, match="a second person"):
            apply(store, folder, now=LATER, by="Li Na", confirmed_by=confirmed)
    done = apply(store, folder, now=LATER, by="Li Na", confirmed_by="Wang Wei")
    entry = list(store.journal.entries(kind="programme"))[-1]
    assert (done.number, entry.body["confirmed_by"]) == (entry.number, "Wang Wei")
    assert entry.body["summary"]["retroactive"] == [{"kind": "asset", "name": "db", "since": "2026-05-01T00:00:00Z"}]


def test_what_was_known_earlier_stays_known(store: Store, folder: Path) -> None:
    first = apply(store, folder, now=FIRST, by="Li Na").number
    assert first is not None
    write(folder, programme(assets_yaml=BASE["assets.yaml"] + "  retired: 2026-05-01\n"))
    apply(store, folder, now=LATER, by="Li Na", confirmed_by="Wang Wei")
    assert store.estate(first).segments["retired"].null_count() == 2
    assert store.estate(store.head()).segments["retired"].null_count() == 0


def test_another_programme_applied_meanwhile_is_noticed(
    store: Store, folder: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = store.vault.put

    def put_late(content: bytes) -> str:
        other = open_store(data)
        write(folder, edited("units.yaml", "{name: platform}", "{name: platform, title: Platform}"))
        apply(other, folder, now=FIRST, by="Wang Wei")
        other.close()
        return put(content)

    monkeypatch.setattr(type(store.vault), "put", lambda self, content: put_late(content) if self is store.vault else put(content))
    with pytest.raises(UsageError, match="another programme was applied at the same time"):
        apply(store, folder, now=FIRST, by="Li Na")
    assert [entry.body["by"] for entry in store.journal.entries(kind="programme")] == ["Wang Wei"]


@pytest.mark.parametrize(("name", "message"), [("missing", "is not a folder"), ("empty", "holds no file of a programme")])
def test_a_folder_that_is_none(store: Store, tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=message):
        apply(store, tmp_path / name, now=FIRST, by="Li Na")


def test_the_one_who_applies_is_named(store: Store, folder: Path) -> None:
    with pytest.raises(UsageError, match="say who applies"):
        apply(store, folder, now=FIRST, by=" ")


def test_the_example_applies_on_the_command_line(data: Path) -> None:
    def run(*arguments: str) -> str:
        result = CliRunner().invoke(
            group, ["--data", str(data), "apply", str(EXAMPLE), "--by", "Li Na", *arguments], catch_exceptions=False
        )
        assert result.exit_code == 0
        return result.output

    assert "Dry run: nothing was stored." in run("--dry-run")
    applied = run()
    assert "+ asset im-messages-db  data_class: messages" in applied
    assert (
        "asset: 4 added; policy: 3 added; programme: 1 added; repository: 4 added; site: 2 added; source: 2 added; unit: 3 added."
        in applied
    )
    assert "Applied as entry 1 of the journal." in applied
    assert f"{EXAMPLE} declares nothing new: nothing was changed." in run()


def test_the_schema_command_prints_and_writes(tmp_path: Path) -> None:
    printed = CliRunner().invoke(group, ["schema"], catch_exceptions=False)
    assert "policy" in json.loads(printed.output)
    written = CliRunner().invoke(group, ["schema", "-o", str(tmp_path / "made")], catch_exceptions=False)
    assert f"wrote {tmp_path / 'made' / 'units.schema.json'}" in written.output
    assert json.loads((tmp_path / "made" / "units.schema.json").read_text(encoding="utf-8"))["required"] == ["units"]


def test_a_policy_version_stays_known_when_its_file_is_gone(store: Store, folder: Path) -> None:
    first = BASE["policy-core.yaml"]
    second = first.replace("version: 1", "version: 2").replace("rpo: 1h", "rpo: 30m").replace("2026-01-01", "2026-08-01")
    apply(store, folder, now=FIRST, by="Li Na")
    write(folder, programme(policy__core_yaml=second))
    (replaced,) = apply(store, folder, now=LATER, by="Li Na").changes
    assert (replaced.noun, replaced.name, replaced.what) == ("policy", "core version 2", "added")

    before = kinds(store)
    write(folder, programme())
    older = apply(store, folder, now=LATER, by="Li Na")
    assert (older.changes, older.number, kinds(store)) == ((), None, before)
    (warning,) = [warning.what for warning in older.warnings if "no longer" in warning.what]
    assert warning == "version 2 of the policy `core` is no longer in the folder; it stays in force"

    write(folder, programme(policy__core_yaml=None, units_yaml=BASE["units.yaml"] + "- {name: added}\n"))
    assert [(one.noun, one.what) for one in apply(store, folder, now=LATER, by="Li Na").changes] == [("unit", "added")]
    write(folder, programme(policy__core_yaml=second, units_yaml=BASE["units.yaml"] + "- {name: added}\n"))
    assert apply(store, folder, now=LATER, by="Li Na").changes == ()


def test_a_name_that_is_not_utf8_is_refused(store: Store, folder: Path) -> None:
    with pytest.raises(UsageError, match="is not UTF-8"):
        apply(store, folder, now=FIRST, by="Li \udcff")
