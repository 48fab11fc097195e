"""The laws of the house: each a test over the source itself."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from audit.discovery import modules

ROOT = Path(__file__).resolve().parents[2]
SOURCE = sorted((ROOT / "audit").rglob("*.py"))
IDS = [str(path.relative_to(ROOT)) for path in SOURCE]

# From the top down: a package may import from those to its right, and from itself.
LAYERS = [
    {"cli"},
    {"web", "schedule"},
    {"steps"},
    {"evaluation", "reporting"},
    {"connectors", "policy", "evidence", "catalog", "register"},
    {"adapters", "controls", "inventories", "simulation"},
    {"model"},
]
FOR_ALL = {"errors", "discovery", "settings", "content"}
"""Modules without a layer; only these names, and `model` may use nothing of them but errors."""
ONLY_IN = {
    "sqlalchemy": {"register"},
    "alembic": {"register"},
    "flask": {"web"},
    "requests": {"connectors"},
    "deltalake": {"catalog"},
    "click": {"cli"},
    "rich": {"cli"},
    "dask": {"evaluation"},
    "distributed": {"evaluation"},
}
FOLDERS_OF_PLUGINS = ["adapters", "connectors", "controls", "inventories"]
FOREIGN = {"controls": ("adapters/", "connectors/"), "adapters": ("connectors/",), "connectors": ("adapters/",)}
"""Adapters and connectors read the words of tools, and `encryption` is one of them: they know nothing of controls. A connector has the id of the tool that it fetches
from, and neither knows of the other."""
EVERYDAY = {"command", "folder"}
"""Ids of connectors that are words of everyday, and stand in code for what they mean there."""
EXPECTATIONS = {"simulation/truth.py"}
"""Says, as a test does, which control must find what. Nothing in the program reads it to choose a control."""

HOMONYMS = {
    "policy/kinds/baseline.py": {"baseline"},
    "inventories/netbox.py": {"location"},
    "simulation/borg.py": {"location"},
    "register/records/attestation.py": {"isolation"},
    "reporting/sections/policies.py": {"agreement"},
    "register/records/training.py": {"runbook"},
    "register/records/waiver.py": {"isolation"},
    "policy/kinds/runbooks.py": {"runbook"},
    "policy/kinds/vendors.py": {"vendor"},
    "steps/ingest.py": {"contradiction"},
    "reporting/sections/drill.py": {"runbook"},
    "steps/drills.py": {"runbook"},
    "cli/restorers.py": {"runbook"},
    "steps/restorers.py": {"runbook", "training"},
    "steps/vendors.py": {"vendor"},
}
"""Words that mean something else where they stand: a file of a programme, a kind of record, a key of Borg's JSON, an example in a help text."""


WORDS = {"evidence"}
"""Ids that are words of the design as well, and stand for what they mean there. Beside something that is a control they are an id all the same."""


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def layer(name: str) -> int | None:
    return next((number for number, names in enumerate(LAYERS) if name in names), None)


def package(path: Path) -> str:
    parts = path.relative_to(ROOT / "audit").parts
    return parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", SOURCE, ids=IDS)
def test_imports_point_one_way(path: Path) -> None:
    here = layer(package(path))
    for name in imports(path):
        parts = name.split(".")
        if parts[0] != "audit" or len(parts) < 2:
            continue
        there = layer(parts[1])
        if there is None:
            assert parts[1] in FOR_ALL | {"__version__"}, f"{name} has no layer"
            assert package(path) != "model" or parts[1] == "errors", f"model imports {name}"
        elif here is not None:
            assert there >= here, f"{name} lies above {package(path)}"


@pytest.mark.parametrize("path", SOURCE, ids=IDS)
def test_libraries_stay_in_their_place(path: Path) -> None:
    for name in imports(path):
        allowed = ONLY_IN.get(name.split(".")[0])
        assert allowed is None or package(path) in allowed, f"{name} in {package(path)}"


@pytest.mark.parametrize(
    "path",
    [path for path in SOURCE if package(path) not in {"cli", "web", "schedule"}],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_no_clock_below_the_doors(path: Path) -> None:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            assert node.func.attr not in {"now", "utcnow", "today"}, f"line {node.lineno} reads the clock"
            called = ast.unparse(node.func)
            assert called not in {"time.time", "time.time_ns"}, f"line {node.lineno} reads the clock"


@pytest.mark.parametrize(
    "path",
    [path for path in SOURCE if package(path) in {"model", "adapters", "controls", "inventories"}],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_pure_packages_touch_no_files(path: Path) -> None:
    for name in imports(path):
        assert name.split(".")[0] not in {"pathlib", "os", "socket", "subprocess", "tempfile", "shutil"}, (
            f"{name} in {package(path)}"
        )
    for node in ast.walk(tree(path)):
        assert not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"open", "print"}), (
            f"line {node.lineno}"
        )


@pytest.mark.parametrize("path", SOURCE, ids=IDS)
def test_no_file_beyond_400_lines(path: Path) -> None:
    # One file goes to auditors alone, with nothing beside it: it cannot be cut in two.
    most = 600 if path.name == "verify_evidence.py" else 400
    assert len(path.read_text(encoding="utf-8").splitlines()) <= most


def test_importing_opens_nothing() -> None:
    """Import every module in a process in which opening a file for writing, a socket or a subprocess is an error."""
    names = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for path in SOURCE
        if "migrations" not in path.parts
    ]
    program = (
        "import sys, importlib\n"
        "names = sys.argv[1:]\n"
        "def hook(event, args):\n"
        "    if event in ('socket.connect', 'subprocess.Popen', 'os.mkdir', 'sqlite3.connect') or (event == 'open' and args[1] and set(args[1]) & set('wax+')"
        " and not str(args[0]).endswith(('.pyc', '/dev/null')) and '.pyc.' not in str(args[0])):\n"
        "        raise SystemExit(f'{event} {args}')\n"
        "import polars, deltalake, sqlalchemy, pydantic\n"
        "sys.addaudithook(hook)\n"
        "for name in names: importlib.import_module(name)\n"
    )
    done = subprocess.run([sys.executable, "-B", "-c", program, *names], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr + done.stdout


@pytest.mark.parametrize("folder", FOLDERS_OF_PLUGINS)
def test_a_folder_is_its_own_registry(folder: str) -> None:
    """The id of a plug-in stands nowhere in code but in its own file."""
    ids = set(modules(f"audit.{folder}"))
    assert ids
    wrong = []
    for path in SOURCE:
        relative = str(path.relative_to(ROOT / "audit"))
        if relative.startswith((f"{folder}/", *FOREIGN.get(folder, ()))) or relative in EXPECTATIONS:
            continue
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Constant) and node.value in ids - HOMONYMS.get(relative, set()) - WORDS - EVERYDAY:
                wrong.append(f"{relative}:{node.lineno} {node.value}")
            if isinstance(node, ast.Compare) and "control" in (said := ast.unparse(node)):
                wrong += [f"{relative}:{node.lineno} {word}" for word in WORDS & ids if repr(word) in said]
    assert not wrong


def test_no_time_bombs_and_no_unfinished_work() -> None:
    words = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|NotImplemented" + r"Error)\b")
    for path in [*SOURCE, *sorted((ROOT / "tests").rglob("*.py")), *sorted((ROOT / "docs").glob("*.md"))]:
        assert not words.search(path.read_text(encoding="utf-8")), path


def test_no_paths_of_a_machine() -> None:
    listed = subprocess.run(["git", "ls-files"], capture_output=True, text=True, cwd=ROOT, check=True).stdout.splitlines()
    for name in listed:
        path = ROOT / name
        if name.startswith("tests/data/") or path.suffix in {".png", ".gz"} or not path.is_file():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        assert not re.search(r"/(work|root|home)/[a-z.]+/", text), name
