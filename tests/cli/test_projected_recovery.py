"""A projection of the recovery time, as a user meets it: in an assessment, in an explanation and in a report, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

from tests.cli.session import Session, result_of
from tests.oracle.build import day, listing, p, policy, programme, rows, when
from tests.oracle.case import Case
from tests.oracle.cases_of_drills import restore

PERIOD = ("--from", when(0), "--to", when(10))


def test_a_projection_is_told_as_one_and_satisfies_nothing(tmp_path: Path) -> None:
    chain = (p("f", 1, bytes=1000), p("i", 2, bytes=200, method="incremental", base="f"))
    told = [listing(-1), listing(20, *chain), rows(5, restore(4, 4.5, recovery_point="f"))]
    folder, evidence = Case("projected", programme(policy({"rto": "2d"})), told, day(0), day(10)).write(tmp_path / "case")
    session = Session(tmp_path / "data")
    session.fine("init", "--organisation", "Yunhe Messaging")
    session.fine("apply", folder, "--by", "olivia")
    session.fine("ingest", evidence)
    result = result_of(session.assess(*PERIOD), "a", "recovery-time")
    run = "s/restore-4-4.5-full"
    assert result["verdict"] == "unproven"
    assert result["shares"]["met"] == 0
    assert result["detail"] == {"projected_seconds": 51840, "projected_bytes": 1200, "projected_rate": 0.02315, "projected_by": run}
    lines = session.fine("explain", "a", "recovery-time", *PERIOD).out
    assert re.search(r"only a projection, which proves nothing: to restore all that is there now would take 14\D+24\D", lines), (
        lines
    )
    assert f"rate measured by {run}" in lines
    zh = session.fine("explain", "a", "recovery-time", *PERIOD, "--lang", "zh").out
    assert "仅为推算，不作为任何依据：恢复现有全部数据约需" in zh
    for language, said in (("en", "only a projection, which proves nothing"), ("zh", "仅为推算，不作为任何依据")):
        file = tmp_path / f"review-{language}.html"
        session.fine("report", "annual-review", *PERIOD, "--lang", language, "-o", file)
        assert said in file.read_text(encoding="utf-8")
