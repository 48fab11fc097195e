"""What cannot be right in a declared mapping, told by `apply` with file, line and key; and what is only shown to be so by a table is not."""
# ruff: noqa: E501 - tables of cases, one a line

from __future__ import annotations

import pytest

from audit.errors import Fault
from audit.policy.changes import changes
from audit.policy.load import load
from tests.policy.programmes import programme
from tests.policy.test_faults import faults

RUN = """sources:
- name: tool
  tool: tabular
  timezone: Asia/Shanghai
  mapping:
    record: run
    columns:
      id: 编号
      subject: 客户端
      started_at: 开始
      outcome: 状态
      bytes: 大小
    constants: {kind: backup, repository: nas}
    times: "%Y-%m-%d %H:%M"
    words:
      outcome: {成功: success, 失败: failed, "-": cancelled}
"""
POINT = """sources:
- name: tool
  tool: tabular
  timezone: Asia/Shanghai
  mapping:
    record: recovery_point
    columns:
      id: id
      subject: client
      captured_at: taken
      available_at: ready
"""


def found(sources: str) -> list[Fault]:
    return faults(programme(sources_yaml=sources))


def edited(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1, old
    return text.replace(old, new)


@pytest.mark.parametrize("text", [RUN, POINT])
def test_these_mappings_are_right(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "old", "new", "expected"),
    [
        # fields and columns
        (RUN, "subject: 客户端", "subjct: 客户端", "sources.yaml, line 9, sources[0].mapping.columns.subjct: `subjct` is not a field of a run, did you mean `subject`?"),
        (RUN, "subject: 客户端", "source: 客户端", "sources.yaml, line 9, sources[0].mapping.columns.source: the source is the one that this mapping is declared with"),
        (RUN, "      outcome: 状态\n", "", "sources.yaml, line 7, sources[0].mapping.columns: no column gives `outcome`, which every run needs (add `outcome` to `columns` or `constants`)"),
        (RUN, "outcome: 状态", "outcome: 状态\n      outcome: 结果", "sources.yaml, line 12: repeated key `outcome`, first on line 11"),
        (RUN, "outcome: 状态", "outcome: [状态, 结果]", "sources.yaml, line 11, sources[0].mapping.columns.outcome: `outcome` cannot be joined from several columns"),
        (RUN, "kind: backup", "kind: backup, outcome: success", "sources.yaml, line 13, sources[0].mapping.constants.outcome: `outcome` is read from a column already"),
        (RUN, "kind: backup", "kind: bakup", "sources.yaml, line 13, sources[0].mapping.constants.kind: `bakup` is not a word for `kind`, did you mean `backup`?"),
        (RUN, "      started_at: 开始\n", "", "sources.yaml, line 7, sources[0].mapping.columns: no column gives `started_at` or `finished_at`: no run would ever count"),
        (POINT, "      captured_at: taken\n", "", "sources.yaml, line 7, sources[0].mapping.columns: no column gives `captured_at`: a point that restores an unknown instant proves no promise about age"),
        (RUN, "bytes: 大小", "bytes: {column: 大小, unit: XB}", "sources.yaml, line 12, sources[0].mapping.columns.bytes.unit: unknown word `XB`"),
        (RUN, "subject: 客户端", "subject: {column: 客户端, unit: MB}", "sources.yaml, line 9, sources[0].mapping.columns.subject.unit: `subject` is no size"),
        # times and zones
        (RUN, "Asia/Shanghai", "Asia/Shanghi", "sources.yaml, line 4, sources[0].timezone: 'Asia/Shanghi' is not an IANA time zone, did you mean Asia/Shanghai?"),
        (RUN, "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M %Z", "sources.yaml, line 14, sources[0].mapping.times: %Z in `%Y-%m-%d %H:%M %Z`: names of zones mean different things in different places"),
        (RUN, "%Y-%m-%d %H:%M", "yyyy-MM-dd", "sources.yaml, line 14, sources[0].mapping.times: `yyyy-MM-dd` is no format of times"),
        (RUN, '"%Y-%m-%d %H:%M"', '["%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M"]', "sources.yaml, line 14, sources[0].mapping.times: %d/%m/%Y %H:%M and %m/%d/%Y %H:%M read the same text as different days"),
        (RUN, "%Y-%m-%d %H:%M", "%Y-%m-%d", "sources.yaml, line 10, sources[0].mapping.columns.started_at: `started_at` would be read by a format without a time of day"),
        # words
        (RUN, "失败: failed", "失败: faild", "sources.yaml, line 16, sources[0].mapping.words.outcome.失败: `faild` is not a word for `outcome`, did you mean `failed`?"),
        (RUN, "失败: failed", "成功: failed", "sources.yaml, line 16: repeated key `成功`, first on line 16"),
        (RUN, "失败: failed", '" 成功": failed', "sources.yaml, line 16, sources[0].mapping.words.outcome: `成功` is written twice: blanks around it do not count"),
        (RUN, "失败: failed", "Failed: success", "sources.yaml, line 16, sources[0].mapping.words.outcome.Failed: `Failed` is to mean success, which is the opposite"),
        (RUN, "失败: failed", "SUCCESS: running", "sources.yaml, line 16, sources[0].mapping.words.outcome.SUCCESS: `SUCCESS` is to mean running, which is the opposite"),
        (RUN, "失败: failed", "Done: success, done: failed", "sources.yaml, line 16, sources[0].mapping.words.outcome.done: `Done` means success and `done` means failed, though only capitals tell them apart"),
        (RUN, "    words:", '    unknown: "-"\n    words:', "sources.yaml, line 17, sources[0].mapping.words.outcome.-: `-` stands in `unknown` as well"),
        (RUN, "    words:", "    pass_over: {状态: 失败}\n    words:", "sources.yaml, line 17, sources[0].mapping.words.outcome.失败: rows with `失败` are passed over as well"),
        (RUN, "    words:", "    words:\n      method: {全量: full}", "sources.yaml, line 16, sources[0].mapping.words.method: no column gives `method`, so these words are never used"),
        # the mapping as a whole
        (RUN, "    times:", "    tmes:", "sources.yaml, line 14, sources[0].mapping.tmes: unknown key `tmes`, did you mean `times`?"),
        (RUN, "    times:", "    encoding: gbk\n    times:", "sources.yaml, line 14, sources[0].mapping.encoding: unknown word `gbk`"),
        (RUN, "    times:", '    numbers: {thousands: "."}\n    times:', "sources.yaml, line 14, sources[0].mapping.numbers: decimals and thousands cannot have the same sign"),
        (RUN, "tool: tabular", "tool: restic", "sources.yaml, line 5, sources[0].mapping: the tool `restic` takes no mapping"),
    ],
)  # fmt: skip
def test_a_mapping_that_cannot_be_right(text: str, old: str, new: str, expected: str) -> None:
    told = found(edited(text, old, new))
    assert [str(fault) for fault in told if str(fault).startswith(expected)], [str(fault) for fault in told]
    assert {fault.level for fault in told} == {"error"}


def test_a_source_of_tables_needs_a_mapping() -> None:
    (fault,) = found("sources:\n- {name: tool, tool: tabular, timezone: Asia/Shanghai}\n")
    assert str(fault).startswith("sources.yaml, line 2, sources[0]: missing key `mapping`: the tool `tabular` needs to be told")


def test_local_times_without_a_zone_are_a_warning_as_an_ingest_may_still_say_it() -> None:
    (fault,) = found(edited(RUN, "  timezone: Asia/Shanghai\n", ""))
    assert (fault.level, fault.locator, fault.key) == ("warning", "line 4", "sources[0].mapping")
    assert found(edited(edited(RUN, "  timezone: Asia/Shanghai\n", ""), "%H:%M", "%H:%M%z")) == []


def test_a_change_of_a_mapping_is_a_change_of_its_source_key_by_key() -> None:
    before, _ = load(programme(sources_yaml=RUN))
    after, _ = load(programme(sources_yaml=edited(edited(RUN, "失败: failed", "失败: warning"), "开始", "开始时间")))
    (change,) = changes(before, after)
    assert (change.noun, change.name, change.what) == ("source", "tool", "changed")
    assert change.keys == (
        ("mapping.columns.started_at", "开始", "开始时间"),
        ("mapping.words.outcome.失败", "failed", "warning"),
    )
