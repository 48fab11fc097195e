"""What the runs of reminders say on the page of jobs."""

from __future__ import annotations

from typing import Any

import pytest

from audit.steps.remind import Letter, Person, Reminded
from audit.web.pages.jobs import _said

LETTER = Letter(Person("Chen <Jie>", "chen.jie@example.com", "zh"), ())


@pytest.mark.parametrize(
    ("language", "done", "words"),
    [
        ("en", Reminded([LETTER]), "Mails sent: 1, things told: 0 ("),
        ("zh", Reminded([LETTER]), "已发邮件1封，提醒事项0项（"),
        ("en", Reminded([], [(LETTER, "550 <nobody>")]), "Mails sent: 0, not sent: 1 ("),
        ("zh", Reminded([], [(LETTER, "550 <nobody>")]), "已发邮件0封，未能发送1封（"),
    ],
)
def test_a_run_says_how_many_mails_went_to_whom(app: Any, language: str, done: Reminded, words: str) -> None:
    with app.test_request_context("/jobs", headers={"Accept-Language": language}):
        said = str(_said({"message": done.message()}))
    assert said.startswith(words)
    assert "Chen &lt;Jie&gt;" in said
    assert "chen.jie@example.com" not in said
