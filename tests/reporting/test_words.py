import re

import pytest

import audit.controls
from audit.content import Content, ContentError
from audit.discovery import modules
from audit.model.document import Name, State
from audit.model.verdicts import Verdict
from audit.reporting.formats import LOCALES, Formats
from audit.reporting.words import PLACE, Words, joined

REASONS = (
    "no-evidence",
    "no-listing-after",
    "unseen",
    "presence",
    "job-only",
    "integrity",
    "chain",
    "undeclared",
    "no-restore-test",
    "mixed",
)
PLURAL = {"one", "other", "few", "many", "two", "zero"}


def words(language, content=None):
    return Words(content or Content(), Formats(language, "UTC"))


CONDITIONS = {"when", "unless"}
"""Keys whose value names a field of an objective, and is no wording."""


def leaves(value, path=""):
    """Every wording with its key; plural forms are one wording."""
    if isinstance(value, dict) and not set(value) <= PLURAL:
        for key, inner in value.items():
            if key not in CONDITIONS:
                yield from leaves(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from leaves(inner, f"{path}[{index}]")
    else:
        yield path, list(value.values()) if isinstance(value, dict) else [value]


def wordings(language):
    return dict(leaves(Content().yaml(f"reports/wording/{language}.yaml")))


COUNTS = {"n", "item", "whole"}
"""Numbers that a language may tell in words, count from another end, or leave out."""


def test_both_languages_have_the_same_keys_and_the_same_places():
    english, chinese = wordings("en"), wordings("zh")
    assert english.keys() == chinese.keys()
    for key in english:
        asked = [{place for text in texts for place in PLACE.findall(text)} - COUNTS for texts in (english[key], chinese[key])]
        assert asked[0] == asked[1], key


@pytest.mark.parametrize("language", sorted(LOCALES))
def test_every_message_key_has_its_words(language):
    found = words(language)
    for reason in REASONS:
        assert found.plain(f"reasons.{reason}.text")
        assert found.plain(f"reasons.{reason}.remedy")
    for verdict in Verdict:
        assert found.plain(f"verdicts.{verdict}")
        assert found.plain(f"method.verdicts.{verdict}")
    for state in State:
        assert found.plain(f"states.{state}.word")


@pytest.mark.parametrize("language", sorted(LOCALES))
@pytest.mark.parametrize("control", sorted(modules(audit.controls.__name__)))
def test_every_control_is_explained_in_both_languages(control, language):
    said = Content().yaml(f"policies/controls/{control}.yaml")
    assert all(said[what][language].strip() for what in ("title", "means", "rationale", "remedy"))
    assert all(leg[language] for leg in said.get("legs", {}).values())


def test_every_control_has_a_file_and_those_without_a_module_only_say_what_they_are():
    there = set(modules(audit.controls.__name__))
    named = set(Content().names("policies/controls", ".yaml"))
    assert there <= named
    for control in named - there:
        assert set(Content().yaml(f"policies/controls/{control}.yaml")) == {"title", "kind", "means"}, control


def test_chinese_wordings_are_chinese_with_its_punctuation():
    for key, texts in wordings("zh").items():
        for text in texts:
            # Units of measure are written with their symbols in Chinese as well.
            bare = re.sub(PLACE.pattern + "|`[^`]*`|GiB", "", text)
            assert not re.search(r"[A-Za-z]", bare), key
            assert not re.search(r"[,;:!?()]|\.$", bare), key
            assert not re.search(r"[\u4e00-\u9fff] | [\u4e00-\u9fff]", bare), key


def test_the_plural_follows_the_language(content):
    assert words("en").plain("summary.units", n=1) == "one business unit"
    assert words("en").plain("summary.units", n=2) == "2 business units"
    assert words("zh").plain("summary.units", n=1) == "1个业务部门"


def test_names_stay_names_in_a_sentence():
    assert words("en").names(("a", "b", "c")) == (Name("a"), ", ", Name("b"), " and ", Name("c"))
    assert words("zh").names(("a", "b", "c")) == (Name("a"), "、", Name("b"), "和", Name("c"))
    assert words("en").names(()) == ()
    assert joined("a", "b", Name("c"), "", "d") == ("ab", Name("c"), "d")


def test_a_value_is_never_read_as_a_wording():
    said = words("en").fill("in {where}, `x`", "k", where=Name("{n} `y`"))
    assert said == ("in ", Name("{n} `y`"), ", ", Name("x"))


def test_a_wording_that_is_missing_or_asks_for_too_much_is_named():
    with pytest.raises(ContentError, match=r"en\.yaml has no wording for summary.nowhere"):
        words("en")("summary.nowhere")
    with pytest.raises(ContentError, match=r"asks for \{asset\}, which nothing fills"):
        words("en").fill("of {asset}", "k")


def test_a_deployment_words_its_own_reports(tmp_path):
    own = tmp_path / "reports" / "wording"
    own.mkdir(parents=True)
    (own / "en.yaml").write_text("summary: {nothing: Nix.}\n", encoding="utf-8")
    assert words("en", Content(tmp_path)).plain("summary.nothing") == "Nix."
