"""What `veil status` shows of a picture, in terminals of some widths and where there is none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from deploy.cli.app import main
from deploy.supervise.restarts import Phase
from deploy.supervise.state import ProcessStatus, write_state
from deploy.up import picture
from deploy.up.figures import Figures, Leaks
from deploy.up.picture import Picture, Seen

KAFKA = Seen("kafka", "part", "running", "running", "", 4711, 0, 321 * 1024 * 1024, "kafka.log")
REDACT = Seen(
    "redact.letters.0", "process", "running", "working", "", 4712, 3, 98 * 1024 * 1024, "redact.log",
    "http://127.0.0.1:30137/healthz", None, Figures(12.5, 2, transactions=1234, vault_s=0.0034),
)  # fmt: skip
TASKS = {"available": 7, "leased": 2, "awaiting": 4, "parked": 0}
LEAKS = {"clinic@3": Leaks(0.0123, 1500, 300)}
LABEL = Seen(
    "label.letters.0", "process", "running", "working", "", 4713, 0, 98 * 1024 * 1024, "label.log", None, None,
    Figures(0.1, 0, TASKS, LEAKS, lease_s=0.0091, submit_s=1.5),
)  # fmt: skip
WATCH = Seen(
    "watch.platform.0", "process", "running", "working", "", 4714, 0, 98 * 1024 * 1024, "watch.log", None, None,
    Figures(redacted={"letters, clinic": 0.0617}),
)  # fmt: skip
OPENER = Seen(
    "opener.letters.0", "process", "running", "working", "", 4715, 0, 98 * 1024 * 1024, "opener.log", None, None,
    Figures(texts_in_clear=1204),
)  # fmt: skip


@pytest.fixture
def shown(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(picture, "look", lambda root: Picture(root, 1, (KAFKA, REDACT)))
    monkeypatch.setattr("sys.argv", ["veil", "status", "--root", str(tmp_path)])

    def run(width: int | None) -> list[str]:
        monkeypatch.delenv("COLUMNS", raising=False)
        if width is not None:
            monkeypatch.setenv("COLUMNS", str(width))
        with pytest.raises(SystemExit) as ended:
            main()
        assert not ended.value.code
        return capsys.readouterr().out.splitlines()

    return run


def test_where_no_terminal_is_nothing_is_left_out_or_cut(shown):
    head, _, columns, kafka, redact = shown(None)
    names = "name says behind transactions setbacks vault p95 restarts MiB pid address"
    redacts = f"● redact.letters.0 working 12.5 s 1,234 2 3 ms 3 98 4712 {REDACT.health_url}"
    assert columns.split() == names.split()
    assert kafka.split() == ["●", "kafka", "running", "–", "–", "–", "–", "0", "321", "4711"]
    assert redact.split() == redacts.split()
    assert head.startswith("Everything works (419 MiB in 2 processes)")


@pytest.mark.parametrize(
    ("width", "columns"),
    [
        (120, "name says behind transactions setbacks vault p95 restarts MiB address"),
        (100, "name says behind setbacks restarts MiB address"),
        (80, "name says behind setbacks address"),
        (40, "name says behind"),
    ],
)
def test_a_narrow_terminal_shows_less_and_what_it_shows_whole(shown, width, columns):
    lines = shown(width)
    assert any(line.split() == columns.split() for line in lines)
    (redact,) = (line for line in lines if "redact" in line)
    assert redact.split()[:3] == ["●", "redact.letters.0", "working"]
    assert ("address" in columns) == (REDACT.health_url in redact)
    assert all(len(line) <= width for line in lines)


def test_numbers_stand_below_one_another(shown):
    _, _, columns, kafka, redact = shown(None)
    assert columns.index("MiB") + 3 == kafka.index("321") + 3 == redact.index(" 98 ") + 3


@pytest.mark.parametrize("parts", [(), (KAFKA,)])
def test_while_nothing_runs_but_parts_nothing_works(shown, monkeypatch, capsys, parts):
    monkeypatch.setattr(picture, "look", lambda root: Picture(Path(root), 1, parts))
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert capsys.readouterr().out.startswith("No process runs yet")


def test_below_the_table_is_how_people_wait_and_what_is_hidden(shown, monkeypatch):
    monkeypatch.setattr(picture, "look", lambda root: Picture(root, 1, (OPENER, LABEL, WATCH)))
    assert shown(100)[-5:] == [
        "opener.letters.0: 1,204 texts lie in clear for other queues",
        "label.letters.0: open tasks: 7 can be leased, 2 leased, 4 await a verdict",
        "label.letters.0: p95 of answers since it began: to a lease 9 ms, to a label 1.5 s",
        "label.letters.0: at most 1.23% of values exposed (95 %, of 1,500 known ones), by policy clinic@3",
        "watch.platform.0: 6.2% of characters redacted in its last full hour: letters, clinic",
    ]


def test_what_too_few_values_were_counted_for_is_not_told_as_a_share(shown, monkeypatch):
    few = replace(LABEL, figures=Figures(leaks={"clinic@3": Leaks(1.0, 0, 300)}))
    monkeypatch.setattr(picture, "look", lambda root: Picture(root, 1, (few,)))
    assert shown(100)[-1] == (
        "label.letters.0: 0 known values counted of the 300 that say what is exposed, by policy clinic@3"
    )


def test_who_waits_for_people_is_named_at_the_top(shown, monkeypatch):
    why = "frozen by otto: raw records wait until two people sign `veil contain resume`"
    frozen = replace(REDACT, why=why, figures=Figures(stands=True))
    monkeypatch.setattr(picture, "look", lambda root: Picture(root, 1, (KAFKA, frozen)))
    assert shown(100)[0].startswith("Everything works, but people have to act: redact.letters.0 (419 MiB")


def test_what_a_process_says_of_itself_steers_no_terminal(shown, monkeypatch, capsys):
    """One that was taken over says there what it likes."""
    figures = Figures(leaks={"\x1b[2Jclinic@3": LEAKS["clinic@3"]}, redacted={"letters, \x1b[2Jclinic": 0.5})
    taken_over = replace(REDACT, condition="work\x1bing", why="\x1b]0;all well\x07", figures=figures)
    monkeypatch.setattr(picture, "look", lambda root: Picture(root, 1, (taken_over,)))
    with pytest.raises(SystemExit):
        main()
    said = capsys.readouterr().out
    assert "all well" in said
    assert said.count("clinic") == 2
    assert not {"\x1b", "\x07"} & set(said)


def test_a_project_that_was_not_started_is_named(shown, monkeypatch):
    monkeypatch.setattr(picture, "look", lambda root: Picture(root, 1, (KAFKA, REDACT), ("clinic",)))
    assert shown(120)[-1].startswith("clinic: has a file in projects/, and nothing of it runs")


def test_projects_with_a_file_and_without_a_process_were_not_started(tmp_path):
    folder = tmp_path / "projects"
    (tmp_path / "run").mkdir()
    (folder / "contain").mkdir(parents=True)
    written = {"letters-2026.yaml": "name: letters\n", "contain/x.yaml": "name: x\n", "notes.txt": "name: notes\n"}
    for name, text in {"clinic.yaml": "", "unsaid.yaml": "name: wards\n", **written}.items():
        (folder / name).write_text(text)
    write_state(
        tmp_path, [ProcessStatus("redact.letters.0", Phase.RUNNING, None, None, 0, None, "redact.log", None)]
    )
    assert picture.look(tmp_path).not_started == ("clinic", "wards")
