"""Whose a subject is: guesses, what a person confirms, and that nothing but the lines of that asset changes."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import InputError
from audit.policy.edit import AssetsFile
from audit.policy.matching import Names, without_domain
from tests.cli.session import Session
from tests.policy.programmes import BASE
from tests.steps.test_apply import write

ASSETS = """# who owns what
assets:
- name: db  # the first
  unit: finance
  data_class: messages
  tier: core
  in_service: 2024-01-01
  subjects: [{source: tool, subject: vm/db}]   # by hand

# web, written in another way
- {name: web, unit: platform, data_class: files, tier: core, in_service: 2024-01-01, known_as: [web.corp.example]}
- name: mail
  unit: platform
  data_class: files
  tier: core
  in_service: 2024-01-01
  parts:
  - name: one
    subjects:
    - source: tool
      subject: mail/1
  - name: two
    subjects:
    - {source: tool, subject: mail/2}
- {name: sql01, unit: platform, data_class: files, tier: core, in_service: 2024-01-01, known_as: [sql.corp.example]}
- {name: sql02, unit: platform, data_class: files, tier: core, in_service: 2024-01-01, known_as: [sql.dr.example]}
- {name: gone, unit: platform, data_class: files, tier: core, in_service: 2024-01-01, retired: 2026-01-01}
- {name: later, unit: platform, data_class: files, tier: core, in_service: 2199-01-01}
"""


def point(subject: str, number: int) -> str:
    told = {
        "record": "recovery_point",
        "source": "tool",
        "id": f"p{number}",
        "subject": subject,
        "repository": "nas",
        "captured_at": "2026-06-01T00:00:00Z",
        "available_at": "2026-06-01T01:00:00Z",
        "method": "full",
    }
    return json.dumps(told)


WEB = next(line for line in ASSETS.splitlines() if "name: web" in line)[:-1] + ", subjects: [{source: tool, subject: vm/web}]}"
SEEN = ("vm/db", "WEB", "vm/web", "web.dmz.example", "sql", "mail/1", "dbx", "mail/3")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "programme", {**BASE, "assets.yaml": ASSETS})
    return tmp_path / "programme"


@pytest.fixture
def session(tmp_path: Path, folder: Path) -> Session:
    session = Session(tmp_path / "data")
    session.fine("init", "--organisation", "Yunhe")
    session.fine("apply", folder, "--by", "Li Na")
    evidence = tmp_path / "points.ndjson"
    evidence.write_text("\n".join(point(subject, number) for number, subject in enumerate(SEEN)) + "\n", encoding="utf-8")
    session.fine("ingest", "--source", "tool", evidence)
    return session


def test_every_status_and_how_each_guess_matches(session: Session) -> None:
    rows = session.fine("subjects", "--format", "ndjson").rows
    assert list(rows[0]) == ["source", "subject", "asset", "part", "suggestions", "status", "matches", "ambiguous"]
    orphans = {row["subject"]: row for row in rows if row["status"] == "orphan"}
    assert {
        name: (row["suggestions"], row["matches"], row["ambiguous"])
        for name, row in orphans.items()
        if name not in ("dbx", "mail/3")
    } == {
        "WEB": (["web"], ["name"], False),
        "vm/web": (["web"], ["pattern"], False),
        "web.dmz.example": (["web"], ["domain"], False),
        "sql": (["sql01", "sql02"], ["domain", "domain"], True),
    }
    assert orphans["dbx"]["suggestions"][0] == "db"
    assert orphans["dbx"]["matches"][0] == "similar 0.80"
    assert orphans["mail/3"]["suggestions"][0] == "mail"
    mapped = {(row["subject"], row["asset"], row["part"]) for row in rows if row["status"] == "mapped"}
    assert mapped == {("vm/db", "db", None), ("mail/1", "mail", "one")}
    unprotected = {(row["subject"], row["asset"], row["part"]) for row in rows if row["status"] == "unprotected"}
    # Not the retired one, and not the one that is not in service yet.
    assert unprotected == {(None, "web", None), ("mail/2", "mail", "two"), (None, "sql01", None), (None, "sql02", None)}
    assert {row["subject"] for row in session.fine("subjects", "--orphans", "--format", "ndjson").rows} == set(orphans)
    assert len(session.fine("subjects", "--status", "unprotected", "--format", "ndjson").rows) == 4


@pytest.mark.parametrize(
    ("subject", "asset", "more", "line"),
    [
        ("vm/web", "web", (), WEB),
        ("dbx", "db", (), "  subjects: [{source: tool, subject: vm/db}, {source: tool, subject: dbx}]   # by hand"),
        ("mail/3", "mail", ("--part", "one"), "    - {source: tool, subject: mail/3}"),
    ],
)  # fmt: skip
def test_confirmed_and_applied_it_is_the_assets(
    session: Session, folder: Path, subject: str, asset: str, more: tuple[str, ...], line: str
) -> None:
    journal = session.fine("subjects", "--format", "ndjson").out
    done = session.fine("subjects", "confirm", "tool", subject, asset, *more, "--programme", folder)
    assert f"+ tool {subject} is {asset}" in done.out
    after = (folder / "assets.yaml").read_text(encoding="utf-8")
    before = ASSETS.splitlines()
    new = [one for one in after.splitlines() if one not in before]
    assert new == [line]
    assert [one for one in before if one not in after.splitlines()] in ([], [one for one in before if one.startswith(line[:20])])
    assert session.fine("subjects", "--format", "ndjson").out == journal  # the journal says it only when it is applied
    session.fine("apply", folder, "--by", "Li Na")
    row = next(row for row in session.fine("subjects", "--format", "ndjson").rows if row["subject"] == subject)
    assert (row["status"], row["asset"]) == ("mapped", asset)
    again = session.fine("subjects", "confirm", "tool", subject, asset, *more, "--programme", folder)
    assert "already" in again.out
    assert (folder / "assets.yaml").read_text(encoding="utf-8") == after


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("toll", "WEB", "web"), "the source `toll` is not declared (did you mean `tool`?)"),
        (("tool", "WEB", "wep"), "the asset `wep` is not declared (did you mean `web`?)"),
        (("tool", "vm/db", "web"), "it is declared as a subject of `db`"),
        (("tool", "mail/3", "mail"), "`mail` has parts (say which with --part: one, two)"),
        (("tool", "mail/3", "mail", "--part", "six"), "`mail` has no part `six`"),
        (("tool", "wEB", "web"), "no evidence of this source has this subject"),
        (("tool", "WEB"), "SOURCE SUBJECT ASSET, or --from FILE"),
    ],
)
def test_what_cannot_be_confirmed(session: Session, folder: Path, arguments: tuple[str, ...], says: str) -> None:
    done = session("subjects", "confirm", *arguments, "--programme", folder)
    assert done.code == 2
    assert says in done.err
    assert (folder / "assets.yaml").read_text(encoding="utf-8") == ASSETS


def test_several_decided_in_a_table_all_or_none(session: Session, folder: Path, tmp_path: Path) -> None:
    listed = session.fine("subjects", "--orphans", "--format", "csv").out
    table = tmp_path / "decided.csv"
    table.write_text(listed.replace("tool,WEB,,", "tool,WEB,web,").replace("tool,dbx,,", "tool,dbx,nobody,"), encoding="utf-8")
    refused = session("subjects", "confirm", "--from", table, "--programme", folder)
    assert (refused.code, (folder / "assets.yaml").read_text(encoding="utf-8")) == (2, ASSETS)
    table.write_text(listed.replace("tool,WEB,,", "tool,WEB,web,").replace("tool,dbx,,", "tool,dbx,db,"), encoding="utf-8")
    assert session.fine("subjects", "confirm", "--from", table, "--programme", folder).out.count("+ ") == 2
    session.fine("apply", folder, "--by", "Li Na")
    rows = {row["subject"]: row["asset"] for row in session.fine("subjects", "--format", "ndjson").rows if row["subject"]}
    assert (rows["WEB"], rows["dbx"]) == ("web", "db")


def test_confirmed_in_a_table_of_assets(session: Session, folder: Path) -> None:
    (folder / "assets-web.csv").write_bytes(
        b"name,unit,data_class,tier,in_service,title\r\n"
        b'"app, one",platform,files,core,2024-01-01,"One, ""two"""\r\n'
        b"app2 , platform,files,core,2024-01-01\r\n"
    )
    session.fine("subjects", "confirm", "tool", "WEB", "app, one", "--programme", folder)
    assert (folder / "assets-web.csv").read_bytes() == (
        b"name,unit,data_class,tier,in_service,title,subjects\r\n"
        b'"app, one",platform,files,core,2024-01-01,"One, ""two""",tool=WEB\r\n'
        b"app2 , platform,files,core,2024-01-01\r\n"
    )
    session.fine("apply", folder, "--by", "Li Na")


WORD = st.text(st.sampled_from("abcXYZ019 -_/:.#'\"{}[],&*!|>%@`é服"), min_size=1, max_size=12).map(str.strip).filter(bool)
COMMENT = st.sampled_from(["", "  # who", "# a line\n", "\n", "   # deep\n"])


@st.composite
def files(draw: st.DrawFn) -> tuple[str, int]:
    """A file of assets in the ways in which people write them."""
    text, count = draw(st.sampled_from(["assets:\n", "# head\nassets:\n\n"])), draw(st.integers(1, 4))
    indent = draw(st.sampled_from(["", "  ", "    "]))
    for number in range(count):
        subjects = [{"source": "tool", "subject": draw(WORD)} for _ in range(draw(st.integers(0, 2)))]
        way = draw(st.sampled_from(["flow", "block", "absent", "null", "whole", "deep"]))
        quoted = ", ".join(json.dumps(one, ensure_ascii=False) for one in subjects)
        if way == "whole":
            text += f"{indent}- {{name: n{number}, unit: u, subjects: [{quoted}]}}{draw(st.sampled_from(['', ' # x']))}\n"
            continue
        text += f"{indent}- name: n{number}\n{indent}  unit: {json.dumps(draw(WORD), ensure_ascii=False)}\n"
        if way == "null":
            text += f"{indent}  subjects:\n"
        elif way == "flow" or (way in ("block", "deep") and not subjects):
            text += f"{indent}  subjects: [{quoted}]\n"
        elif way == "block":
            text += f"{indent}  subjects:\n" + "".join(f"{indent}  - {json.dumps(one, ensure_ascii=False)}\n" for one in subjects)
        elif way == "deep":
            lines = (
                f"{indent}    - source: tool\n{indent}      subject: |-\n{indent}        {one['subject']}\n" for one in subjects
            )
            text += f"{indent}  subjects:\n" + "".join(lines)
        if draw(st.booleans()):
            text += f"{indent}  tier: core\n"
        comment = draw(COMMENT)
        text += comment if comment.endswith("\n") else ""
    if draw(st.booleans()):
        text = text.rstrip("\n")
    return (text.replace("\n", "\r\n") if draw(st.booleans()) else text), count


@given(files(), st.data())
def test_no_other_line_ever_changes(made: tuple[str, int], data: st.DataObject) -> None:
    text, count = made
    index = data.draw(st.integers(0, count - 1))
    subject = {"source": "tool", "subject": data.draw(WORD)}
    file = AssetsFile("assets.yaml", text)
    file.append(index, "subjects", [subject])
    after = file.text()  # itself reads again that nothing else is said
    old, new = text.splitlines(), after.splitlines()
    same = next((at for at, (one, other) in enumerate(zip(old, new, strict=False)) if one != other), min(len(old), len(new)))
    behind = next(
        (at for at, (one, other) in enumerate(zip(reversed(old), reversed(new), strict=False)) if one != other),
        min(len(old), len(new)),
    )
    # One line is new, or one is changed; all before and all behind it stay.
    assert len(new) - len(old) in (0, 1)
    assert same + behind >= len(old) - (len(new) == len(old))


CELL = st.text(st.sampled_from("abX09 -_/:.,\"'=é服"), max_size=10)


@given(
    st.lists(st.tuples(CELL, st.sampled_from(["", "tool=x1", "tool=x1; tool=x2"])), min_size=1, max_size=4),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
    st.booleans(),
    st.data(),
)
def test_no_other_row_of_a_table_ever_changes(
    cells: list[tuple[str, str]], ending: str, closed: bool, quoted: bool, data: st.DataObject
) -> None:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator=ending, quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL)
    writer.writerow(["name", "title", "subjects", "unit"])
    for number, (title, subjects) in enumerate(cells):
        writer.writerow([f"n{number}", title, subjects, "u"])
    text = out.getvalue() if closed else out.getvalue().removesuffix(ending)
    index, subject = data.draw(st.integers(0, len(cells) - 1)), data.draw(WORD.filter(lambda word: ";" not in word))
    file = AssetsFile("assets.csv", text)
    file.append(index, "subjects", [{"source": "tool", "subject": subject}])
    old, new = text.split(ending), file.text().split(ending)
    assert [one for number, one in enumerate(old) if number != index + 1] == [
        one for number, one in enumerate(new) if number != index + 1
    ]


def test_a_file_that_cannot_be_edited_is_left_alone() -> None:
    text = "assets:\n- &a {name: a, subjects: &s [{source: t, subject: x}]}\n- {name: b, subjects: *s}\n"
    file = AssetsFile("assets.yaml", text)
    file.append(1, "subjects", [{"source": "t", "subject": "y"}])
    with pytest.raises(InputError, match="nothing was changed"):
        file.text()


def test_names_are_compared_without_capitals_and_domain() -> None:
    assert [
        without_domain(name) for name in ("SQL01.Corp.Example", "sql01", "10.0.0.11", "host:/srv/a.b", "i-1a.x", "3com.example.")
    ] == [
        "sql01",
        "sql01",
        "10.0.0.11",
        "host:/srv/a.b",
        "i-1a",
        "3com",
    ]
    names = Names({"a": ["10.0.0.11", "vc/vm-7"], "b": ["vc/vm-8"]}, [("s", "[vc/vm-8] disk", "b")])
    assert [(one.asset, one.how) for one in names.guesses("s", "10.0.0.11")[0]] == [("a", "name")]
    assert [(one.asset, one.how) for one in names.guesses("s", "[VC/vm-7] disk")[0]] == [("a", "pattern")]
    assert names.guesses("other", "[VC/vm-7] disk")[0][0].how == "similar"


def test_guesses_in_a_large_estate() -> None:
    known = {f"app-{number:05}-{'prod' if number % 3 else 'test'}": [f"app-{number:05}.corp.example"] for number in range(5000)}
    names = Names(known)
    for number in range(0, 1000, 10):
        guesses, _ = names.guesses("s", f"vm_app_{number * 5:05}_prd")
        assert 0 < len(guesses) <= 3
