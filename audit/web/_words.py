"""The words of the site: its own (`templates/web/wording`), and those that reports have already."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import g, request
from markupsafe import Markup, escape

from audit.content import Content
from audit.model.document import Name, Text
from audit.reporting.context import Context
from audit.reporting.formats import LOCALES, Formats
from audit.reporting.places import place
from audit.reporting.words import Words, plain
from audit.web._site import site

COOKIE = "language"


class SiteWords(Words):
    """Wordings of one language: the site's, else the reports'."""

    def __init__(self, content: Content, formats: Formats) -> None:
        super().__init__(content, formats)
        self._site_path = f"templates/web/wording/{self.language}.yaml"

    def _look_up(self, key: str) -> Any:
        found = self._content.yaml(self._site_path)
        for step in key.split("."):
            if not isinstance(found, Mapping) or step not in found:
                return super()._look_up(key)
            found = found[step]
        return found


def language() -> str:
    """Return the language of this request: chosen before, else what the browser asks for, else English."""
    chosen = request.cookies.get(COOKIE)
    if chosen in LOCALES:
        return str(chosen)
    return request.accept_languages.best_match([*LOCALES, "zh-CN", "zh-TW"], "en").partition("-")[0]


def words() -> SiteWords:
    """Return the words of this request, in the programme's time zone."""
    if "words" not in g:
        here = site()
        # They remember what they looked up, so they are kept from one request to the next.
        key = (language(), here.estate().timezone)
        if key not in here.words:
            here.words[key] = SiteWords(here.content, Formats(*key))
        g.words = here.words[key]
    found = g.words
    assert isinstance(found, SiteWords)
    return found


def context() -> Context:
    """Return what sections of reports are given, for the words of controls and promises."""
    if "context" not in g:
        here = words()
        g.context = Context(content=site().content, words=here, formats=here.formats, estate=site().estate())
    found = g.context
    assert isinstance(found, Context)
    return found


def named(name: object) -> Markup:
    """Return a name as HTML: it is the same in every language."""
    return Markup(f'<bdi translate="no">{escape(name)}</bdi>')  # noqa: S704 - escaped


def markup(text: Text) -> Markup:
    """Return a text as HTML, with names marked as such."""
    return Markup("").join(named(part.text) if isinstance(part, Name) else escape(part) for part in text)


def placed(locator: str | None) -> Markup:
    """Return a place in evidence as HTML, in the words of reports: `line 12`, `第12行`; nothing for no place."""
    return markup(place(locator or "", words()))


def say(key: str, **values: Any) -> Markup:
    """Return a wording as HTML."""
    return markup(words()(key, **values))


def say_plain(key: str, **values: Any) -> str:
    """Return a wording as plain text, for titles and attributes."""
    return plain(words()(key, **values))
