import polars as pl
import pytest

from audit.web._lists import Column, csv_of, listed

FRAME = pl.DataFrame(
    {
        "asset": ["b", "a", "=1+1", "c", None],
        "verdict": ["met", "breached", "met", "unproven", "met"],
        "seconds": [1.0, 3.0, 2.0, None, 5.0],
    }
)
COLUMNS = (
    Column("asset", "labels.asset", search=True),
    Column("verdict", "labels.verdict", "verdict", choose=True),
    Column("seconds", "labels.length", "duration"),
)


def names(**query):
    found = listed("assets", FRAME, COLUMNS, {key: [str(value)] for key, value in query.items()})
    return [row["asset"] for row in found.rows]


def test_a_list_is_filtered_searched_and_sorted():
    assert names(verdict="met") == ["b", "=1+1", None]
    assert names(q="B") == ["b"]
    assert names(sort="-seconds") == [None, "a", "=1+1", "b", "c"]
    assert names(sort="seconds", verdict="met") == ["b", "=1+1", None]
    assert names(sort="no-such-column") == ["b", "a", "=1+1", "c", None]


def test_several_values_of_a_choice_are_one_of_them():
    found = listed("assets", FRAME, COLUMNS, {"verdict": ["breached", "unproven"]})
    assert [row["asset"] for row in found.rows] == ["a", "c"]
    assert [(choice.value, choice.count, choice.chosen) for choice in found.choices["verdict"]] == [
        ("met", 3, False), ("breached", 1, True), ("unproven", 1, True),
    ]  # fmt: skip


def test_pages_stay_within_the_list():
    frame = pl.DataFrame({"asset": [f"{number:03}" for number in range(130)], "verdict": ["met"] * 130, "seconds": [1.0] * 130})

    def page(number, size=50):
        return listed("assets", frame, COLUMNS, {"page": [str(number)], "size": [str(size)]})

    assert [row["asset"] for row in page(3).rows] == [f"{number:03}" for number in range(100, 130)]
    assert page(99).page == 3
    assert page(0).page == 1
    assert page("x").page == 1
    assert page("-5").page == 1
    assert page(1, 9_999_999).size == 100
    assert page("٣").pages == 3  # digits of other scripts are digits to Python, and no harm


@pytest.mark.parametrize(
    "query", [{"page": ["9" * 50]}, {"size": [""]}, {"sort": ["--seconds"]}, {"verdict": ["\x00"]}, {"q": ["\\(["]}]
)
def test_odd_queries_do_no_harm(query):
    listed("assets", FRAME, COLUMNS, query)


def test_urls_carry_filters_and_forget_the_page():
    found = listed(
        "assets", FRAME, COLUMNS, {"verdict": ["met"], "page": ["1"], "assessment": ["x y"], "evil": ["1"]}, fixed=["assessment"]
    )
    assert found.url(sort="-seconds") == "?assessment=x+y&sort=-seconds&verdict=met"
    assert found.url(verdict=None) == "?assessment=x+y"
    assert found.sort_url(COLUMNS[2]) == "?assessment=x+y&sort=-seconds&verdict=met"


def test_csv_has_every_row_left_and_no_formula():
    found = listed("assets", FRAME, COLUMNS, {"verdict": ["met"], "size": ["25"]})
    assert csv_of(found) == "asset,verdict,seconds\r\nb,met,1.0\r\n'=1+1,met,2.0\r\n,met,5.0\r\n"
