"""Several files of one assessment: each has the format of its suffix, and is what it is when written alone."""

import json

import pytest

from tests.cli.session import Session

PERIOD = ("--from", "2026-11-01", "--to", "2026-11-02")


@pytest.fixture(scope="module")
def session(tmp_path_factory) -> Session:
    """A data folder with a programme of one asset, of which there is no evidence."""
    folder = tmp_path_factory.mktemp("files")
    programme = folder / "programme"
    programme.mkdir()
    files = {
        "programme.yaml": {"timezone": "Asia/Shanghai"},
        "units.yaml": {"units": [{"name": "ops", "title": {"en": "Operations", "zh": "运维"}}]},
        "sites.yaml": {"sites": [{"name": "dc1", "city": "Shanghai", "country": "CN"}]},
        "assets.yaml": {
            "assets": [
                {"name": "db", "unit": "ops", "data_class": "files", "tier": "core", "site": "dc1", "medium": "disk", "in_service": "2026-01-01"}
            ]
        },
    }  # fmt: skip
    for name, values in files.items():
        (programme / name).write_text(json.dumps(values, ensure_ascii=False), encoding="utf-8")
    session = Session(folder / "data")
    session.fine("init", "--organisation", "Example")
    session.fine("apply", programme)
    return session


def test_one_run_writes_each_file_in_the_format_of_its_suffix(session, tmp_path):
    names = ("a.json", "a.xlsx", "a.csv", "a.txt")
    together, alone = tmp_path / "together", tmp_path / "alone"
    together.mkdir()
    alone.mkdir()
    done = session("assess", *PERIOD, *(part for name in names for part in ("-o", together / name)))
    assert [line.rpartition(" ")[2] for line in done.out.splitlines()] == [str(together / name) for name in names]
    for name, fmt in zip(names, ("json", "xlsx", "csv", "table"), strict=True):
        session("assess", *PERIOD, "--format", fmt, "-o", alone / name)
        assert (together / name).read_bytes() == (alone / name).read_bytes()


def test_a_format_is_of_one_file(session, tmp_path):
    done = session("assess", *PERIOD, "--format", "json", "-o", tmp_path / "a.json", "-o", tmp_path / "b.json")
    assert done.code == 2
    assert "--format is of one file" in done.err
    assert not list(tmp_path.iterdir())
    assert "a suffix says the format" in session("assess", *PERIOD, "-o", tmp_path / "a.foo").err
    assert not list(tmp_path.iterdir())
    assert "name it with -o FILE.xlsx" in session("assess", *PERIOD, "--format", "xlsx").err
