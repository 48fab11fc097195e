"""mydumper and mariadb-dump: a file is there after a failure, too."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from audit.adapters import _registry
from audit.model.envelope import Envelope
from audit.model.facts import Facts
from tests.adapters import golden

DATA = golden.DATA / "mydumper"
SEEN = datetime(2026, 11, 23, 6, 20, tzinfo=UTC)


def sample(name: str) -> Facts:
    return golden.facts_of(DATA / name)


def read(text: str, **fields: Any) -> Facts:
    given = {"source": "s", "repository": "r", "timezone": "Asia/Shanghai", **fields}
    return _registry.read("mydumper", text.encode(), Envelope(tool="mydumper", name="f", **given))


def test_two_good_dumps_and_a_failed_one() -> None:
    for name in ("d1.metadata", "d2.metadata"):
        point = sample(name).points
        assert point.select("subject", "method", "captured_at").row(0) == (
            "shop",
            "full",
            datetime(2026, 11, 23, 6, 19, 17, tzinfo=UTC),
        )
    runs = [
        sample(name).runs.select("outcome", "recovery_point").row(0) for name in ("dump-1.log", "mydumper.log", "dump-3-failed.log")
    ]
    assert runs == [("success", "shop@2026-11-23T14:19:17")] * 2 + [("failed", None)]


def test_metadata_without_an_end_is_no_point() -> None:
    text = (DATA / "d1.metadata").read_text().split("Finished")[0]
    facts = read(text)
    assert facts.points.is_empty()
    assert facts.runs["outcome"].to_list() == ["running"]


def test_metadata_of_later_versions() -> None:
    text = '# Started dump at: 2026-11-23 14:00:00\n[config]\nquote-character = BACKTICK\n\n[source]\n# SOURCE_LOG_FILE = "bin.1"\n\n# Finished dump at: 2026-11-23 14:05:00\n'
    assert _registry.recognise("", text.encode()) == "mydumper"
    facts = read(text, observed_at=SEEN)
    assert facts.points.select("id", "available_at").row(0) == ("s@2026-11-23T14:00:00", datetime(2026, 11, 23, 6, 5, tzinfo=UTC))
    assert facts.listings["complete"].to_list() == [False]
    assert read(text, command="mydumper -T a.b -o /d").points["completeness"].to_list() == ["partial"]


def test_exit_code_and_text_have_to_agree() -> None:
    log = (DATA / "dump-1.log").read_text()
    assert read(log).runs["outcome"].to_list() == ["success"]
    assert read(log, exit_code=2).runs["outcome"].to_list() == ["failed"]
    assert read(log.split("** Message: 14:19:17.901: Finished")[0], exit_code=0).runs["outcome"].to_list() == ["failed"]
    troubled = log + "\n** (mydumper:1): CRITICAL **: 14:19:17.950: Could not read data from shop.items\n"
    assert read(troubled).runs["outcome"].to_list() == ["failed"]
    assert read(troubled, exit_code=0).runs["outcome"].to_list() == ["warning"]


def test_an_sql_file_ends_with_dump_completed() -> None:
    assert sample("dump.sql").runs.select("outcome", "subject").row(0) == ("success", "shop")
    assert sample("nodb.sql").runs.select("outcome", "subject").row(0) == ("failed", "nodb")
    assert sample("mysqldump-failed.err").runs["outcome"].to_list() == ["failed"]
    text = (DATA / "dump.sql").read_text()
    assert read(text).runs.select("started_at", "finished_at").row(0) == (None, datetime(2026, 11, 23, 6, 19, 18, tzinfo=UTC))
    assert read(text, exit_code=2).runs["outcome"].to_list() == ["failed"]
    mysql = text.replace("-- MariaDB dump 10.19", "-- MySQL dump 10.13")
    assert _registry.recognise("", mysql.encode()) == "mydumper"


def test_the_end_of_an_sql_file_is_enough() -> None:
    tail = "/*!40111 SET SQL_NOTES=@OLD_SQL_NOTES */;\n\n-- Dump completed on 2026-11-23  4:19:18\n"
    assert _registry.recognise("", tail.encode()) == "mydumper"
    assert read(tail).runs.select("outcome", "finished_at").row(0) == ("success", datetime(2026, 11, 22, 20, 19, 18, tzinfo=UTC))


def test_loading_is_a_restore() -> None:
    run = sample("myloader-restore.log").runs
    assert run.select("kind", "outcome", "coverage", "subject").row(0) == ("restore", "success", "full", "shop")
    log = (DATA / "myloader-restore.log").read_text()
    assert read(log).runs["outcome"].to_list() == ["warning"]
    assert read(log, exit_code=0, command="myloader -d /d --source-db shop").runs["coverage"].to_list() == ["partial"]


@pytest.mark.parametrize("zone", [None, "Nowhere/Else"])
def test_times_need_a_zone(zone: str | None) -> None:
    facts = read((DATA / "d1.metadata").read_text(), timezone=zone)
    assert facts.points.is_empty()
    assert "declares no time zone" in facts.faults[0].what


def test_what_is_none_of_these() -> None:
    assert "nothing says which program wrote this" in read("2026-11-23 14:00:00 [INFO] - hello\n").faults[0].what
