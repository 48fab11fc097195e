"""HTML: one file that needs nothing else: its style inside, no script, nothing fetched. Everything that is put in is escaped."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from audit.content import Content
from audit.model.document import Document, Name, State, Strip, Text, Timelines
from audit.model.envelope import time_text
from audit.reporting.charts import chart_globals
from audit.reporting.clocks import clocks
from audit.reporting.columns import arrange, breakable
from audit.reporting.formats import Formats
from audit.reporting.places import place
from audit.reporting.strips import COLUMNS, HEIGHT, Tick, paths, sample, ticks
from audit.reporting.words import Words, plain

MEDIA_TYPE = "text/html; charset=utf-8"
_FOLDER = "templates/report"
_NAME = Markup('<bdi translate="no">{}</bdi>')


def write(document: Document, content: Content) -> bytes:
    """Return the document as one UTF-8 HTML file."""
    return page(document, content).encode()


def style(content: Content, *, paper: bool = False) -> str:
    """Return the style of reports (CSS); `paper`: with the rules of printed pages."""
    return "\n".join(content.text(f"{_FOLDER}/{name}.css") for name in (["document", "print"] if paper else ["document"]))


def page(document: Document, content: Content, *, paper: bool = False) -> str:
    """Return the document as a page that holds all it needs, for the screen or, with running heads, for paper."""
    formats = Formats(document.language, document.zone, fine=False)
    words = Words(content, formats)
    environment = Environment(
        loader=FunctionLoader(lambda name: content.text(f"{_FOLDER}/{name}")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"text": _paper_text if paper else _text, "plain": plain}
    environment.globals |= {
        "formats": formats,
        "words": words,
        "place": lambda locator: place(locator, words),
        "zone": Name(document.zone),
        "exact": time_text,
        "samples": {state: sample(state, 44) for state in State},
        "columns": COLUMNS,
        "height": HEIGHT,
        "paths": lambda strip, block: paths(strip.stretches, block.since, block.until),
        "ticks": lambda block: _ticks(block, formats),
        "described": lambda strip: _described(strip, words),
        "paper": paper,
        "arrange": lambda block: arrange(block, words),
        "counted": lambda key: _counted(words, key),
        **chart_globals(words, formats),
        # Every word in a picture was escaped where it was put in.
        "clocks": lambda block: [Markup(svg) for svg in clocks(block, words, formats)],  # noqa: S704
        # The style is our own content, not a value of the report: the one thing that goes in as it is.
        "style": Markup(style(content, paper=paper)),  # noqa: S704
    }
    return environment.get_template("document.html.j2").render(document=document)


def _text(text: Text) -> Markup:
    """Return a text with its names marked as such: they are not translated, and do not disturb the direction of what is around
    them.
    """
    if len(text) == 1 and isinstance(text[0], str):  # most texts, and there are many
        return Markup.escape(text[0])
    return Markup("").join(_NAME.format(part.text) if isinstance(part, Name) else Markup.escape(part) for part in text)


def _paper_text(text: Text) -> Markup:
    """Return a text as `_text` does; a name says where a line may end in it."""
    return _text(tuple(Name(breakable(part.text)) if isinstance(part, Name) else part for part in text))


def _counted(words: Words, key: str) -> Markup:
    """Return a wording with places for the page's number and the number of pages, which only the printer knows."""
    text = str(Markup.escape(words.plain(key, page="\0", pages="\1")))
    return Markup(text.replace("\0", '<span class="page"></span>').replace("\1", '<span class="pages"></span>'))  # noqa: S704


def _ticks(block: Timelines, formats: Formats) -> list[Tick]:
    return ticks(block.since, block.until, formats)


def _described(strip: Strip, words: Words) -> Text:
    """Return in words what a strip shows: how often and how long each state but `met` held."""
    times: Counter[State] = Counter()
    lengths: Counter[State] = Counter()
    for stretch in strip.stretches:
        times[stretch.state] += 1
        lengths[stretch.state] += (stretch.until - stretch.since) // timedelta(microseconds=1)
    if set(times) == {State.MET}:
        return words("strip.met")
    told: list[Any] = []
    for state in reversed(State):
        if times[state] and state is not State.MET:
            length = words.formats.duration(lengths[state] / 1e6)
            told.extend(words("strip.state", state=words(f"states.{state}.word"), n=times[state], length=length))
    return tuple(told)
