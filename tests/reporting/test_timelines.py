from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from audit.model.document import State
from audit.model.verdicts import Verdict
from audit.reporting.timelines import asset_lines, pooled, worst
from tests.oracle.cases_of_service import PARTS
from tests.oracle.direct import assessment_of, estate_of_case


def lines_of(assessment, estate, asset):
    return next(found for found in asset_lines(assessment, estate) if found.asset == asset)


def test_assets_come_worst_first_and_each_has_one_line_per_promise(assessment, estate):
    found = asset_lines(assessment, estate)
    assert [one.asset for one in found][:2] == ["identity", "im-messages-db"]
    assert [one.verdict for one in found] == sorted((one.verdict for one in found), key=list(Verdict).index)
    assert [(line.control, line.leg) for line in found[1].lines][:3] == [
        ("recovery-point", None),
        ("copies", "count"),
        ("copies", "media"),
    ]


def test_time_before_service_is_not_judged_and_a_new_asset_has_its_grace(assessment, estate):
    line = lines_of(assessment, estate, "im-files").lines[0]
    begin = datetime(2026, 3, 1, tzinfo=UTC)
    assert [(s.state, s.since) for s in line.stretches[:3]] == [
        (State.NOT_JUDGED, assessment.since),
        (State.GRACE, begin),
        (State.MET, begin + timedelta(days=30)),
    ]


def test_what_outlives_an_asset_is_judged_as_long_as_the_result_says(assessment, estate):
    rpo, retention = lines_of(assessment, estate, "identity").lines
    assert (rpo.stretches[-1].state, rpo.stretches[-1].since) == (State.NOT_JUDGED, datetime(2026, 9, 15, tzinfo=UTC))
    last = retention.stretches[-1]
    assert (last.state, last.since) == (State.NOT_JUDGED, datetime(2026, 11, 15, tzinfo=UTC))


def test_an_objective_that_no_version_has_is_not_judged(assessment, estate):
    without = replace(estate.policies[0], objectives={"copies": estate.policies[0].objectives["copies"]})
    changed = replace(estate, policies=(without, estate.policies[1]))
    line = lines_of(assessment, changed, "config").lines[0]
    assert [(s.state, s.until) for s in line.stretches] == [
        (State.NOT_JUDGED, datetime(2026, 6, 1, tzinfo=UTC)),
        (State.MET, assessment.until),
    ]


def test_the_stretches_of_every_line_sum_to_the_period_and_agree_with_the_shares(assessment, estate):
    for asset in asset_lines(assessment, estate):
        for line in asset.lines:
            seconds = dict.fromkeys(State, 0.0)
            for stretch in line.stretches:
                seconds[stretch.state] += (stretch.until - stretch.since).total_seconds()
            assert sum(seconds.values()) == pytest.approx((assessment.until - assessment.since).total_seconds())
            if line.judged_seconds > 1:
                assert seconds[State.MET] == pytest.approx(line.share("met") * line.judged_seconds, abs=1e-3)
                assert seconds[State.GRACE] == pytest.approx(line.share("grace") * line.judged_seconds, abs=1e-3)


def test_shares_of_several_versions_are_weighted_by_their_judged_time(assessment):
    first, second = assessment.results[0], assessment.results[1]
    third = replace(second, judged_seconds=second.judged_seconds * 3)
    assert pooled([first, third], "met") == pytest.approx((first.shares["met"] + 3) / 4)
    assert pooled([first, third], "met_up_to") == pytest.approx(1 - first.shares["breached"] / 4)
    assert pooled([], "met") is None
    assert pooled([replace(first, judged_seconds=0.0), replace(second, judged_seconds=0.0)], "met") == pytest.approx(
        (first.shares["met"] + 1) / 2
    )


def test_nothing_judged_is_no_good_verdict():
    assert worst([]) is Verdict.NOT_APPLICABLE
    assert worst([Verdict.NOT_APPLICABLE, Verdict.MET]) is Verdict.MET
    assert worst([Verdict.MET, Verdict.UNPROVEN, Verdict.WAIVED]) is Verdict.UNPROVEN


@pytest.mark.parametrize("case", [one.case for one in PARTS], ids=lambda case: case.name)
def test_a_part_has_a_timeline_of_its_own_as_long_as_it_was_judged(case):
    lines = [line for asset in asset_lines(assessment_of(case), estate_of_case(case)) for line in asset.lines]
    for line in lines:
        judged = sum((one.until - one.since).total_seconds() for one in line.stretches if one.state is not State.NOT_JUDGED)
        assert line.judged_seconds < 1 or judged == pytest.approx(line.judged_seconds)
    assert any(line.part for line in lines) or "names" in case.name
