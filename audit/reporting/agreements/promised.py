"""What a version promises, objective by objective, and for which assets."""

from __future__ import annotations

from audit.model.document import Block, Column, Name, Paragraph, Table, TextCell
from audit.reporting.agreements.reading import Reading
from audit.reporting.context import Context
from audit.reporting.promises import in_words


def promised(reading: Reading, context: Context) -> list[Block]:
    """Return each objective in plain words, beside what is written."""
    words, policy = context.words, reading.policy
    columns = (Column("words", words("policies.in-words")), Column("written", words("policies.as-written")))
    rows = tuple(
        (TextCell(said or words("policies.not-worded")), TextCell((Name(written),))) for written, said in in_words(policy, context)
    )
    blocks: list[Block] = [Paragraph(words("agreement.promises", zone=Name(policy.timezone)))]
    if policy.mode:
        blocks.append(Paragraph(words(f"agreement.modes.{policy.mode}")))
    return [*blocks, Table("promises", columns, rows, empty=words("agreement.promises-nothing"))]


def scope(reading: Reading, context: Context) -> list[Block]:
    """Return the assets that it is for, by unit."""
    words = context.words
    titles = context.estate.titles.get("asset", {})
    columns = (
        Column("unit", words("labels.unit")),
        Column("asset", words("labels.asset")),
        Column("title", words("agreement.called")),
        Column("data-class", words("asset-list.data_class")),
        Column("tier", words("asset-list.tier")),
    )
    rows = tuple(
        (
            TextCell(context.unit_title(row["unit"])),
            TextCell((Name(row["asset"]),)),
            TextCell(words.translated(titles.get(row["asset"]), "") if row["asset"] in titles else ()),
            TextCell((Name(row["data_class"]),)),
            TextCell((Name(row["tier"]),)),
        )
        for row in reading.parties.sort("unit", "asset").iter_rows(named=True)
    )
    about = words(
        "agreement.scope", n=len(rows), units=words.between("labels.comma", [context.unit_title(unit) for unit in reading.units])
    )
    return [*([Paragraph(about)] if rows else []), Table("parties", columns, rows, empty=words("agreement.for-nothing"), runs=1)]
