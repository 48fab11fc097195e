from dataclasses import replace
from datetime import timedelta

import polars as pl
import pytest

from audit.content import Content, ContentError
from audit.errors import UsageError
from audit.model.document import KeyFigures, Name, Note, Table, Timelines
from audit.model.verdicts import Coverage, Verdict
from audit.reporting.compose import Definition, compose


def section(document, name):
    return next(found for found in document.sections if found.id == name)


def table(document, name):
    return next(block for part in document.sections for block in part.blocks if isinstance(block, Table) and block.id == name)


def rows(found):
    """A table as dicts of plain values."""
    keys = [column.key for column in found.columns]
    return [dict(zip(keys, map(said, row), strict=True)) for row in found.rows]


def said(cell):
    return plain(cell.value) if cell.kind == "text" else cell.value


def plain(text):
    return "".join(part.text if isinstance(part, Name) else part for part in text).replace("\N{NO-BREAK SPACE}", " ")


def test_the_cover_says_period_journal_and_status(review):
    facts = {fact.key: fact.value.value for fact in review().facts}
    assert facts["period"] == ("1 January 2026 to 31 December 2026",)
    assert facts["as-known-at"] == 4711
    assert facts["journal-head"] == (Name("3b1f" * 16),)
    assert facts["zone"] == (Name("Asia/Shanghai"),)
    assert plain(review("zh").title) == "备份合规年度审查报告"


def test_sections_come_in_the_order_of_the_definition(review, content):
    names = [name for name, _ in Definition.load(content, "annual-review").sections]
    assert [part.id for part in review().sections] == names
    assert names[0] == "summary"
    assert names[-1] == "method"


def test_a_review_is_final_only_when_every_source_in_use_delivered_fourteen_days_on(review, payloads, estate, assessment):
    document = review()
    assert document.provisional
    assert plain(document.warnings[1]) == "Provisional: evidence up to 15 Jan 2027, 00:00 is still awaited from pbs-dc1."
    other = payloads.filter(pl.col("entry") == 4711).with_columns(source=pl.lit("pbs-dc1"))
    last = assessment.until + timedelta(days=14)
    assert not review(payloads=pl.concat([payloads, other.with_columns(observed_at=pl.lit(last))])).provisional
    early = pl.concat([payloads, other.with_columns(observed_at=pl.lit(last - timedelta(microseconds=1)))])
    assert review(payloads=early).provisional
    ended = replace(estate.sources["pbs-dc1"], until=assessment.until - timedelta(days=1))
    assert not review(estate=replace(estate, sources=estate.sources | {"pbs-dc1": ended})).provisional


def test_without_known_sources_nothing_is_final(review, estate):
    for document in (review(payloads=None), review(estate=replace(estate, sources={}))):
        assert document.provisional
        assert any("it is not known" in plain(warning) for warning in document.warnings)


def test_faults_and_simulated_evidence_stand_on_the_cover(review, assessment):
    assert plain(review().warnings[0]).startswith("One control failed to compute.")
    simulated = replace(assessment, faults=(), notices=({"key": "simulated"},))
    assert plain(review(assessment=simulated).warnings[0]).startswith("This report rests on simulated evidence.")


def test_the_summary_counts_every_asset_once_under_its_worst_verdict(review):
    blocks = section(review(), "summary").blocks
    figures = next(block for block in blocks if isinstance(block, KeyFigures)).figures
    assert {figure.verdict: (figure.value.value, figure.of.value) for figure in figures} == {
        Verdict.BREACHED: (3, 8), Verdict.UNPROVEN: (2, 8), Verdict.MET: (2, 8), Verdict.NOT_APPLICABLE: (1, 8),
    }  # fmt: skip
    texts = [plain(block.text) for block in blocks if hasattr(block, "text")]
    assert texts[3] == (
        "What limits this report: 2 rows of evidence could not be read and were put into quarantine; "
        "one control failed to compute; there are 2 notices on the inputs. See section Quality of the data."
    )
    assert texts[2] == "The longest breach: identity: Minimum retention, from 1 Oct 2026, 08:00 to 20 Oct 2026, 08:00 (19 days)."


def test_nothing_judged_is_a_warning_and_never_a_pass(review, assessment):
    empty = replace(assessment, results=(), coverage=Coverage(0, 0, 0, 0, 0), faults=(), notices=(), quarantined=0)
    document = review(assessment=empty)
    assert section(document, "summary").blocks == (
        Note(("No control was judged in this period. Nothing can be concluded from this report.",), "warning"),
    )
    assert not any(isinstance(block, KeyFigures) for part in document.sections for block in part.blocks)


def test_coverage_has_its_denominator_and_lists_the_remainder(review):
    blocks = section(review(), "coverage").blocks
    figures = next(block for block in blocks if isinstance(block, KeyFigures)).figures
    assert [(figure.value.value, figure.of.value) for figure in figures] == [(6, 7), (4, 7), (0, 7)]
    assert plain(figures[1].note) == "57.14% of the assets in service; up to 5 if missing evidence turns out well"
    lists = [{plain(item) for item in block.items} for block in blocks if block.kind == "items"]
    assert [len(names) for names in lists] == [1, 3, 7]
    assert lists[0] == {"call-records"}
    assert rows(table(review(), "orphans")) == [{"source": "nas-dc1", "subject": "vm/999"}]


def test_shares_name_their_judged_time_and_sum_to_one(review):
    found = {row["promise"]: row for row in rows(table(review(), "shares-by-control"))}
    rpo = found["Recovery point (RPO)"]
    assert rpo["met"] + rpo["breached"] + rpo["unproven"] + rpo["grace"] == pytest.approx(1)
    assert rpo["met-up-to"] == pytest.approx(1 - rpo["breached"])
    assert (rpo["assets-judged"], rpo["assets-breached"], rpo["assets-unproven"]) == (7, 2, 2)
    assert rpo["judged"] == pytest.approx(2693 * 86_400 + 16 * 3600, abs=1)
    tested = found["Protection at period end: restore tested"]
    assert (tested["judged"], tested["met"], tested["unproven"]) == (None, 0, 1)
    units = {row["unit"] for row in rows(table(review(), "shares-by-unit"))}
    assert units == {"Customer Operations", "Platform", "People"}


def test_breaches_come_longest_first_with_numbers_and_evidence(review, assessment):
    found = rows(table(review(), "breaches"))
    assert len(found) == 16
    assert [row["length"] for row in found] == sorted((row["length"] for row in found), reverse=True)
    assert found[1]["detail"] == (
        "exposure 7 days 3 hrs · last point before a1b2c3d4e5 in nas-dc1-pool, captured 3 Aug 2026, 09:00"
    )
    assert [(ref.entry, ref.sha256[:8], ref.locator) for ref in found[1]["evidence"]] == [(12, "9f86d081", "line 3")]
    assert {row["entry"] for row in rows(table(review(), "evidence"))} == {12, *range(20, 32)}


def test_a_breach_that_the_policy_tolerates_is_listed_and_said_to_be(review, assessment):
    first = replace(assessment.results[0], verdict=Verdict.MET, unproven=())
    document = review(assessment=replace(assessment, results=(first,)))
    assert all(row["detail"].startswith("tolerated by the share the policy asks for") for row in rows(table(document, "breaches")))
    assert [group.title for group in timelines(document, "assets-open").groups] == [(Name("im-messages-db"),)]


def timelines(document, name):
    return next(block for block in section(document, "assets").blocks if isinstance(block, Timelines) and block.id == name)


def test_every_asset_has_its_timeline(review):
    opened, rest = timelines(review(), "assets-open"), timelines(review(), "assets-rest")
    names = [plain(group.title) for group in opened.groups] + [plain(strip.label) for strip in rest.groups[0].strips]
    assert sorted(names) == sorted(
        [
            "im-messages-db",
            "im-files",
            '<script>alert("x")</script>',
            "identity",
            "call-records",
            "org-chart",
            "audit-log",
            "config",
        ]
    )
    assert all(strip.verdict in (Verdict.MET, Verdict.NOT_APPLICABLE) for strip in rest.groups[0].strips)


def test_what_is_unproven_says_who_would_settle_it(review):
    needs = rows(table(review(), "unproven-needs"))
    silent = next(row for row in needs if row["reason"] == "Nothing was observed after this instant.")
    assert (silent["settled-by"], silent["sources"], silent["repositories"]) == (
        "A later complete listing of the repository.", "nas-dc1", "nas-dc1-pool",
    )  # fmt: skip
    assert (silent["assets"], silent["stretches"]) == (2, 2)
    assert [row["length"] for row in needs] == sorted((row["length"] for row in needs), reverse=True)
    assert sum(row["stretches"] for row in needs) == len(table(review(), "unproven").rows) == 16


def test_several_reasons_at_once_are_all_said(review, assessment):
    first = assessment.results[0]
    mixed = replace(
        first.unproven[0], reason="mixed", detail={"sources": ["a", "b"], "repositories": [], "reasons": ["presence", "chain"]}
    )
    document = review(assessment=replace(assessment, results=(replace(first, breaches=(), unproven=(mixed,)),)))
    (row,) = rows(table(document, "unproven"))
    assert (
        row["reason"]
        == "The recovery point needs another one that is not proven. A recovery point may have gone between two listings."
    )
    assert row["detail"] == "sources a and b"


def test_data_quality_shows_sources_quarantine_notices_and_faults(review):
    document = review()
    sources = {row["source"]: row for row in rows(table(document, "sources"))}
    assert (sources["nas-dc1"]["payloads"], sources["nas-dc1"]["quarantined"], sources["nas-dc1"]["methods"]) == (
        2,
        2,
        "pulled and uploaded",
    )
    assert (sources["pbs-dc1"]["payloads"], sources["pbs-dc1"]["last"]) == (0, None)
    assert sources["(no source named)"]["declared"] == "no"
    assert [row["locator"] for row in rows(table(document, "quarantine"))] == ["/3/time, time", "/9"]
    lists = [[plain(item) for item in block.items] for block in section(document, "data-quality").blocks if block.kind == "items"]
    assert lists[0][0].startswith("One repository was listed that nobody declared.")
    assert lists[0][0].endswith("(repository attic)")
    assert lists[0][1] == "something-new (number 3)"
    assert lists[1] == ["retention-maximum: ZeroDivisionError: division by zero"]


def test_policies_are_shown_as_they_are_written(review):
    second, third = rows(table(review(), "policies"))
    assert (second["version"], third["version"], third["assets"]) == (2, 3, 8)
    assert third["policy"] == "core-messages (Core messages)"
    assert third["objectives"].splitlines() == [
        "rpo: {target: 1h, tolerance: 10m}",
        "copies: {immutable: 1, max_age: 24h}",
        "dispose: {after: 8y, grace: 7d}",
        "keep: [{every: day, for: 30d}, {every: month, for: 7y}]",
    ]


def test_the_method_explains_only_what_was_judged(review, assessment):
    definitions = [block for block in section(review(), "method").blocks if block.kind == "definitions"]
    titles = [plain(term) for term, _ in definitions[1].items]
    assert titles == [
        "Copies (3-2-1)",
        "Protection at period end",
        "Recovery point (RPO)",
        "Maximum retention",
        "Minimum retention",
    ]
    assert all(len(meanings) == 2 for _, meanings in definitions[1].items)


def test_definitions_that_cannot_be_used_are_named(tmp_path, assessment, estate, content):
    folder = tmp_path / "reports"
    folder.mkdir()
    (folder / "short.yaml").write_text("title: {en: Short}\nsections: [summary, {breaches: {worst: 5}}]\n", encoding="utf-8")
    (folder / "odd.yaml").write_text("sections: [sumary]\n", encoding="utf-8")
    (folder / "none.yaml").write_text("title: {en: None}\n", encoding="utf-8")
    own = Content(tmp_path)
    short = Definition.load(own, "short")
    assert short.sections == (("summary", {}), ("breaches", {"worst": 5}))
    assert [part.id for part in compose(assessment, estate, short, "en", content=own).sections] == ["summary", "breaches"]
    with pytest.raises(ContentError, match="names the section 'sumary'; there are: asset-list, assets, breaches"):
        Definition.load(own, "odd")
    with pytest.raises(ContentError, match="names no sections"):
        Definition.load(own, "none")
    with pytest.raises(UsageError, match="there is no report 'anual'; there are: annual-review"):
        Definition.load(content, "anual")
    with pytest.raises(ContentError, match="written in en, zh, not in 'fr'"):
        compose(assessment, estate, short, "fr", content=own)
