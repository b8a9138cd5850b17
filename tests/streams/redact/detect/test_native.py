from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from streams.redact.detect import native as module

PROGRAM = """
from streams.redact.detect.native import native

@native
def double(value):
    return 2 * value

print(double(21))
"""


def test_it_compiles_where_nothing_can_be_written(tmp_path):
    """A file stands in the place of each folder that the cache would go to: beside the code, in the home."""
    for part in ("streams", "streams/redact", "streams/redact/detect"):
        (tmp_path / part).mkdir()
        (tmp_path / part / "__init__.py").touch()
    shutil.copy(Path(module.__file__), tmp_path / "streams/redact/detect/native.py")
    (tmp_path / "program.py").write_text(PROGRAM)
    for name in ("__pycache__", "home"):
        (tmp_path / name).touch()
    done = subprocess.run(
        [sys.executable, "-B", str(tmp_path / "program.py")],
        env={
            "PYTHONPATH": str(tmp_path),
            "HOME": str(tmp_path / "home"),
            "XDG_CACHE_HOME": str(tmp_path / "home"),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stdout.strip() == "42", done.stderr
