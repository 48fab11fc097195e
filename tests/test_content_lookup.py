import pytest

from audit.content import Content, ContentError


def test_the_programs_own_content_is_found():
    assert "sections:" in Content().text("reports/annual-review.yaml")
    assert "annual-review" in Content().names("reports", ".yaml")


def test_a_deployments_own_file_comes_first_and_the_others_stay(tmp_path):
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "annual-review.yaml").write_text("title: {en: Ours}\n", encoding="utf-8")
    (tmp_path / "reports" / "ours.yaml").write_text("title: {en: Only ours}\n", encoding="utf-8")
    content = Content(tmp_path)
    assert content.yaml("reports/annual-review.yaml") == {"title": {"en": "Ours"}}
    assert content.names("reports", ".yaml") == ["annual-review", "assessment", "costs", "drill", "drills", "framework", "ours"]
    assert "<html" in content.text("templates/report/document.html.j2")


@pytest.mark.parametrize(
    "path", ["../pyproject.toml", "reports/../pyproject.toml", "/etc/passwd", "audit/content.py", "reports//x", ""]
)
def test_nothing_outside_the_content_folders_is_read(path):
    with pytest.raises(ContentError, match="is not a path of content"):
        Content().text(path)


def test_a_missing_file_a_missing_folder_and_broken_yaml_are_named(tmp_path):
    with pytest.raises(ContentError, match=r"no content file reports/nothing\.yaml"):
        Content().text("reports/nothing.yaml")
    with pytest.raises(ContentError, match="is not a folder"):
        Content(tmp_path / "gone").text("reports/annual-review.yaml")
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "bad.yaml").write_text("a: 1\nb: [\n", encoding="utf-8")
    (tmp_path / "reports" / "gbk.yaml").write_bytes("题".encode("gbk"))
    with pytest.raises(ContentError, match=r"reports/bad\.yaml is not YAML") as caught:
        Content(tmp_path).yaml("reports/bad.yaml")
    assert caught.value.faults[0].locator == "line 3"
    with pytest.raises(ContentError, match=r"reports/gbk\.yaml is not UTF-8"):
        Content(tmp_path).yaml("reports/gbk.yaml")
