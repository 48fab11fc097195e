"""Exports of consoles that no adapter knows, as people get them: written for these tests, in the shapes that such consoles write."""

from __future__ import annotations

import json
from datetime import datetime

from tests.adapters.workbooks import workbook

OFFICE = (
    "云备份控制台  作业历史\r\n导出人：admin\r\n\r\n"
    "作业编号,任务名称,客户端,备份方式,开始时间,结束时间,执行结果,数据量(MB),目标存储,备注\r\n"
    'J-2001,OA每日备份,OA服务器,全量,2026/11/1 1:00,2026/11/1 2:10,成功,"1,204.5",一号存储,无\r\n'
    'J-2002,OA每日备份,OA服务器,增量,2026/11/2 1:00,2026/11/2 1:12,成功,"20.5",一号存储,\r\n'
    "J-2003,OA每日备份,OA服务器,增量,2026/11/3 1:00,2026/11/3 1:02,失败,-,一号存储,介质不可写\r\n"
    'J-2004,ERP备份,ERP数据库,全量,2026/11/3 3:00,2026/11/3 4:15,部分成功,"88,105",磁带库,"表空间 A, B 未备份"\r\n'
    'J-2005,ERP备份,ERP数据库,全量,2026/11/4 3:00,2026/11/4 4:08,已完成,"88,206.1",磁带库,无\r\n'
    "J-2006,ERP备份,ERP数据库,全量,2026/11/5 3:00,-,运行中,-,磁带库,无\r\n"
    "合计,6,,,,,,,,\r\n"
).encode("gb18030")
"""A Chinese office's console: GB18030, a title, a total, `-` and 无 for unknown, two words that are no success."""


def vault() -> bytes:
    """A catalog as a workbook: merged titles, typed times, ends told by the day, a client merged over its rows, a cover sheet."""

    def at(day: int, hour: int) -> datetime:
        return datetime(2026, 10, day, hour, 30)

    rows = [
        ["Vault inventory"], ["Exported 27 Oct 2026", None, None, None, "Site Berlin"], [],
        ["Backup ID", "Client", "Kind", "Taken", "Expires", "Encrypted", "Size (GiB)"],
        [90001, "mail", "Full", at(20, 2), datetime(2026, 11, 20), "Y", 48.25],
        [90002, None, "Incr", at(21, 2), datetime(2026, 11, 21), "Y", 1.5],
        [90003, "fs", "Full", at(21, 3), "never", "N", 310],
        [90004, "fs", "Mirror", at(22, 3), datetime(2026, 11, 22), "?", 311],
        ["Total", None, None, None, None, None, 670.75],
    ]  # fmt: skip
    formats = {f"E{row}": "yyyy-mm-dd" for row in (5, 6, 8)} | {f"D{row}": "dd/mm/yyyy hh:mm" for row in range(5, 9)}
    return workbook(rows, merged=["A1:G1", "B5:B6"], formats=formats, title="Inventory", others={"Cover": [["internal", "only"]]})


def api() -> bytes:
    """An API's answer: rows deep inside, nested keys, epoch milliseconds, 0 for no time, a page of more."""

    def session(number: int, vm: str, end: int, result: str) -> dict[str, object]:
        begin = 1793466000000 + number * 86_400_000
        return {
            "sessionId": f"{number:08x}-a1", "state": "Stopped", "result": {"status": result, "isCanceled": False}, "vm": {"name": vm, "moref": f"vm-{number}"},
            "timing": {"startTime": begin, "endTime": begin + end if end else 0}, "transferred": number * 1_048_576, "warnings": [],
        }  # fmt: skip

    items = [
        session(1, "erp-db", 1_800_000, "Success"),
        session(2, "erp-db", 1_900_000, "Warning"),
        session(3, "web-1", 60_000, "Failed"),
        session(4, "web-1", 0, "None"),
    ]
    return json.dumps({"meta": {"total": 40}, "data": {"items": items, "links": [{"rel": "self"}]}}, indent=1).encode()


GERMAN = (
    "Auftrag;Rechner;Art;Beginn;Ende;Ergebnis;Größe;Ziel\r\n"
    "Nacht;db01;Voll;25.10.2026 01:10:00;25.10.2026 01:42:10;Erfolgreich;1.204,75 GB;NAS 1\r\n"
    "Nacht;fs01;Inkrementell;25.10.2026 04:10:00;25.10.2026 04:12:00;Erfolgreich;0,5 GB;NAS 1\r\n"
    "Nacht;db01;Voll;26.10.2026 01:10:00;26.10.2026 01:11:00;Fehlgeschlagen;0,00 GB;NAS 1\r\n"
    "Nacht;fs01;Inkrementell;26.10.2026 04:10:00;26.10.2026 04:12:00;Beendet;0,75 GB;NAS 1\r\n"
).encode("cp1252")
"""A German console: semicolons, decimal commas, dd.mm.yyyy, windows-1252, no column of ids."""

LOG = "#host\tstarted\tfinished\tstatus\ttype\tbytes\n" + "".join(
    f"{host}\t{begin}\t{begin + 600_000 if status != 'running' else 'null'}\t{status}\t{kind}\t{size}\n"
    for host, begin, status, kind, size in (
        ("n1", 1793466000000, "ok", "backup", 1048576), ("n2", 1793466060000, "ok", "backup", 2097152), ("n1", 1793552400000, "error", "backup", 0),
        ("n2", 1793552460000, "skipped", "backup", 0), ("n1", 1793560000000, "ok", "restore", 4096), ("n2", 1793638860000, "running", "backup", 77),
    )
)  # fmt: skip
"""A log with tabs: epoch milliseconds, `null`, restores among the backups, no ids."""

AMERICAN = (
    "Job ID,Server,Job Type,Start Time,End Time,Status,Data Size\n"
    "501,erp-db-01,Full,11/03/2026 01:00:00 AM,11/03/2026 01:42:10 AM,Success,48.5 GB\n"
    "502,erp-db-01,Incremental,11/04/2026 01:00:00 AM,11/04/2026 01:03:00 AM,Success,512 MB\n"
    "503,erp-db-01,Incremental,11/05/2026 01:00:00 AM,11/05/2026 01:03:00 AM,Completed with errors,480 MB\n"
)
"""An American console: in these rows nothing says whether 11/03 is in November or in March."""
SETTLED = AMERICAN + "504,erp-db-01,Full,11/25/2026 01:00:00 AM,11/25/2026 01:44:00 AM,Success,49 GB\n"
"""The same with a row that says it."""

NAKED = "\n".join(
    json.dumps({"ts": f"2026-11-0{day}T02:00:00+08:00", "name": "pg", "outcome": word, "note": "nightly dump"})
    for day, word in ((1, "good"), (2, "good"), (3, "bad"))
)
"""A script's own log, an object a line, with words of its own."""
