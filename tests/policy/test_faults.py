"""What is wrong in a folder: every fault with file, line, key, what and what to do, all at once."""
# ruff: noqa: E501 - tables of cases, one a line

from __future__ import annotations

from collections.abc import Mapping

import pytest

from audit.errors import Fault
from audit.policy.checks import check
from audit.policy.estate import Read, read_history, resolve
from audit.policy.kinds.assets import Asset
from audit.policy.load import load
from audit.policy.place import in_order
from audit.policy.transition import transitions
from tests.policy.programmes import BASE, edited, history, programme

SECOND = BASE["policy-core.yaml"].replace("version: 1", "version: 2")
OTHER = BASE["policy-core.yaml"].replace("policy: core", "policy: other")
ASSETS = BASE["assets.yaml"]
OBJECTIVE = "  rpo: 1h"


def faults(files: Mapping[str, str], *before: Mapping[str, str]) -> list[Fault]:
    """Return the faults of a folder as `apply` finds them, after others were applied."""
    read, found = load(files)
    earlier = read_history(history(*(("2026-06-01", one) for one in before)))
    found = [*found, *check(read, earlier[-1].zone if earlier else None)]
    if any(fault.level == "error" for fault in found):
        return found
    whole = [*earlier, Read(99, 1_800_000_000_000_000, read, read.zone(earlier[-1].zone if earlier else None))]
    return [*found, *transitions(whole, resolve(whole))]


def only(files: Mapping[str, str], *before: Mapping[str, str]) -> Fault:
    found = faults(files, *before)
    assert len(found) == 1, [str(fault) for fault in found]
    return found[0]


def test_the_base_programme_has_no_fault() -> None:
    assert faults(BASE) == []
    assert faults(BASE, BASE) == []


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (edited("policy-core.yaml", "rpo: 1h", "rpoo: 1h"), "policy-core.yaml, line 7, objectives.rpoo: unknown key `rpoo`, did you mean `rpo`?"),
        (edited("policy-core.yaml", "rpo: 1h", "rpo: soon"), "policy-core.yaml, line 7, objectives.rpo: 'soon' is not a length of time"),
        (edited("policy-core.yaml", "rpo: 1h", "rpo: {targt: 1h, target: 1h}"), "policy-core.yaml, line 7, objectives.rpo.targt: unknown key `targt`, did you mean `target`?"),
        (edited("policy-core.yaml", "rpo: 1h", "copies: {count: 3}"), "policy-core.yaml, line 7, objectives.copies: missing key `max_age`"),
        (edited("policy-core.yaml", "rpo: 1h", "keep: [{every: dya, for: 1d}]"), "policy-core.yaml, line 7, objectives.keep[0].every: unknown word `dya`, did you mean `day`?"),
        (edited("policy-core.yaml", "rpo: 1h", "schedule: {}"), "policy-core.yaml, line 7, objectives.schedule: write how often backups of at least one method are made"),
        (edited("policy-core.yaml", "rpo: 1h", "schedule: {fulll: week}"), "policy-core.yaml, line 7, objectives.schedule.fulll: unknown key `fulll`, did you mean `full`?"),
        (edited("policy-core.yaml", "rpo: 1h", "schedule: {full: hourly}"), "policy-core.yaml, line 7, objectives.schedule.full: 'hourly' is not a length of time"),
        (edited("policy-core.yaml", "rpo: 1h", "schedule: {full: 1 month}"), "policy-core.yaml, line 7, objectives.schedule.full: 1 month differs in length"),
        (edited("policy-core.yaml", "rpo: 1h", "schedule: {full: {every: week, tolerance: 1h}}"), "policy-core.yaml, line 7, objectives.schedule.full: a tolerance goes with a length of time"),
        (edited("policy-core.yaml", "rpo: 1h", "schedule: {log: 0m}"), "policy-core.yaml, line 7, objectives.schedule.log: the time from one backup to the next"),
        (edited("policy-core.yaml", "rpo: 1h", "schedule: {log: {tolerance: 5m}}"), "policy-core.yaml, line 7, objectives.schedule.log: write how often it is made"),
        (edited("policy-core.yaml", "rpo: 1h", "size: {over: 14}"), "policy-core.yaml, line 7, objectives.size: missing key `drop`"),
        (edited("policy-core.yaml", "rpo: 1h", "size: {drop: 150%}"), "policy-core.yaml, line 7, objectives.size.drop: 150% is not a share that can be asked for"),
        (edited("policy-core.yaml", "rpo: 1h", "size: {drop: 50%, over: 0}"), "policy-core.yaml, line 7, objectives.size.over: input should be greater than or equal to 1"),
        (edited("policy-core.yaml", "rpo: 1h", "keep: []"), "policy-core.yaml, line 7, objectives.keep: it is empty"),
        (edited("policy-core.yaml", "effective: 2026-01-01\n", ""), "policy-core.yaml, line 1: missing key `effective`"),
        (edited("policy-core.yaml", "2026-01-01", "2026-02-30"), "policy-core.yaml, line 3, effective: '2026-02-30' is not a date (day is out of range for month)"),
        (edited("policy-core.yaml", "2026-01-01", "20260101"), "policy-core.yaml, line 3, effective: 20260101 is not a date; write a date such as"),
        (edited("policy-core.yaml", "version: 1", "version: 0"), "policy-core.yaml, line 2, version: input should be greater than or equal to 1: found `0`"),
        (edited("policy-core.yaml", "version: 1", "version: '1'"), "policy-core.yaml, line 2, version: found `1` where a whole number is needed"),
        (edited("policy-core.yaml", "version: 1", "version: 1.5"), "policy-core.yaml, line 2, version: found `1.5` where a whole number is needed"),
        (edited("policy-core.yaml", "timezone: UTC", "timezone: Asia/Shanghi"), "policy-core.yaml, line 4, timezone: 'Asia/Shanghi' is not an IANA time zone, did you mean Asia/Shanghai?"),
        (edited("policy-core.yaml", "applies_to: {tier: core}\n", ""), "policy-core.yaml, line 1: missing key `applies_to`"),
        (edited("policy-core.yaml", "objectives:\n  rpo: 1h\n", ""), "policy-core.yaml, line 1: missing key `objectives`"),
        (edited("policy-core.yaml", "{tier: core}", "{tear: core}"), "policy-core.yaml, line 5, applies_to.tear: unknown key `tear`, did you mean `tier`?"),
        (edited("policy-core.yaml", "{tier: core}", "{tier: []}"), "policy-core.yaml, line 5, applies_to.tier: it is empty"),
        (edited("policy-core.yaml", "{tier: core}", "{tier: core, unit: finanse}"), "policy-core.yaml, line 5, applies_to.unit: the unit `finanse` is not declared, did you mean `finance`?"),
        (edited("policy-core.yaml", "{tier: core}", "{tier: coer}"), "policy-core.yaml, line 5, applies_to: the scope of core version 1 matches no asset: no asset has tier `coer`, did you mean `core`?"),
        (programme(policy__other_yaml=OTHER), "policy-other.yaml, line 5, applies_to: 2 policies apply to `db` at one time: core version 1 and other version 1"),
        (programme(policy__copy_yaml=BASE["policy-core.yaml"]), "policy-core.yaml, line 1: the policy `core version 1` is declared twice, first at policy-copy.yaml, line 1"),
        (edited("policy-core.yaml", OBJECTIVE, OBJECTIVE + "\n  keep: [{every: point, for: 3 months}]\n  dispose: {after: 91d}"), "policy-core.yaml, line 9, objectives.dispose: `dispose` after 91d is earlier than `keep` every point for 3 months"),
        (edited("policy-core.yaml", OBJECTIVE, OBJECTIVE + "\n  keep: [{every: month, for: 7y}]\n  dispose: {after: 1y}"), "policy-core.yaml, line 9, objectives.dispose: `dispose` after 1y is earlier than `keep` every month for 7y"),
        (edited("policy-core.yaml", OBJECTIVE, "  rpo: 1h\naccept_partial: true\nnew_asset_grace: 1x"), "policy-core.yaml, line 9, new_asset_grace: '1x' is not a length of time"),
        (edited("policy-core.yaml", OBJECTIVE, "  rpo: 1h\n  new_asset_grace: 1d\nnew_asset_grace: 2d"), "policy-core.yaml, line 8, objectives.new_asset_grace: `new_asset_grace` is written twice, as 2d and as 1d"),
        (edited("assets.yaml", "unit: finance", "unit: finanse"), "assets.yaml, line 3, assets[0].unit: the unit `finanse` is not declared, did you mean `finance`?"),
        (edited("assets.yaml", "site: dc1", "site: d1"), "assets.yaml, line 6, assets[0].site: the site `d1` is not declared, did you mean `dc1`?"),
        (edited("assets.yaml", "source: tool", "source: tol"), "assets.yaml, line 9, assets[0].subjects[0].source: the source `tol` is not declared, did you mean `tool`?"),
        (programme(assets_yaml=ASSETS + "  repositories: [nas, vautl]\n"), "assets.yaml, line 10, assets[0].repositories[1]: the repository `vautl` is not declared, did you mean `vault`?"),
        (edited("assets.yaml", "medium: disk", "medium: dsik"), "assets.yaml, line 7, assets[0].medium: unknown word `dsik`, did you mean `disk`?"),
        (edited("assets.yaml", "name: db", "name: 101"), "assets.yaml, line 2, assets[0].name: found the number or truth value 101 where text is needed (write it in quotes)"),
        (edited("assets.yaml", "  tier: core\n", ""), "assets.yaml, line 2, assets[0]: missing key `tier`"),
        (edited("assets.yaml", "2024-01-01", "0224-01-01"), "assets.yaml, line 8, assets[0].in_service: '0224-01-01' is not a date this program can mean"),
        (programme(assets_yaml=ASSETS + "  retired: 2023-01-01\n"), "assets.yaml, line 10, assets[0].retired: `db` is retired on 2023-01-01, not after it came into service on 2024-01-01"),
        (programme(assets_yaml=ASSETS + "  parts: [{name: a, subjects: [{source: tool, subject: y}]}]\n"), "assets.yaml, line 2, assets[0]: an asset has either `subjects`"),
        (edited("assets.yaml", "subjects: [{source: tool, subject: vm/1}]", "parts: [{name: a, subjects: []}]"), "assets.yaml, line 9, assets[0].parts[0].subjects: it is empty"),
        (programme(assets_yaml=ASSETS + ASSETS.removeprefix("assets:\n")), "assets.yaml, line 10, assets[1]: the asset `db` is declared twice, first at assets.yaml, line 2"),
        (edited("assets.yaml", "assets:", "asets:"), "assets.yaml, line 1: the file does not have the key `assets` at its top level, but `asets`"),
        (programme(assets_yaml="- name: db\n"), "assets.yaml, line 1: the file does not have the key `assets` at its top level"),
        (programme(assets_yaml="assets: {name: db}\n"), "assets.yaml, line 1, assets: `assets` is not a list"),
        (programme(assets_yaml=ASSETS + "unit: finance\n"), "assets.yaml, line 10, unit: unknown key `unit`"),
        (programme(policy__core_yaml="- policy: core\n"), "policy-core.yaml, line 1: the file is not a mapping at its top level; a policy is"),
        (edited("repositories.yaml", ", failure_domain: nas-01", ""), "repositories.yaml, line 2, repositories[0]: missing key `failure_domain`"),
        (edited("repositories.yaml", "failure_domain: vault-01", "failure_domain: v, mirror_of: vault"), "repositories.yaml, line 3, repositories[1].mirror_of: the repository `vault` is a mirror of itself"),
        (edited("sites.yaml", "city: Hangzhou, country: CN", "city: Hangzhou, country: 86"), "sites.yaml, line 3, sites[1].country: found the number or truth value 86 where text is needed (write it in quotes)"),
        (edited("sites.yaml", "city: Hangzhou, country: CN", "city: Hangzhou, country: China"), "sites.yaml, line 3, sites[1].country: string should match pattern '^[A-Z]{2}$': found `China`"),
        (edited("sources.yaml", "expected_every: 1d", "from: 2026-02-01, until: 2026-01-01"), "sources.yaml, line 2, sources[0].until: `tool` ends on 2026-01-01, not after it began"),
        (edited("units.yaml", "- {name: platform}", "- {name: finance}"), "units.yaml, line 3, units[1]: the unit `finance` is declared twice, first at units.yaml, line 2"),
        (edited("units.yaml", "- {name: platform}", "- platform"), "units.yaml, line 3, units[1]: found `platform` where a mapping (`key: value` lines) is needed"),
        (edited("units.yaml", "{name: platform}", "{name: platform, title: [a]}"), "units.yaml, line 3, units[1].title: found a list where a mapping"),
        (programme(programme_yaml="timezone: CST8\n"), "programme.yaml, line 1, timezone: 'CST8' is not an IANA time zone"),
        (programme(vendors_yaml="vendors: [{name: cloud, assessed: last year, anything: 1}]\n"), "vendors.yaml, line 1, vendors[0].assessed: 'last year' is not a date"),
        ({**BASE, "polcy-x.yaml": OTHER}, "polcy-x.yaml: no file of a programme has this name, did you mean `policy-x.yaml`?"),
        ({**BASE, "units.csv": "name\nx\n"}, "units.csv: no file of a programme has this name"),
    ],
)  # fmt: skip
def test_one_fault_says_where_what_and_what_to_do(files: Mapping[str, str], expected: str) -> None:
    fault = only(files)
    assert str(fault).startswith(expected), str(fault)
    assert fault.level == "error"


def test_all_faults_of_the_whole_folder_come_at_once() -> None:
    files = {
        **BASE,
        "units.yaml": "units:\n\t- {name: finance}\n",
        "assets.yaml": ASSETS.replace("site: dc1", "site: dc9").replace("medium: disk", "medium: tapes"),
        "policy-core.yaml": "policy: core\nversion: one\napplies_to: {tier: core}\nobjectives: {rpoo: 1h, dispose: {after: 1d, grace: x}}\n",
        "sources.yaml": BASE["sources.yaml"]
        + "- {name: tool, tool: interchange}\n- {name: two, tool: interchange, form: 2026-01-01}\n",
    }
    assert [str(fault).partition(" (")[0] for fault in in_order(faults(files))] == [
        "assets.yaml, line 7, assets[0].medium: unknown word `tapes`, did you mean `tape`?",
        "policy-core.yaml, line 1: missing key `effective`",
        "policy-core.yaml, line 2, version: found `one` where a whole number is needed",
        "policy-core.yaml, line 4, objectives.rpoo: unknown key `rpoo`, did you mean `rpo`?",
        "policy-core.yaml, line 4, objectives.dispose.grace: 'x' is not a length of time; write a number and a unit, such as 15m, 4h, 30d, 3 months or 7y",
        "sources.yaml, line 3, sources[1]: the source `tool` is declared twice, first at sources.yaml, line 2",
        "sources.yaml, line 4, sources[2].form: unknown key `form`, did you mean `from`?",
        "units.yaml, line 2: a tab indents this line; YAML allows only spaces",
    ]


def test_a_reference_to_a_thing_that_has_a_fault_is_no_second_fault() -> None:
    assert str(only(edited("units.yaml", "title: {en: Finance, zh: 财务部}", "titel: Finance"))).startswith(
        "units.yaml, line 2, units[0].titel: unknown key `titel`, did you mean `title`?"
    )


@pytest.mark.parametrize(
    ("assets", "expected"),
    [
        ("- {name: two, unit: finance, data_class: files, tier: t, in_service: 2024-01-01, subjects: [{source: tool, subject: vm/1}]}\n",
         "assets.yaml, line 10, assets[1].subjects: the subject `vm/1` of `tool` belongs to `db` and to `two` at one time; the first is at assets.yaml, line 2"),
        ("- {name: two, unit: finance, data_class: files, tier: t, in_service: 2024-01-01, since: 2026-01-01, subjects: [{source: tool, subject: vm/1}]}\n",
         "assets.yaml, line 10, assets[1].subjects: the subject `vm/1` of `tool` belongs to `db` and to `two` at one time"),
        ("- {name: two, unit: finance, data_class: files, tier: t, in_service: 2024-01-01, parts: [{name: a, subjects: [{source: tool, subject: vm/1}]}]}\n",
         "assets.yaml, line 10, assets[1].subjects: the subject `vm/1` of `tool` belongs to `db` and to `two` (part `a`) at one time"),
    ],
)  # fmt: skip
def test_a_subject_belongs_to_one_asset_at_a_time(assets: str, expected: str) -> None:
    assert str(only(programme(assets_yaml=ASSETS + assets))).startswith(expected)


def test_a_subject_may_pass_from_one_asset_to_another() -> None:
    left = "- {name: db, unit: finance, data_class: messages, tier: core, in_service: 2024-01-01, since: 2026-02-01}\n"
    taken = "- {name: two, unit: finance, data_class: files, tier: t, in_service: 2024-01-01, since: 2026-02-01, subjects: [{source: tool, subject: vm/1}]}\n"
    assert faults(programme(assets_yaml=ASSETS + left + taken)) == []


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (edited("sources.yaml", "tool: interchange", "tool: intrchange"), "sources.yaml, line 2, sources[0].tool: no adapter of this version reads the tool `intrchange`, did you mean `interchange`?"),
        (edited("policy-core.yaml", "timezone: UTC\n", ""), "policy-core.yaml, line 1: neither this policy nor programme.yaml has a `timezone`"),
        (edited("policy-core.yaml", "{tier: core}", "{tier: [core, cold]}"), "policy-core.yaml, line 5, applies_to: a word of the scope matches no asset: no asset has tier `cold`"),
        (edited("policy-core.yaml", OBJECTIVE, OBJECTIVE + "\n  keep: [{every: month, for: 1y}]\n  dispose: {after: 1y}"), "policy-core.yaml, line 9, objectives.dispose: a copy taken early in its month is to be disposed of after 1y"),
    ],
)  # fmt: skip
def test_what_can_be_used_but_should_be_known_is_a_warning(files: Mapping[str, str], expected: str) -> None:
    fault = only(files)
    assert str(fault).startswith(expected), str(fault)
    assert fault.level == "warning"


def test_disposal_after_retention_and_its_bucket_is_fine() -> None:
    assert (
        faults(
            edited(
                "policy-core.yaml",
                OBJECTIVE,
                OBJECTIVE + "\n  keep: [{every: month, for: 1y}]\n  dispose: {after: 1y, grace: 1 month}",
            )
        )
        == []
    )


def test_disposal_earlier_than_the_lock_is_a_fault() -> None:
    found = faults(edited("policy-core.yaml", OBJECTIVE, OBJECTIVE + "\n  locked_for: 30d\n  dispose: {after: 3w}"))
    assert [(fault.level, fault.what) for fault in found] == [
        ("error", "`dispose` after 3w is earlier than `locked_for` 30d: a locked copy cannot be deleted"),
    ]


@pytest.mark.parametrize(
    ("objective", "expected"),
    [
        ("encrypted: {repositories: [main, valut]}", "objectives.encrypted.repositories[1]: the repository `valut` is not declared, did you mean `vault`?"),
        ("encrypted: {repositories: valut}", "objectives.encrypted.repositories[0]: the repository `valut` is not declared, did you mean `vault`?"),
        ("locked_for: {for: 30d, repositories: [valut]}", "objectives.locked_for.repositories[0]: the repository `valut` is not declared, did you mean `vault`?"),
        ("encrypted: {repositories: []}", "objectives.encrypted.repositories: it is empty"),
        ("encrypted: {repository: [main]}", "objectives.encrypted.repository: unknown key `repository`, did you mean `repositories`?"),
        ("encrypted: false", "objectives.encrypted: `encrypted: false` promises nothing; write `encrypted: true`, or leave it out"),
        ("locked_for: true", "objectives.locked_for: 'True' is not a length of time"),
        ("locked_for: {repositories: [main]}", "objectives.locked_for: missing key `for`"),
    ],
)  # fmt: skip
def test_what_encryption_and_locks_cannot_ask(objective: str, expected: str) -> None:
    files = edited("policy-core.yaml", OBJECTIVE, f"{OBJECTIVE}\n  {objective}")
    files = {
        **files,
        "repositories.yaml": "repositories:\n- {name: main, medium: disk, failure_domain: main}\n- {name: vault, medium: object, failure_domain: vault}\n",
    }
    assert str(only(files)).startswith(f"policy-core.yaml, line 8, {expected}")
    fine = edited(
        "policy-core.yaml",
        OBJECTIVE,
        f"{OBJECTIVE}\n  encrypted: {{repositories: [main]}}\n  locked_for: {{for: 1 month, repositories: vault}}",
    )
    assert faults({**fine, "repositories.yaml": files["repositories.yaml"]}) == []


def test_a_scope_of_a_retired_asset_only_is_fine() -> None:
    assert faults(programme(assets_yaml=ASSETS + "  retired: 2025-01-01\n")) == []


def test_no_policy_and_no_asset_are_warnings() -> None:
    found = faults(programme(assets_yaml=None, policy__core_yaml=None))
    assert [(fault.level, fault.what) for fault in found] == [
        ("warning", "no asset is declared: nothing is judged"),
        ("warning", "no policy is declared: no asset has a policy"),
    ]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (programme(assets_yaml="assets: []\n"), "assets.yaml: the asset `db` was declared and is missing now (an asset is retired, never removed"),
        (edited("repositories.yaml", "- {name: vault, medium: object, site: dc2, failure_domain: vault-01}\n", ""), "repositories.yaml: the repository `vault` was declared and is missing now"),
        (edited("units.yaml", "- {name: platform}\n", ""), "units.yaml: the unit `platform` was declared and is missing now"),
        (edited("sites.yaml", "- {name: dc2, city: Hangzhou, country: CN}\n", "- {name: dc3, city: Hangzhou, country: CN}\n"), "repositories.yaml, line 3, repositories[1].site: the site `dc2` is not declared"),
        (edited("policy-core.yaml", "rpo: 1h", "rpo: 2h"), "policy-core.yaml, line 7, objectives.rpo: version 1 of the policy `core` was applied before with other content (objectives.rpo) (write the change as version 2"),
        (edited("policy-core.yaml", "{tier: core}", "{tier: core, unit: finance}"), "policy-core.yaml, line 5, applies_to.unit: version 1 of the policy `core` was applied before"),
    ],
)  # fmt: skip
def test_what_was_applied_is_not_taken_back(files: Mapping[str, str], expected: str) -> None:
    errors = [str(fault) for fault in faults(files, BASE) if fault.level == "error"]
    assert len(errors) == 1, errors
    assert errors[0].startswith(expected), errors


def test_a_version_lower_than_a_known_one_is_refused() -> None:
    third = BASE["policy-core.yaml"].replace("version: 1", "version: 3")
    [fault] = [
        fault
        for fault in faults(programme(policy__core_yaml=third, policy__late_yaml=SECOND), programme(policy__core_yaml=third))
        if fault.level == "error"
    ]
    assert str(fault) == (
        "policy-late.yaml, line 2, version: version 2 of the policy `core` is lower than version 3, which was applied before (make it version 4)"
    )


def test_titles_may_change_without_a_new_version() -> None:
    assert (
        faults(edited("policy-core.yaml", "version: 1", "version: 1\ntitle: {en: Core, zh: 核心}\ndescription: What matters"), BASE)
        == []
    )


def test_a_late_version_and_a_policy_file_that_is_gone_are_warnings() -> None:
    assert (
        "says effective 2026-01-01, which has passed: it takes force when it is applied"
        in only(programme(policy__core__2_yaml=SECOND), BASE).what
    )
    gone = [str(fault) for fault in faults(programme(policy__core_yaml=None), BASE)]
    assert gone[-1] == (
        "policy-core.yaml: version 1 of the policy `core` is no longer in the folder; it stays in force "
        "(to end it, write version 2 with `withdrawn: true` and its `effective` day)"
    )


def test_two_policies_meet_later_when_an_asset_changes() -> None:
    other = OTHER.replace("{tier: core}", "{data_class: files}")
    two = ASSETS + "- {name: two, unit: finance, data_class: files, tier: t, in_service: 2024-01-01}\n"
    before = programme(policy__other_yaml=other, assets_yaml=two)
    assert faults(before) == []
    fault = only({**before, "assets.yaml": two.replace("tier: t,", "tier: core,")}, before)
    assert fault.what == "2 policies apply to `two` at one time: core version 1 and other version 1"


def test_conflicts_of_many_assets_are_one_fault() -> None:
    rows = "".join(f"- {{name: a{n}, unit: finance, data_class: messages, tier: core, in_service: 2024-01-01}}\n" for n in range(9))
    fault = only(programme(assets_yaml="assets:\n" + rows, policy__other_yaml=OTHER))
    assert (
        fault.what == "2 policies apply to `a0`, `a1`, `a2`, `a3`, `a4` and 4 more at one time: core version 1 and other version 1"
    )


class TestCsv:
    HEADER = "name,unit,data_class,tier,in_service,subjects,repositories,retired\n"

    def apply(self, *rows: str, header: str = HEADER) -> list[Fault]:
        return faults(programme(assets_yaml=None, assets_csv=header + "".join(f"{row}\n" for row in rows)))

    def test_it_is_the_same_programme_as_yaml(self) -> None:
        table = self.HEADER + 'hr,finance,messages,core,2024-01-01,"tool=vm/1; tool=/srv/a=b,c",nas;vault,2026-03-01: sold\n'
        listed = (
            "assets:\n- {name: hr, unit: finance, data_class: messages, tier: core, in_service: 2024-01-01, repositories: [nas, vault],\n"
            "   retired: {date: 2026-03-01, reason: sold}, subjects: [{source: tool, subject: vm/1}, {source: tool, subject: '/srv/a=b,c'}]}\n"
        )
        of_table, _ = load(programme(assets_yaml=None, assets_csv=table))
        of_list, _ = load(programme(assets_yaml=listed))
        assert [(one.item, one.written) for one in of_table.declared[Asset]] == [
            (one.item, one.written) for one in of_list.declared[Asset]
        ]

    def test_faults_say_line_and_column(self) -> None:
        found = self.apply(
            "a,finance,messages,core,2024-01-01,vm/1,,",
            "b,finanse,messages,core,2024-13-01,,,",
            "c,finance,messages,core,2024-01-01,,,,x",
        )
        assert [str(fault).partition(" (")[0] for fault in found] == [
            "assets.csv, line 2, column subjects, assets[0].subjects: a subject is written `source=subject`, several with `;` between them; a name with `;` needs assets.yaml",
            "assets.csv, line 4, assets[2]: the line has 9 cells, the header 8",
            "assets.csv, line 3, column in_service, assets[1].in_service: '2024-13-01' is not a date",
        ]

    def test_headers_are_keys(self) -> None:
        found = self.apply("a,b,c", header="name,teir,name\n")
        assert [str(fault).partition(" (")[0] for fault in found][:2] == [
            "assets.csv, line 1, column 2, teir: unknown column `teir`, did you mean `tier`?",
            "assets.csv, line 1, column 3, name: repeated column `name`",
        ]

    def test_an_empty_file_and_open_quotes(self) -> None:
        assert str(faults(programme(assets_yaml=None, assets_csv=""))[0]).startswith("assets.csv: the file is empty")
        assert str(self.apply('a,"b')[0]).startswith("assets.csv, line 2: the file is not CSV")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("{}", "it says neither countries nor cities; write at least one of them"),
        ("{countries: [China]}", "policy-core.yaml, line 7, objectives.location.countries[0]: string should match pattern"),
        ("{cities: []}", "it is empty"),
    ],
)
def test_a_location_says_where(written: str, expected: str) -> None:
    assert expected in str(only(edited("policy-core.yaml", "rpo: 1h", f"location: {written}")))


def test_a_secret_that_was_written_where_its_place_is_said_is_not_repeated() -> None:
    fetch = (
        'fetch: {connector: veeam-vbr, url: "https://vbr.example.com:9419", username: audit, password: hunter2hunter2, every: 1h}'
    )
    _, faults = load(edited("sources.yaml", "expected_every: 1d", fetch))
    (fault,) = [str(one) for one in faults if "password" in str(one)]
    assert (
        "found something else where it is said where a secret is read (write {env: NAME}, {file: PATH} or {keyring: SERVICE/USER})"
        in fault
    )
    assert not any("hunter2" in str(one) for one in faults)
