"""Every message key that the program can emit has its words in every language. The keys are read from the source, so that a new one is
missed here and not by a reader.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import audit.controls
from audit.content import Content
from audit.discovery import modules
from audit.evaluation.explain import DOUBTS
from audit.model.envelope import Envelope
from audit.model.estate import PolicyVersion
from audit.policy.kinds import assets, baseline, people, policy, programme, repositories, runbooks, sites, sources, units, vendors
from audit.policy.objectives import judged
from audit.register.acts import kinds
from audit.reporting.formats import LOCALES, Formats
from audit.reporting.words import Words

ROOT = Path(audit.controls.__file__).parents[1]
TREES = {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path in ROOT.rglob("*.py")}
NUMBERS_OF_NOTICES = {"key", "count"}
"""What a notice says in its own words."""


def constant(node: ast.AST) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def function(path: str, name: str) -> ast.FunctionDef:
    return next(node for node in ast.walk(TREES[path]) if isinstance(node, ast.FunctionDef) and node.name == name)


def notices() -> Iterator[dict[str, ast.AST]]:
    """Every `{"key": "...", ...}` of the steps and the evaluation."""
    for path, tree in TREES.items():
        if path.startswith(("steps/", "evaluation/")):
            for node in ast.walk(tree):
                if isinstance(node, ast.Dict) and all(key is not None and constant(key) for key in node.keys) and node.keys:
                    named = {constant(key): value for key, value in zip(node.keys, node.values, strict=True)}
                    if "key" in named and constant(named["key"]):
                        yield named


def reasons() -> set[str]:
    """Doubts, the literals of `reasons`, what results set by themselves, and what controls name."""
    found = set(DOUBTS)
    for node in ast.walk(function("evaluation/explain.py", "reasons")):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "lit"
            and constant(node.args[0])
        ):
            found.add(constant(node.args[0]))
    for node in ast.walk(function("evaluation/results.py", "_unproven")):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple) and isinstance(node.value, ast.Tuple):
            found |= {constant(node.value.elts[0])} - {None}
        if isinstance(node, ast.IfExp):
            found |= {constant(node.orelse)} - {None}
    for module in modules(audit.controls.__name__).values():
        found |= {getattr(module, name) for name in ("OTHERWISE", "UNKNOWN") if hasattr(module, name)}
    for path, tree in TREES.items():
        if path.startswith("controls/"):
            found |= {
                constant(word.value.args[0] if isinstance(word.value, ast.Call) else word.value)  # in itself, or as `pl.lit(...)`
                for node in ast.walk(tree)
                if isinstance(node, ast.Call)
                for word in node.keywords
                if word.arg == "reason"
            } - {None}
            found |= {word for node in ast.walk(tree) for word in keys_of_doubts(node)}
    return found


def keys_of_doubts(node: ast.AST) -> Iterator[str]:
    """What controls put into the column `key`: every `pl.lit("...")` of a keyword or a variable of that name."""
    named = isinstance(node, ast.keyword) and node.arg == "key"
    assigned = isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "key"
    for inner in ast.walk(node) if named or assigned else ():
        lit = isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute) and inner.func.attr == "lit"
        if lit and (said := constant(inner.args[0])):
            yield said


def roles() -> set[str]:
    """What controls call the points they name: `pl.lit("...").alias("role")` and `role=pl.lit("...")`."""
    found = set()
    for path, tree in TREES.items():
        for node in ast.walk(tree) if path.startswith("controls/") else ():
            if not isinstance(node, ast.Call):
                continue
            literal = [word.value for word in node.keywords if word.arg == "role"]
            if isinstance(node.func, ast.Attribute) and node.func.attr == "alias" and constant(node.args[0]) == "role":
                literal.append(node.func.value)
            found |= {constant(call.args[0]) for call in literal if isinstance(call, ast.Call)} - {None}
    return found


def details() -> set[str]:
    """The keys of details that results write, and of what notices list; and the instants, exposures and numbers of points that controls tell."""
    found = {key for notice in notices() for key in notice if key not in NUMBERS_OF_NOTICES}
    for path, tree in TREES.items():
        if path.startswith("controls/"):
            found |= {
                node.arg
                for node in ast.walk(tree)
                if isinstance(node, ast.keyword)
                and ((node.arg or "").endswith(("_at", "_seconds", "_severity")) or (node.arg or "").startswith("at_risk"))
            }
    for path, name in (
        ("results.py", "_worst"),
        ("results.py", "_breaches"),
        ("results.py", "_missing"),
        ("results.py", "_unproven"),
        ("assess.py", "_expected"),
    ):
        for node in ast.walk(function(f"evaluation/{path}", name)):
            if isinstance(node, ast.Dict):
                found |= {constant(key) for key in node.keys if key is not None} - {None}
    return found


def test_the_scan_sees_what_is_there():
    assert {
        "no-evidence",
        "unseen",
        "no-listing-after",
        "presence",
        "mixed",
        "undeclared",
        "no-restore-test",
        "run-open",
        "method",
        "capture-time",
        "run-running",
        "run-untold",
        "unlogged",
        "no-schedule",
        "no-run",
    } <= reasons()
    assert {
        "newest",
        "overdue",
        "lost",
        "damaged",
        "unchecked",
        "unencrypted",
        "unlocked",
        "together",
        "misplaced",
        "last",
        "next",
        "small",
        "failed",
        "slow",
    } == roles()
    assert {"simulated", "orphans", "conflicting-points", "policies-reach-back"} <= {
        constant(notice["key"]) for notice in notices()
    }
    assert {
        "sources",
        "repositories",
        "reasons",
        "exposure_seconds",
        "worst_exposure_seconds",
        "policies",
        "points",
        "due_at",
        "at_risk_points",
        "at_risk_buckets",
        "at_risk_from_at",
    } <= details()


@pytest.fixture(params=sorted(LOCALES))
def words(request):
    return Words(Content(), Formats(request.param, "UTC"))


def test_every_reason_and_what_would_settle_it_has_words(words):
    assert [
        key for reason in sorted(reasons()) for what in ("text", "remedy") if (key := f"reasons.{reason}.{what}") not in words
    ] == []


def test_every_notice_has_words(words):
    assert [key for notice in notices() if (key := f"notices.{constant(notice['key'])}") not in words] == []


def test_every_detail_has_words(words):
    told_apart = {"reasons"}  # said as sentences, not as a list of keys
    assert [key for key in sorted(details() - told_apart) if f"detail.{key}" not in words] == []


def test_every_role_of_a_point_has_a_sentence(words):
    assert [role for role in sorted(roles()) if f"causes.roles.{role}" not in words] == []


def test_every_objective_that_is_judged_is_said_in_plain_words(words):
    assert {"new_asset_grace", "accept_partial"} <= set(PolicyVersion.__dataclass_fields__)
    assert [
        key for key in (*judged(), "new_asset_grace", "accept_partial") if not isinstance(words.find(f"objectives.{key}"), list)
    ] == []


def test_everything_that_can_be_declared_has_a_noun(words):
    kinds = (assets, baseline, people, policy, programme, repositories, runbooks, sites, sources, units, vendors)
    nouns = {value.NOUN for kind in kinds for value in vars(kind).values() if isinstance(value, type) and "NOUN" in vars(value)}
    assert len(nouns) >= 15
    assert [noun for noun in sorted(nouns) if f"nouns.{noun}" not in words] == []


def test_every_way_evidence_comes_has_words(words):
    assert Envelope.__doc__ is not None
    for method in ("upload", "pull", "push", "drop-folder"):
        assert f"`{method}`" in Envelope.__doc__
        assert f"methods.{method}" in words


def test_every_kind_of_record_that_can_show_a_breach_has_words_for_it(words):
    for kind in kinds().keys() - {"waiver", "delegation", "request", "review"}:  # no control judges by them
        assert f"causes.records.{kind}" in words
