import pytest

from audit.content import Content
from audit.model.document import EvidenceCell, Name
from audit.model.verdicts import EvidenceRef
from audit.reporting.columns import shown
from audit.reporting.formats import Formats
from audit.reporting.places import place
from audit.reporting.words import Words, plain
from audit.reporting.writers._cells import Cells


def words(language):
    return Words(Content(), Formats(language, "Asia/Shanghai"))


@pytest.mark.parametrize(
    ("locator", "english", "chinese"),
    [
        ("line 1217", "line 1217", "第1217行"),
        ("row 7", "row 7", "第7行"),
        ("cell B7", "cell B7", "cell B7"),
        ("envelope", "envelope", "随附信息"),
        ("/40", "/40", "第41项（/40）"),
        ("/3/time", "/3/time", "第4项（/3/time）"),
        ("/archives/3", "/archives/3", "/archives/3"),
        ("", "", ""),
    ],
)
def test_a_place_in_evidence_is_told_in_the_language_of_the_report(locator, english, chinese):
    assert plain(place(locator, words("en"))) == english
    assert plain(place(locator, words("zh"))) == chinese


def test_what_a_payload_calls_its_places_stays_a_name():
    assert place('/0/"><img>', words("zh")) == ("第1项（", Name('/0/"><img>'), "）")
    assert place("lines 3", words("zh")) == (Name("lines 3"),)


@pytest.mark.parametrize(("language", "told"), [("en", "line 3"), ("zh", "第3行")])
def test_print_and_workbook_tell_places_in_the_same_words(language, told):
    cell = EvidenceCell((EvidenceRef(12, "9f86d081" * 8, "line 3"),))
    assert shown(cell, words(language)).endswith(f" {told}")
    assert str(Cells(words(language), {}).value(cell).value).endswith(f" · {told}")
