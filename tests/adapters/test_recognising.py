"""Which adapter a payload belongs to, and a plain message for what belongs to none."""

from __future__ import annotations

import gzip
import io
import re
import zipfile
from types import SimpleNamespace

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.adapters import _registry
from audit.adapters._command import parse, run_id
from audit.adapters._text import LineStarts
from audit.errors import InputError
from audit.model.envelope import Envelope
from audit.model.facts import Facts, frame

NDJSON = '{"record": "run", "id": "1", "message": "备份完成"}\n'


def _zip() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        # Always of the same instant: its bytes name the test, and workers that collect other names end the whole run.
        archive.writestr(zipfile.ZipInfo("x", (2026, 1, 1, 0, 0, 0)), "y")
    return packed.getvalue()


@pytest.mark.parametrize(
    ("payload", "what", "remedy"),
    [
        (b"", "is empty", "check that the command that wrote it succeeded"),
        (b" \r\n\xef\xbb\xbf", "is empty", "check that the command"),
        (gzip.compress(NDJSON.encode(), mtime=0), "is gzip-compressed", "decompress it first: gunzip log"),
        (_zip(), "is a zip archive", "unpack it first: unzip log"),
        (b"\x28\xb5\x2f\xfd1234", "is zstd-compressed", "zstd -d log"),
        (b"id,name\n1,\0\0\0\n", "contains NUL bytes (the first at byte 10)", "export it again"),
        ("任务,结果\n".encode("gbk"), "looks like Chinese text in GBK", "iconv -f GB18030 -t UTF-8 log"),
        ("任务,结果\n".encode("utf-16"), "is UTF-16 text", "iconv -f UTF-16 -t UTF-8 log"),
        ("job,result\n".encode("utf-16-le"), "is UTF-16LE text", "iconv -f UTF-16LE"),
        ("job,result\n".encode("utf-16-be"), "is UTF-16BE text", "iconv -f UTF-16BE"),
        (b"job,r\xe9sultat\n\xff", "it looks like Latin-1 or damaged text", "iconv -f ISO-8859-1"),
        (b"\x7fELF\x02\x01\0\0\xff\xfe", "is binary", "export the data"),
        (b"hello world\n", "is of no format that is known", "docs/tools.md lists what is read of each"),
        (b"hello world\n", "is of no format that is known", "backup-audit tabular suggest log"),
        (b"Restic is not here, but Veeam is\n", "is of no format that is known", "restic, veeam-em or veeam-kasten-k10"),
    ],
)
def test_what_belongs_to_no_adapter(payload: bytes, what: str, remedy: str) -> None:
    with pytest.raises(InputError) as refused:
        _registry.recognise("log", payload)
    [fault] = refused.value.faults
    assert what in fault.what
    assert remedy in fault.remedy
    assert fault.where == "log"


@pytest.mark.parametrize(
    ("name", "text", "near"),
    [
        ("notes", "backup server storage object lock\n", ""),
        ("borg-list.txt", "hello\n", "it may be of borgbackup or borgmatic: "),
        ("x", "a proxmox backup server\n", "it may be of proxmox-backup-server or proxmox-ve: "),
        ("x", "GET pbs proxmox ve\n", "it may be of proxmox-ve or proxmox-backup-server: "),
        ("etcd.log", "restored\n", "it may be of etcd: "),
    ],
)
def test_the_nearest_few_tools_are_named_where_no_adapter_reads_it(name: str, text: str, near: str) -> None:
    with pytest.raises(InputError) as refused:
        _registry.recognise(name, text.encode())
    [fault] = refused.value.faults
    assert fault.remedy.startswith(f"{near}say " if near else "say which tool")
    assert len(str(fault)) < 500


@pytest.mark.parametrize("payload", [gzip.compress(NDJSON.encode(), mtime=0), NDJSON.encode("gbk"), NDJSON.encode("utf-16"), b""])
@pytest.mark.parametrize("tool", sorted(_registry.tools()))
def test_a_tool_that_was_named_says_the_same(tool: str, payload: bytes) -> None:
    with pytest.raises(InputError) as refused:
        _registry.read(tool, payload, Envelope(tool=tool, name="log"))
    assert len(refused.value.faults) == 1
    assert refused.value.faults[0].remedy


@pytest.mark.parametrize(
    "payload", [NDJSON.encode(), b"\xef\xbb\xbf" + NDJSON.encode(), b"\n\n" + NDJSON.encode(), b"{broken\n" + NDJSON.encode()]
)
def test_interchange_is_recognised(payload: bytes) -> None:
    assert _registry.recognise("backup.log", payload) == "interchange"


@pytest.mark.parametrize(
    "text",
    [
        "id,subject,captured_at\n",
        '"id","subject","captured_at"\n',
        "\ufeffrecord,id,source\nrun,1,s\n",
        "source,listed_at,complete,repository",
    ],
)
def test_interchange_csv_is_recognised(text: str) -> None:
    assert _registry.recognise("x", text.encode()) == "interchange"


def test_two_claims_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def claim(name: str, head: bytes) -> bool:
        return True

    monkeypatch.setattr(
        _registry, "tools", lambda: {"one": SimpleNamespace(identify=claim), "two": SimpleNamespace(identify=claim)}
    )
    with pytest.raises(InputError, match="could be of several tools: one, two"):
        _registry.recognise("x", b"x")


def test_a_tool_that_is_not_there() -> None:
    with pytest.raises(InputError, match=f"there is no adapter 'resticc'; the adapters are {', '.join(_registry.tools())}"):
        _registry.read("resticc", b"x", Envelope(tool="resticc"))


@pytest.mark.parametrize(
    "points", [pl.DataFrame({"id": ["x"]}), frame("recovery_point").with_columns(bytes=pl.lit(1.0)), frame("run")]
)
def test_an_adapter_that_breaks_a_schema_is_found_out(points: pl.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_registry, "tools", lambda: {"one": SimpleNamespace(read=lambda *_: Facts(points=points))})
    with pytest.raises(TypeError, match="adapter one returned a recovery_point frame of another schema"):
        _registry.read("one", b"x", Envelope(tool="one"))


FLAGS, VALUED = {"--json", "-v", "-n"}, {"-r", "--host"}


@pytest.mark.parametrize(
    ("text", "verb", "arguments", "sure"),
    [
        ("tool -r /x backup --json /a '/b c'", "backup", ("/a", "/b c"), True),
        ("sudo -u x env A=/opt/tool /usr/bin/tool backup /a", "backup", ("/a",), True),
        ("C:\\\\bin\\\\tool.exe backup", "backup", (), True),
        ("env CACHE=/var/tool tool backup /srv/tool", "backup", ("/srv/tool",), True),
        ("tool backup -vv -r/x -- --odd", "backup", ("--odd",), True),
        ("tool backup --mystery /a", "backup", ("/a",), False),
        ("tool", "", (), True),
        ("tool backup 'unclosed", "backup", ("'unclosed",), True),
    ],
)
def test_commands(text: str, verb: str, arguments: tuple[str, ...], sure: bool) -> None:
    command = parse(text, "tool", FLAGS, VALUED)
    assert command is not None
    assert (command.verb, command.arguments[1:], command.sure) == (verb, arguments, sure)


def test_options_of_commands() -> None:
    command = parse("tool backup --host=a --host b --json=false -nv", "tool", FLAGS, VALUED)
    assert command is not None
    assert command.values("--host") == ("a", "b")
    assert not command.has("--json")
    assert command.has("-n", "--other")
    assert command.has("-v")  # each of several flags in one word
    assert parse("other backup", "tool", FLAGS, VALUED) is None
    assert parse(None, "tool", FLAGS, VALUED) is None


def test_ids_of_runs_that_have_none() -> None:
    told = Envelope.from_json({"tool": "t", "started_at": "2026-01-01T00:00:00Z", "command": "c"})
    assert run_id("backup", told, b"stdout") == run_id("backup", told, b"stderr") != run_id("check", told, b"stdout")
    assert run_id("backup", Envelope(tool="t"), b"x", "a1") == "backup:a1"
    assert run_id("backup", Envelope(tool="t"), b"x") != run_id("backup", Envelope(tool="t"), b"y")


@given(
    pieces=st.lists(st.sampled_from([b"\n", b"\r\n", b"job ", b"Job", b"end", b" ", b"x", b"\0"]), max_size=12),
    flags=st.sampled_from([re.NOFLAG, re.IGNORECASE]),
)
def test_where_lines_begin_is_found_as_re_finds_it(pieces: list[bytes], flags: re.RegexFlag) -> None:
    payload, patterns = b"".join(pieces), (rb"job ", rb"end$", rb" *x")
    plain = re.search(rb"^(?:" + b"|".join(patterns) + rb")", payload, flags | re.MULTILINE)
    found = LineStarts(*patterns, flags=flags).search(payload)
    assert (found and found.start()) == (plain and plain.start())
    assert (found and found[0][1:]) == (plain and plain[0])
