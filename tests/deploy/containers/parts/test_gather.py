"""What the images of the parts are built of, and the file that they are built by."""

from __future__ import annotations

import ast
import json
import re
import sys
from pathlib import Path

from deploy.containers.collect import USER
from deploy.containers.parts import collect
from deploy.containers.parts.gather import gather
from deploy.containers.parts.inside import inside
from deploy.local.runner import Programs
from tests.support.containers import TREE

FOLDER = TREE / "deploy" / "containers"


def written(file: Path) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(file.name)
    return file


def instructions(folder: Path) -> list[tuple[str, str]]:
    """Word and rest of every instruction."""
    text = (folder / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(word, " ".join(rest.split())) for word, _, rest in (line.partition(" ") for line in lines)]


def of(word: str, folder: Path = FOLDER / "parts") -> list[str]:
    return [rest for name, rest in instructions(folder) if name == word]


def test_every_program_is_where_the_image_is_said_to_have_it(tmp_path: Path) -> None:
    here = tmp_path / "here"
    unpacked = here / "apicurio"
    programs = Programs(
        java=written(here / "runtime" / "bin" / "java"),
        openbao=written(here / "bao" / "bao"),
        kafka=(written(here / "cache" / "kafka.jar"), written(here / "cache" / "clients.jar")),
        registry=(
            written(unpacked / "certificates" / "A.class").parent,
            written(unpacked / "a.jar"),
        ),
    )
    library = written(here / "runtime" / "lib" / "libjvm.so")
    licence = written(here / "bao" / "LICENSE")
    gather(programs, tmp_path / "roots")
    found = inside(programs)
    for part, places in {
        "java": [found.java, found.java.parents[1] / "lib" / library.name],
        "vault": [found.openbao, found.openbao.with_name(licence.name)],
        "kafka": found.kafka,
        "registry": [found.registry[0] / "A.class", found.registry[1]],
    }.items():
        for place in places:
            assert (tmp_path / "roots" / part / place.relative_to("/")).read_text() == place.name


def test_the_last_stages_stand_on_nothing_and_have_no_secret() -> None:
    stages = dict(reversed(rest.split(" AS ")) for rest in of("FROM"))
    assert stages == {
        "build": "${BASE_IMAGE}",
        "part": "scratch",
        "vault": "part",
        "java": "part",
        "kafka": "java",
        "registry": "java",
    }
    assert [name for name in of("ARG") if "=" not in name] == []
    assert not re.search(r"(?i)token|password|secret", (FOLDER / "parts" / "Dockerfile").read_text())


def test_the_base_is_that_of_our_own_image() -> None:
    assert of("ARG") == [rest for rest in of("ARG", FOLDER) if rest.startswith("BASE_IMAGE=")]


def test_a_part_is_nobody_s_and_makes_files_for_nobody_else() -> None:
    assert of("USER") == [f"{USER}:{USER}"]
    (entry,) = of("ENTRYPOINT")
    assert json.loads(entry) == ["/bin/sh", "-c", 'umask 077; exec "$@"', "sh"]


def test_nothing_is_downloaded_while_they_are_built() -> None:
    assert of("RUN") == ['["python3", "-m", "deploy.containers.parts.collect", "roots"]']
    assert "--network none" in (FOLDER / "parts" / "build").read_text()


def test_what_runs_in_the_build_stage_needs_no_package() -> None:
    imported = [it for it in ast.parse(Path(collect.__file__).read_text()).body if isinstance(it, ast.ImportFrom)]
    names = {it.module for it in imported if it.module.partition(".")[0] not in sys.stdlib_module_names}
    assert names == {"deploy.containers.collect"}
