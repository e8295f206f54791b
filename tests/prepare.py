"""Before the tests: a Chromium for the browser tests, where it is missing and can be installed.

Playwright's own download is not used: it needs more of the internet than a package registry.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

CHROMIUM = Path("/usr/bin/chromium")


def main() -> int:
    if CHROMIUM.exists():
        return 0
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        print(f"no {CHROMIUM}: install it (Debian: apt-get install chromium), or the browser tests")
        print("are skipped, which `make test` does not accept in CI")
        return 1 if os.environ.get("CI") else 0
    for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "chromium"]):
        done = subprocess.run(
            command,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            stdout=subprocess.DEVNULL,
            check=False,
        )
        if done.returncode:
            print(f"`{' '.join(command)}` failed with {done.returncode}", file=sys.stderr)
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
