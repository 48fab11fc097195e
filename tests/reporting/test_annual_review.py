from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest
from pydantic import TypeAdapter

from audit.content import Content, ContentError
from audit.errors import UsageError
from audit.evaluation.costs import Bounds, Costs, Line
from audit.model.assessment import Coverage
from audit.model.document import Definitions, HeatMap, Items, KeyFigures, Name, Note, Paragraph, ShareBars, State, Table, Timelines
from audit.model.verdicts import Verdict, Waived
from audit.policy.objectives import judged
from audit.reporting.compose import Definition, compose
from audit.reporting.context import Declaration, Record
from audit.reporting.formats import Formats
from audit.reporting.words import Words

COSTS = Costs(
    (
        Line("core", "messages", "nas-dc1", Decimal("0.12"), "CNY", "GiB-month", Bounds(3, 4), Bounds(2 * 2**30, 3 * 2**30), Bounds(2**29, 2**30),
             Bounds(Decimal("1200.00005"), Decimal("1300.1")), 0),
        Line("core", "messages", "cloud", Decimal("0.1"), "EUR", "GB-month", Bounds(1, 1), Bounds(1, 1), Bounds(1, 1), Bounds(Decimal("0.5"), Decimal("0.5")), 2),
        Line(None, "files", "tape", None, None, None, Bounds(0, 1), Bounds(0, 2**30), Bounds(0, 2**28), None, 0),
        Line("core", "files", "nas-dc1", Decimal("0.12"), "CNY", "GiB-month", Bounds(0, 0), Bounds(0, 0), Bounds(0, 0), Bounds(Decimal("0.00005"), Decimal("0.00005")), 0),
    )
)  # fmt: skip

SINCE = datetime(2025, 12, 31, 16, tzinfo=UTC)
UNTIL = datetime(2026, 12, 31, 16, tzinfo=UTC)
YEAR = (UNTIL - SINCE).total_seconds()


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
    assert [part.id for part in review(costs=COSTS).sections] == names
    assert names[0] == "summary"
    assert names[-1] == "method"


def test_what_is_stored_and_what_it_costs_stands_in_lines_and_by_currency(review):
    document = review(costs=COSTS)
    first, second, third, _ = rows(table(document, "costs"))
    assert first == {
        "policy": "core", "data-class": "messages", "repository": "nas-dc1", "points-sure": 3, "points-possible": 4, "stored-sure": 2.0, "stored-possible": 3.0,
        "average-sure": 0.5, "average-possible": 1.0, "price": "0.12 CNY / GiB-month", "cost-sure": 1200.0, "cost-possible": 1300.1, "unknown": 0,
    }  # fmt: skip
    assert second["unknown"] == 2
    assert (third["policy"], third["price"], third["cost-sure"], third["cost-possible"]) == ("no policy", "No price", None, None)
    # Added first and rounded then: two times five in the fifth decimal are one in the fourth. Currencies stand apart.
    assert rows(table(document, "totals")) == [
        {"currency": "CNY", "cost-sure": 1200.0001, "cost-possible": 1300.1, "note": ""},
        {"currency": "EUR", "cost-sure": 0.5, "cost-possible": 0.5, "note": "At least: bytes of some points are unknown"},
    ]
    notes = [plain(block.text) for block in section(document, "costs").blocks if isinstance(block, Note)]
    assert notes[0].startswith("One repository held copies at a time at which it declared no price: tape.")
    assert notes[1].startswith("Of 2 points the bytes are unknown.")
    chinese = section(review("zh", costs=COSTS), "costs")
    assert plain(chinese.title) == "存储量与费用"
    assert any("未申报单价：tape" in plain(block.text) for block in chinese.blocks if isinstance(block, Note))
    assert "costs" in [sheet.id for sheet in document.sheets]


def test_where_no_price_is_declared_nothing_is_said_of_costs(review):
    document = review()
    assert "costs" not in [part.id for part in document.sections]
    assert "costs" not in [sheet.id for sheet in document.sheets]


def test_a_review_is_final_only_when_every_source_in_use_delivered_fourteen_days_on(review, payloads, estate, assessment):
    document = review()
    assert document.provisional
    assert plain(document.warnings[1]) == "Provisional: evidence up to 15 Jan 2027, 00:00 is still awaited from pbs-dc1."
    other = payloads.filter(pl.col("entry") == 4711).with_columns(source=pl.lit("pbs-dc1"))
    last = assessment.until + timedelta(days=14)
    assert not review(payloads=pl.concat([payloads, other.with_columns(observed_at=pl.lit(last))])).provisional
    early = pl.concat([payloads, other.with_columns(observed_at=pl.lit(last - timedelta(microseconds=1)))])
    assert review(payloads=early).provisional
    unread = payloads.with_columns(pl.lit(0).cast(payloads.schema[name]).alias(name) for name in ("points", "runs", "listings"))
    assert review(payloads=pl.concat([early, unread])).provisional, "of what nobody could read nothing is known"
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
    assert texts[1] == (
        "In the period 1 January 2026 to 31 December 2026, 8 assets of 3 business units were judged against one policy version. "
        "Verdicts hold for every instant of the period; they are not samples."
    )
    assert texts[3] == (
        "For 3 assets, at least one promise was broken for some time; section Breaches lists each stretch with its evidence. "
        "For 2 further assets, evidence is missing, and we say neither that the promises were kept nor that they were broken."
    )
    assert texts[-2] == (
        "Of the evidence and its evaluation: 2 rows of evidence could not be read and were put into quarantine; "
        "one control failed to compute; there are 2 notices on the inputs. See section Quality of the data."
    )


def test_the_summary_tells_the_worst_breach_of_each_promise_and_what_it_means(review):
    worst = next(block for block in section(review(), "summary").blocks if isinstance(block, Definitions))
    told = {plain(term): [plain(meaning) for meaning in meanings] for term, meanings in worst.items}
    assert list(told) == ["Minimum retention", "Recovery point (RPO)", "Copies (3-2-1)"]
    assert told["Recovery point (RPO)"] == [
        "im-messages-db (Customer Operations), Recovery point (RPO): from 3 Aug 2026, 10:00 to 10 Aug 2026, 13:30 (7 days 4 hrs).",
        "Had a disaster struck at the worst instant, 7 days 3 hrs of work would have been lost. The policy allows 1 hr 10 mins.",
    ]
    assert told["Copies (3-2-1)"][1].startswith("In this time, a single fire, fault or attack could have destroyed the data")


def test_a_breach_that_is_tolerated_is_the_worst_only_where_no_other_is(review, assessment):
    first, other = assessment.results[0], assessment.results[8]
    tolerated = replace(first, verdict=Verdict.MET, unproven=())
    worst = next(
        block
        for block in section(review(assessment=replace(assessment, results=(tolerated, other))), "summary").blocks
        if isinstance(block, Definitions)
    )
    ((_, (where, _)),) = worst.items
    assert plain(where).startswith('<script>alert("x")</script> (Platform)')


def test_the_summary_tells_what_is_at_risk_and_would_be_missing_first(review, assessment):
    def risks(language="en", **changes):
        blocks = section(review(language, **changes), "summary").blocks
        places = [number for number, block in enumerate(blocks) if isinstance(block, Items)]
        return [plain(item) for item in blocks[places[0]].items] if len(places) == 3 else []

    assert risks() == []
    first = next(one for one in assessment.results if one.control == "retention-minimum")
    told = [
        replace(first, detail={"at_risk_points": 1, "at_risk_buckets": 2, "at_risk_from_at": "2027-01-09T00:00:00Z"}),
        *(
            replace(first, detail={"at_risk_points": day, "at_risk_from_at": f"2027-02-{day:02}T00:00:00Z"})
            for day in range(12, 1, -1)
        ),
    ]
    changed = replace(assessment, results=(*assessment.results, *told))
    english, chinese = risks(assessment=changed), risks("zh", assessment=changed)
    assert english[0] == (
        f"{first.asset} (Customer Operations), Minimum retention: one recovery point would expire too early; of 2 periods of the calendar every recovery point would "
        "expire too early. Missing from 9 Jan 2027, 08:00, if nothing changes."
    )
    assert english[1].endswith(": 2 recovery points would expire too early. Missing from 2 Feb 2027, 08:00, if nothing changes.")
    assert (len(english), english[-1]) == (11, "2 more promises are at risk; see the detail of results.")
    assert "有1个恢复点将过早到期；有2个周期的恢复点将全部过早到期。如不改变，自2027年1月9日" in chinese[0]


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
    assert found[1]["cause"] == (
        "No recovery point that could be restored was recent enough. At the worst instant, 7 days 3 hrs of work would have been lost; "
        "the policy allows 1 hr 10 mins. The last recovery point before it is a1b2c3d4e5 in nas-dc1-pool, captured 3 Aug 2026, 09:00; "
        "no later one is known."
    )
    assert (found[1]["severity"], found[1]["severity-word"]) == (round(615_600 / 4_200, 2), "critical")
    assert [(ref.entry, ref.sha256[:8], ref.locator) for ref in found[1]["evidence"]] == [(12, "9f86d081", "line 3")]
    assert {row["entry"] for row in rows(table(review(), "evidence"))} == {12, *range(20, 32)}


def test_a_breach_that_the_policy_tolerates_is_listed_and_said_to_be(review, assessment):
    first = replace(assessment.results[0], verdict=Verdict.MET, unproven=())
    document = review(assessment=replace(assessment, results=(first,)))
    assert all(row["cause"].startswith("The policy tolerates this:") for row in rows(table(document, "breaches")))
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
    kept = {State.MET, State.GRACE, State.NOT_JUDGED}
    assert all({stretch.state for stretch in strip.stretches} <= kept for strip in rest.groups[0].strips)
    found = {plain(strip.label): strip.verdict for strip in rest.groups[0].strips}
    assert found["config"] is Verdict.MET
    # Its line is whole; what is judged at the end of the period alone is not proven, and the word beside the line says so.
    assert found["org-chart"] is Verdict.UNPROVEN


def test_what_is_unproven_says_who_would_settle_it(review):
    needs = rows(table(review(), "unproven-needs"))
    silent = next(row for row in needs if row["reason"] == "Nothing was observed after this instant.")
    assert (silent["settled-by"], silent["sources"], silent["repositories"]) == (
        "A later complete listing of the repository.", "nas-dc1", "nas-dc1-pool",
    )  # fmt: skip
    assert (silent["assets"], silent["stretches"]) == (2, 2)
    lengths = [row["length"] or 0 for row in needs]
    assert lengths == sorted(lengths, reverse=True)
    at_one_instant = [row for row in rows(table(review(), "unproven")) if row["length"] is None]
    assert at_one_instant, "what is judged at the end of the period has no length"
    assert all(row["from"] == row["to"] == UNTIL for row in at_one_instant)
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


def test_policies_are_shown_with_who_applied_them_and_that_no_signature_is_recorded(review):
    applied = Declaration(77, datetime(2026, 5, 20, tzinfo=UTC), "Li Wei", "Wang Fang", (("asset", "im-files", None),))
    document = review(record=Record(declarations=(applied,)))
    second, third = rows(table(document, "policies"))
    assert (second["version"], third["version"], third["assets"]) == (2, 3, 8)
    assert third["policy"] == "core-messages (Core messages)"
    assert third["units"] == "Customer Operations, People, Platform"
    assert (second["by"], third["by"]) == ("", "Li Wei (journal entry 77)")
    assert third["signed"] == "Customer Operations: none on record; People: none on record; Platform: none on record"
    assert any(
        "there is no proof here that a unit agreed" in plain(block.text)
        for block in section(document, "policies").blocks
        if block.kind == "note"
    )
    (declared,) = rows(table(document, "declarations"))
    assert (declared["entry"], declared["by"], declared["confirmed"]) == (77, "Li Wei", "Wang Fang")
    assert declared["retroactive"] == "asset im-files since the beginning"


def test_promises_stand_in_plain_words_beside_what_is_written(review, estate):
    said = {"people": 2, "review": "1y", "rto": "4h", "restore_test": {"partial": "monthly", "full": "quarterly", "depth": 2}}
    said["exercise"] = {"table-top": "6 months", "full": "1y"}
    later = {key: TypeAdapter(judged()[key]).validate_python(value) for key, value in said.items()}
    written = {"full": "week", "log": {"every": "1h", "tolerance": "10m"}, "incremental": "1d"}
    later["schedule"] = judged()["schedule"].model_validate(written)
    later["size"] = judged()["size"].model_validate({"drop": "50%"})
    later["success"] = judged()["success"].model_validate({"rate": "99.5%", "consecutive_failures": 3})
    policies = tuple(replace(policy, objectives={**policy.objectives, **later}) for policy in estate.policies)
    found = [
        row
        for row in rows(table(review(estate=replace(estate, policies=policies)), "promises"))
        if row["policy"].endswith("version 3")
    ]
    told = {row["written"]: row["words"] for row in found}
    assert told["rpo: {target: 1h, tolerance: 10m}"] == (
        "At most 1 hour of work may be lost in a disaster. Allowance for the backup itself: 10 minutes. "
        "This must hold for 100% of the time."
    )
    assert told["copies: {immutable: 1, max_age: 24h}"] == (
        "Copies at every instant: at least 3, production counted, each in a failure domain of its own. Different media: at least 2. "
        "Copies in another city: at least 1. Copies that, according to the tool's records, are locked "
        "against deletion and change: at least 1. "
        "A copy counts while the state it restores is at most 24 hours old."
    )
    assert told["dispose: {after: 8y, grace: 7d}"] == ("No copy may stay longer than 8 years. Allowance for deletion: 7 days.")
    assert told["keep: [{every: day, for: 30d}, {every: month, for: 7y}]"] == (
        "Kept for 30 days: one recovery point of each day. Kept for 7 years: one recovery point of each month."
    )
    assert (
        told["size: {drop: 0.5}"]
        == "No copy is empty, or smaller by more than 50% than the median of the 14 of its method before it."
    )
    assert told["schedule: {full: week, incremental: 1d, log: {every: 1h, tolerance: 10m}}"] == (
        "Full backups: one in each week. Incremental backups: never more than 1 day from one to the next. "
        "Log backups: never more than 1 hour from one to the next. Allowance for lateness: 10 minutes."
    )
    assert told["success: {rate: 0.995, consecutive_failures: 3}"] == (
        "Backups were made on schedule, and no run of backup or copy had failed without having been made good, for 99.5% of the time. "
        "Runs of one job that end badly in a row: fewer than 3."
    )
    assert told["new_asset_grace: 30d"] == "A new asset is not judged in its first 30 days."
    assert told["people: {trained: 2}"] == "People who hold unexpired training for each of its runbooks: at least 2."
    assert told["review: {signed: 1y}"] == "The version in force is signed by the unit, which signs again at least every 1 year."
    assert told["rto: 4h"].startswith(
        "From the declaration of a disaster to the validated service: at most 4 hours, as measured in drills"
    )
    assert told["exercise: {table-top: 6 months, full: 1y}"] == (
        "A table-top exercise is held at least every 6 months. Recovery of everything is exercised at least every 1 year."
    )
    assert told["restore_test: {partial: monthly, full: quarterly, depth: 2}"].startswith(
        "A restore of a part is tested and passed in each month. "
    )


def test_who_signs_and_what_the_signature_says(review, assessment):
    (block,) = [block for block in section(review(), "signatures").blocks if block.kind == "signatures"]
    assert [plain(signer.role) for signer in block.signers] == [
        "Compliance officer", "Risk and legal", "Customer Operations: representative", "People: representative",
        "Platform: representative", "Outside auditor",
    ]  # fmt: skip
    assert plain(block.signers[3].statement).startswith("For People, I confirm that the policies shown here")
    (block,) = [block for block in section(review("zh", unit="platform"), "signatures").blocks if block.kind == "signatures"]
    assert plain(block.signers[2].role) == "客户运营部：代表"
    assert [block.kind for block in section(review(), "signatures").blocks] == ["paragraph", "note", "signatures"]


def test_the_heat_map_has_a_cell_for_each_unit_and_promise(review):
    (heat,) = [block for block in section(review(), "heat-map").blocks if isinstance(block, HeatMap)]
    units, promises = [plain(row) for row in heat.rows], [plain(column) for column in heat.columns]
    assert units == ["Platform", "Customer Operations", "People"]
    cells = {
        (unit, promise): cell
        for unit, line in zip(units, heat.cells, strict=True)
        for promise, cell in zip(promises, line, strict=True)
    }
    rpo = cells["Customer Operations", "Recovery point (RPO)"]
    assert (rpo.verdict, rpo.judged, rpo.breached, rpo.unproven) == (Verdict.BREACHED, 2, 1, 1)
    tested = cells["People", "Protection at period end: restore tested"]
    assert (tested.verdict, tested.met, tested.judged, tested.unproven) == (Verdict.UNPROVEN, None, 1, 1)
    assert cells["Platform", "Copies (3-2-1): immutable"] is None


def test_bars_by_promise_and_month_hold_all_of_the_judged_time(review, assessment):
    whole = ((assessment.since, assessment.until),)
    results = tuple(replace(one, judged=whole) for one in assessment.results if one.judged_seconds == YEAR)
    document = review(assessment=replace(assessment, results=results))
    found = {block.id: block for block in section(document, "shares").blocks if isinstance(block, ShareBars)}
    assert len(found["by-month"].bars) == 12
    december = dict(found["by-month"].bars[11].shares)
    # 11 days and 16 hours without a listing, and the first 8 hours of the zone's December without a declaration.
    days = (timedelta(days=11, hours=16) + timedelta(hours=8)) / timedelta(days=31)
    assert december == {State.UNPROVEN: pytest.approx(days / len(results)), State.MET: pytest.approx(1 - days / len(results))}
    for bar in (*found["by-control"].bars, *found["by-month"].bars):
        assert sum(share for _, share in bar.shares) == pytest.approx(1)


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


def conclusions(document):
    """The lists of the summary, and its paragraphs."""
    blocks = next(part.blocks for part in document.sections if part.id == "summary")
    lists = [[plain(text) for text in block.items] for block in blocks if isinstance(block, Items)]
    return lists, [plain(block.text) for block in blocks if isinstance(block, Paragraph)]


UNTESTED = {
    "en": "0% of the assets in service; up to 7 if missing evidence turns out well",
    "zh": "占在役资产的0%；若缺失的证据补齐后均属有利，至多为7项",
}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_of_restore_tests_the_report_says_what_may_be_as_well(review, content, language):
    """That no test is proven does not say that nothing could be restored."""
    words = Words(content, Formats(language, "UTC"))
    document = review(language)
    (figures,) = [block for block in section(document, "coverage").blocks if isinstance(block, KeyFigures)]
    assert plain(figures.figures[2].note) == UNTESTED[language]
    (_, may_not), _ = conclusions(document)
    limits = plain(words.translated(content.yaml("policies/controls/protection.yaml")["limits"], ""))
    title = plain(words.translated(content.yaml("policies/controls/protection.yaml")["title"], ""))
    assert may_not.count(f"{title}{': ' if language == 'en' else '：'}{limits}") == 1


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_controls_leave_open_is_said_by_their_names(review, assessment, content, language):
    """Controls that rest on statements say the same of themselves: it stands once, with all their names."""
    (model, *_) = (result for result in assessment.results if result.control == "copies")
    stated = tuple(replace(model, control=control, leg=None, verdict=Verdict.MET) for control in ("isolation", "access"))
    (_, may_not), _ = conclusions(review(language, assessment=replace(assessment, results=(*assessment.results, *stated))))
    said = content.yaml("policies/controls/isolation.yaml")["limits"][language]
    names = {"en": "Access and duties, Isolation: ", "zh": "权限与职责分离、隔离副本："}
    assert [text for text in may_not if said in text] == [names[language] + said]
    assert not [text for text in may_not if text.startswith(("It ", "其"))]


def test_the_summary_limits_minimum_retention_only_where_it_was_judged(review, assessment):
    def told(document):
        return [text for text in conclusions(document)[0][1] if text.startswith("Minimum retention: It is judged")]

    others = tuple(result for result in assessment.results if result.control != "retention-minimum")
    assert len(told(review())) == 1
    assert told(review(assessment=replace(assessment, results=others))) == []


@pytest.mark.parametrize(
    ("language", "waived", "doubted"),
    [
        ("en", "Promises were broken only where an approved waiver was in force;", "Promises were shown to be broken only where an approved waiver was in force;"),
        ("zh", "违反承诺的情况均处于经批准的豁免有效期内；", "违反承诺的情况均处于经批准的豁免有效期内；"),
    ],
)  # fmt: skip
def test_a_review_with_waivers_never_says_that_everything_was_kept(review, assessment, language, waived, doubted):
    kept = next(one for one in assessment.results if one.verdict is Verdict.MET)
    doubtful = next(one for one in assessment.results if one.verdict is Verdict.UNPROVEN)
    first = next(one for one in assessment.results if one.breaches)
    covered = replace(
        first, verdict=Verdict.WAIVED, breaches=(), unproven=(), waived=tuple(Waived(one.since, one.until, one.detail, one.evidence, "waiver-9") for one in first.breaches),
    )  # fmt: skip

    def says(*results):
        document = review(language, assessment=replace(assessment, results=results))
        return [plain(block.text) for block in section(document, "summary").blocks if hasattr(block, "text")], document

    told, document = says(kept, covered)
    assert any(text.startswith(waived) for text in told), told
    assert any(text.startswith(doubted) for text in says(kept, covered, doubtful)[0])
    waivers = section(document, "waivers").blocks
    table = next(block for block in waivers if isinstance(block, Table) and block.id == "waived") if len(waivers) > 1 else None
    assert table is None or len(table.rows) == len(first.breaches)
