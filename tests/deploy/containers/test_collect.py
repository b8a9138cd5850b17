from __future__ import annotations

import sys
from pathlib import Path

from deploy.containers.collect import named_by, settle

LDD = """\
\tlinux-vdso.so.1 (0x00007ffd5a9f2000)
\tlibssl.so.3 => /lib/x86_64-linux-gnu/libssl.so.3 (0x00007f0f4a2b5000)
\tlibgone.so.1 => not found
\t/lib64/ld-linux-x86-64.so.2 (0x00007f0f4a3f5000)
"""


def test_the_loader_and_what_it_finds_are_taken() -> None:
    assert list(named_by(LDD)) == [
        Path("/lib/x86_64-linux-gnu/libssl.so.3"),
        Path("/lib64/ld-linux-x86-64.so.2"),
    ]


def test_what_is_no_program_names_nothing() -> None:
    assert list(named_by("\tnot a dynamic executable\n")) == []


def test_files_are_of_one_time_and_nobody_s_to_write_but_root_s(tmp_path: Path) -> None:
    program, text = tmp_path / "bin" / "veil", tmp_path / "etc" / "passwd"
    for file, mode in ((program, 0o700), (text, 0o666)):
        file.parent.mkdir()
        file.write_text("")
        file.chmod(mode)
    (tmp_path / "link").symlink_to("nowhere")
    (tmp_path / "tmp").mkdir()
    settle(tmp_path, 1_700_000_000)
    assert (program.stat().st_mode & 0o7777, text.stat().st_mode & 0o7777) == (0o755, 0o644)
    assert (tmp_path / "tmp").stat().st_mode & 0o7777 == 0o1777
    assert {place.lstat().st_mtime for place in tmp_path.rglob("*")} == {1_700_000_000}


def test_it_runs_on_what_a_base_has() -> None:
    """In the build stage there is no package yet."""
    import deploy.containers.collect as module  # noqa: PLC0415

    lines = Path(module.__file__).read_text().splitlines()
    imported = {line.split()[1].partition(".")[0] for line in lines if line.startswith(("import ", "from "))}
    assert imported <= sys.stdlib_module_names | {"__future__"}
