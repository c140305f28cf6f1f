"""Who does not serve does not pay for it."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("fastapi", "openTSNE", "prometheus_client", "uvicorn")


def test_the_base_command_imports_nothing_of_the_server() -> None:
    script = (
        "import sys, relook\n"
        "from relook.cli import main\n"
        "main(['serve', '--help'])\n"
        f"sys.exit(', '.join(n for n in {HEAVY} if n in sys.modules))"
    )
    words = [sys.executable, "-c", script]
    ran = subprocess.run(words, check=False, capture_output=True, text=True)
    assert "Serve a collection" in ran.stdout
    assert ran.stderr.strip() == ""
