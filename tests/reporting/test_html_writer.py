import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser

import polars as pl
import pytest

from audit.content import Content
from audit.model.assessment import Assessment, Coverage
from audit.model.verdicts import Breach, EvidenceRef, Result, Verdict
from audit.reporting.writers.html import write

VOID = {"meta", "br", "path", "rect", "circle", "use"}
KNOWN_LATIN = {"RPO"}


class Page(HTMLParser):
    """Reads a page: its tags, its text outside of names, and whether every element is closed."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.tags, self.attributes, self.texts, self.spoken, self.refs = [], [], [], [], []
        self._open = []
        self.feed(page.decode())
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self._open.append((tag, dict(attrs)))

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self._open.pop()[0] == tag

    def handle_data(self, data):
        inside = [tag for tag, _ in self._open]
        if any(attrs.get("class") == "ref" for _, attrs in self._open):
            self.refs.append(data)  # names and all
        if "style" in inside:
            return
        if inside and inside[-1] in ("title", "desc"):
            self.spoken.append(data)  # plain text, in which names cannot be marked
        elif not any(attrs.get("translate") == "no" for _, attrs in self._open):
            self.texts.append(data)


@pytest.fixture
def page(review, content):
    return lambda language="en", **changes: write(review(language, **changes), content)


def test_a_subject_that_is_a_script_is_inert(page):
    for language in ("en", "zh"):
        found = Page(page(language))
        assert {"script", "img", "iframe", "link", "object"}.isdisjoint(found.tags)
        assert not any(name.startswith("on") for name, _ in found.attributes)
        text = page(language).decode()
        assert "<script" not in text
        assert "<img" not in text
        assert "&lt;script&gt;alert(&#34;x&#34;)&lt;/script&gt;" in text
        assert "/0/&#34;&gt;&lt;img src=x&gt;" in text


def test_nothing_is_fetched(page):
    text = page().decode()
    assert "default-src &#39;none&#39;" in text or "default-src 'none'" in text
    found = Page(page())
    assert not any(name in ("src", "srcset", "action") for name, _ in found.attributes)
    assert all(value.startswith("#") for name, value in found.attributes if name in ("href", "xlink:href"))
    assert not re.search(r"https?://|@import|url\((?!#)", text)


def test_every_reference_inside_the_page_has_its_place(page):
    found = Page(page())
    places = [value for name, value in found.attributes if name == "id"]
    assert len(places) == len(set(places))
    asked = {value[1:] for name, value in found.attributes if name == "href"}
    assert asked <= set(places)
    assert {"entry-12", "entry-31", "summary", "method"} <= asked


def test_no_english_is_left_in_the_chinese_report_but_names(page):
    found = Page(page("zh"))
    for text in found.texts:
        assert set(re.findall(r"[A-Za-z]+", text)) <= KNOWN_LATIN, text
    names = re.compile(r"shard-2|audit-log|call-records|config|org-chart")
    for text in found.spoken:
        assert set(re.findall(r"[A-Za-z]+", names.sub("", text))) <= KNOWN_LATIN, text
    refs = " ".join(found.refs)
    assert "第3行" in refs
    assert "第1项（" in refs
    assert not re.search(r"\b(line|envelope|entry)\b", refs)
    labels = [value for name, value in found.attributes if name in ("aria-label", "title", "alt")]
    assert labels
    for text in labels:
        assert set(re.findall(r"[A-Za-z]+", text)) <= KNOWN_LATIN, text
    assert 'lang="zh-Hans"' in page("zh").decode()


def test_chinese_text_has_its_own_punctuation(page):
    for text in Page(page("zh")).texts:
        assert not re.search(r"[\u4e00-\u9fff][,;:!?()]|[,;:!?()][\u4e00-\u9fff]", text), text


def test_no_chinese_is_left_in_the_english_report(page):
    assert not re.search(r"[\u4e00-\u9fff]", "".join(Page(page("en")).texts))


def test_breached_and_unproven_are_seen_and_heard(page):
    text = page().decode()
    strip = next(found for found in text.split("<svg") if "<title>Copies (3-2-1): in another city: Breached</title>" in found)
    assert re.search(r'<path class="s-breached" d="M6[0-3] 0h1v20h-1z"/>', strip)
    assert "<desc>Breached: once, 5\N{NO-BREAK SPACE}mins.</desc>" in strip
    met = next(found for found in text.split("<svg") if "<title>Copies (3-2-1): different media: Met</title>" in found)
    assert "<desc>Met throughout.</desc>" in met
    assert 's-breached"' not in met


def test_unproven_is_never_shown_as_met(page, assessment):
    unproven = next(one for one in assessment.results if one.leg == "immutable")
    whole = replace(unproven.unproven[0], since=assessment.since, until=assessment.until)
    shares = dict.fromkeys(("met", "breached", "waived", "grace"), 0.0) | {"unproven": 1.0}
    text = page(
        assessment=replace(assessment, results=(replace(unproven, unproven=(whole,), shares=shares),), notices=(), faults=())
    ).decode()
    strips = [found for found in text.split("<svg") if 'class="strip"' in found]
    assert len(strips) == 1
    assert 'class="s-unproven" d="M0 1h720v18h-720z"' in strips[0]
    assert 's-met"' not in strips[0]
    assert "0% met, up to 100%" in text


def test_the_same_document_gives_the_same_bytes(page):
    assert page() == page()


def test_a_deployment_may_bring_its_own_style(review, tmp_path):
    own = tmp_path / "templates" / "report"
    own.mkdir(parents=True)
    (own / "document.css").write_text("body { color: teal }", encoding="utf-8")
    text = write(review(), Content(tmp_path)).decode()
    assert "color: teal" in text
    assert "--breached" not in text


def many(assessment: Assessment, assets: int, breaches: int) -> Assessment:
    """`assets` assets with five promises each; the first tenth with breaches in one of them."""
    length = (assessment.until - assessment.since).total_seconds()
    kept = {"met": 1.0, "breached": 0.0, "waived": 0.0, "unproven": 0.0, "grace": 0.0}
    results = []
    for number in range(assets):
        name = f"asset-{number:04}"
        for control, leg in (
            ("recovery-point", None),
            ("copies", "count"),
            ("copies", "media"),
            ("copies", "offsite"),
            ("retention-minimum", None),
        ):
            found = ()
            if number < assets // 10 and control == "recovery-point":
                starts = [assessment.since + timedelta(hours=n * 8700 / breaches) for n in range(breaches)]
                ref = EvidenceRef(12, "9f86d081" * 8, "line 3")
                found = tuple(
                    Breach(start, start + timedelta(minutes=20), {"exposure_seconds": 4800.0}, (ref, ref)) for start in starts
                )
            lost = sum(1200 for _ in found) / length
            verdict = Verdict.BREACHED if found else Verdict.MET
            results.append(
                Result(
                    name,
                    "platform",
                    "core-messages",
                    3,
                    None,
                    control,
                    leg,
                    verdict,
                    kept | {"met": 1 - lost, "breached": lost},
                    length,
                    found,
                )
            )
    return replace(assessment, results=tuple(results), coverage=Coverage(assets, assets, assets, assets, 0, {"restorable": ()}))


@pytest.mark.heavy
def test_two_thousand_assets_with_four_thousand_breaches_fit_a_mail(page, assessment):
    size = len(page(assessment=many(assessment, 2000, 20)))
    assert size < 5_000_000


def test_thousands_of_breaches_of_one_asset_stay_one_small_strip(page, assessment):
    small = many(assessment, 10, 2000)
    text = page(assessment=small).decode()
    strips = [found.split("</svg>")[0] for found in text.split("<svg") if "<desc>Breached: 2,000 times" in found]
    assert [len(strip) < 20_000 for strip in strips] == [True]


def test_an_estate_that_does_not_know_an_asset_still_makes_a_page(page, estate):
    text = page(
        estate=replace(estate, segments=estate.segments.clear(), policies=(), sources={}), payloads=None, quarantine=pl.DataFrame()
    ).decode()
    assert "No policy version was in force." in text
    assert "The sources were not given to this report." in text
