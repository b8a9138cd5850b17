from __future__ import annotations

import base64
import errno
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.demo import search as search_module
from deploy.demo.canaries import Aviary
from deploy.demo.needles import needles_of
from deploy.demo.search import CanarySearch, regular_files, written_parts
from tests.support.small_disk import SmallDisk

AVIARY = Aviary(11)
PERSON = AVIARY.person()
CARD = AVIARY.card()
SEARCH = CanarySearch(AVIARY.planted)
MIB = 2**20


def forms(text: str) -> dict[str, bytes]:
    data = text.encode()
    return {
        "plain": data,
        "lower": text.lower().encode(),
        "upper": text.upper().encode(),
        "utf-16-le": text.encode("utf-16-le"),
        "utf-16-be": text.lower().encode("utf-16-be"),
        "hex": data.hex().encode(),
        "upper hex": data.hex().upper().encode(),
        "hex of lower": text.lower().encode().hex().encode(),
        **{f"base64 after {n}": base64.b64encode(os.urandom(n) + data + b"!?") for n in range(6)},
        "base64 of lower": base64.b64encode(b"{" + text.lower().encode() + b"}"),
        "url base64": base64.urlsafe_b64encode(b"\xff\xff" + data + b"\xff"),
    }


CASES = [
    (canary, text, form)
    for canary in (*PERSON.all, CARD)
    for text in (canary.value, *canary.words, "".join(canary.value.split()))
    for form in forms(text)
]


@pytest.mark.parametrize(("canary", "text", "form"), CASES, ids=lambda it: it if isinstance(it, str) else "")
def test_a_planted_value_is_found_in_every_form(canary, text, form):
    hits = SEARCH.in_bytes(os.urandom(50) + forms(text)[form] + os.urandom(50), "here")
    assert f"{canary.kind} {AVIARY.planted.index(canary)}" in {hit.canary for hit in hits}


@given(st.binary(max_size=500))
def test_bytes_without_a_canary_give_no_hit(data):
    assert SEARCH.in_bytes(data, "here") == set()


def test_placeholders_and_ordinary_words_give_no_hit():
    assert SEARCH.in_bytes(b"[PERSON_1] lives in Lane, pays by WEST bank +44 7700 and example", "here") == set()


def test_a_value_across_two_chunks_of_a_file_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr(search_module, "CHUNK", 64)
    file = tmp_path / "segment.log"
    for shift in range(70):
        file.write_bytes(b"." * shift + PERSON.name.value.encode() + b"." * 200)
        assert SEARCH.in_file(file, "segment.log"), shift


def test_a_value_after_a_chunk_of_zeros_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr(search_module, "CHUNK", 64)
    file = tmp_path / "index"
    file.write_bytes(bytes(128) + PERSON.name.value.encode())
    assert SEARCH.in_file(file, "index")


@pytest.mark.parametrize("spelled", ["utf-8", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("at", ["the end of a block", "the start of one"])
def test_a_value_whose_outer_zeros_were_never_written_is_found(tmp_path, spelled, at):
    """A file system keeps whole blocks, and of UTF-16 the first or last byte of a value may lie beside one."""
    written, block = PERSON.name.value.encode(spelled).strip(b"\0"), os.statvfs(tmp_path).f_bsize
    file = tmp_path / "index"
    with file.open("wb") as out:
        out.truncate(64 * block)
        out.seek(32 * block - (len(written) if at == "the end of a block" else 0))
        out.write(written)
    assert SEARCH.in_file(file, "index")


def test_of_what_was_never_written_nothing_is_read(tmp_path):
    file = tmp_path / "index"
    with file.open("wb") as out:
        out.truncate(64 * MIB)
        out.seek(10 * MIB)
        out.write(PERSON.name.value.encode())
        out.seek(40 * MIB)
        out.write(PERSON.email.value.encode())
    with file.open("rb") as opened:
        parts = list(written_parts(opened.fileno()))
    assert parts[0][0] <= 10 * MIB < parts[0][1] <= parts[-1][0] <= 40 * MIB < parts[-1][1] or len(parts) == 1
    assert len({hit.canary for hit in SEARCH.in_file(file, "index")}) == 2


def test_folders_are_searched_by_content_and_name(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.log").write_text(f"user {PERSON.email.words[0]} logged in")
    (tmp_path / f"{PERSON.name.words[1].lower()}.txt").write_text("nothing")
    hits = SEARCH.below(tmp_path)
    assert {hit.canary for hit in hits} == {"name 0", "email 1"}
    assert all(PERSON.name.words[1].lower() not in str(hit) for hit in hits)


def test_a_single_file_is_searched_too(tmp_path):
    file = tmp_path / "core"
    file.write_text(PERSON.phone.value)
    assert {hit.where for hit in SEARCH.below(file)} == {"core"}


def test_a_folder_that_is_gone_gives_no_hit(tmp_path):
    assert SEARCH.below(tmp_path / "gone") == set()


def test_a_folder_that_goes_away_during_the_search_is_passed_over(tmp_path):
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").touch()
    files = regular_files(tmp_path)
    found = [next(files)]
    shutil.rmtree(tmp_path / "b")
    assert [*found, *files] == [tmp_path / "a" / "file", tmp_path / "c" / "file"]


@pytest.mark.parametrize("of_a_kernel", ["/proc/self/fdinfo", "/sys/class"])
def test_what_a_kernel_shows_of_itself_is_no_file(of_a_kernel):
    assert list(regular_files(Path(of_a_kernel))) == []


def test_in_memory_without_a_limit_everything_is_looked_at(tmp_path):
    """Such a file system says that it has no blocks, as those of a kernel do."""
    disk = SmallDisk(tmp_path / "memory", 0)
    if not disk.mount():
        pytest.skip("this machine lets us mount nothing")
    try:
        (disk.folder / "file").write_text(PERSON.email.value)
        assert os.statvfs(disk.folder).f_blocks == 0
        assert {hit.where for hit in SEARCH.below(tmp_path)} == {f"{tmp_path.name}/memory/file"}
    finally:
        disk.unmount()


def test_a_folder_that_can_not_be_read_for_another_reason_is_no_folder_without_canaries(tmp_path, monkeypatch):
    def worn(path):
        raise OSError(errno.EIO, "worn", path)

    monkeypatch.setattr(search_module.os, "scandir", worn)
    with pytest.raises(OSError, match="worn"):
        SEARCH.below(tmp_path)


def test_links_out_of_the_folder_are_not_followed(tmp_path):
    (tmp_path / "link").symlink_to("/dev/zero")
    assert SEARCH.below(tmp_path) == set()


def test_short_pieces_of_base64_are_not_looked_for():
    needles = [needle for canary in AVIARY.planted for needle in needles_of(canary)]
    assert min(len(needle.data) for needle in needles if needle.form == "base64") >= 8
