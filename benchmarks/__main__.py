"""All figures, one after the other, each beside a named alternative in the same run: `make bench`.

Each benchmark runs in a process of its own, so that peaks of memory are its own.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FIGURES = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith("_"))


def main() -> int:
    """Run every benchmark of this folder; 0 when all ended well."""
    failed = []
    for name in FIGURES:
        print(f"== {name}", flush=True)
        if subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode:
            failed.append(name)
    print("failed: " + ", ".join(failed) if failed else "all ran")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
