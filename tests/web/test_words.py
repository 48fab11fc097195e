import re

from audit.content import Content

PLURAL = {"one", "other"}


def leaves(value, path=""):
    if isinstance(value, dict) and not set(value) <= PLURAL:
        for key, inner in value.items():
            yield from leaves(inner, f"{path}.{key}")
    else:
        yield path, list(value.values()) if isinstance(value, dict) else [value]


def test_both_languages_have_the_same_keys_and_places():
    english, chinese = (dict(leaves(Content().yaml(f"templates/web/wording/{language}.yaml"))) for language in ("en", "zh"))
    assert english.keys() == chinese.keys()
    for key in english:
        places = [
            {place for text in texts for place in re.findall(r"\{(\w+)\}", str(text))} - {"n"}
            for texts in (english[key], chinese[key])
        ]
        assert places[0] == places[1], key
