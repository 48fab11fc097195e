import json
from datetime import UTC, datetime

import pytest

from audit.errors import UsageError
from audit.evaluation.kept import keep, kept, kept_named
from tests.reporting.conftest import _assessment

NOW = datetime(2027, 1, 20, 3, tzinfo=UTC)


def test_an_assessment_comes_back_as_it_was(tmp_path):
    whole = _assessment()
    keep(tmp_path, whole, NOW)
    (found,) = kept(tmp_path)
    back = found.assessment([result.asset for result in whole.results])
    mine = json.loads(json.dumps(whole.to_json()))
    assert json.loads(json.dumps(back.to_json())) == mine
    assert found.results.height == len(whole.results)
    assert found.breaches.height == sum(len(result.breaches) for result in whole.results)
    assert found.unproven.height == sum(len(result.unproven) for result in whole.results)
    assert (found.since, found.until, found.made_at) == (whole.since, whole.until, NOW)


def test_the_same_period_and_entry_is_replaced_and_others_stay(tmp_path):
    whole = _assessment()
    keep(tmp_path, whole, NOW)
    keep(tmp_path, whole, NOW.replace(hour=4))
    assert [one.made_at.hour for one in kept(tmp_path)] == [4]
    with pytest.raises(UsageError, match="no kept assessment"):
        kept_named(tmp_path, "x")


def test_one_that_was_cut_off_is_passed_over(tmp_path):
    made = keep(tmp_path, _assessment(), NOW)
    (made.path / "assessment.json").write_text("{")
    assert kept(tmp_path) == []
