from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import Reason, Refused
from schemas.hidden import SealedBytes
from schemas.records import LabelSpan
from streams.label import finds
from streams.label.find_sealing import FindSealer, Reported
from streams.label.finds import as_bytes, fragments, from_bytes, shape_of
from tests.simulation.vault import MemoryVault, VaultStore
from tests.support.growth import repeated, require_linear
from vault.data_keys import DataKeys, UnwrappedKeys
from vault.interface import WrappedKey
from vault.keys import find_binding, open_sealed

TEXT = "Hello, Jane Miller-Öz here, +49 30 1234. JANE again; jane@home.example, [PERSON_1]."


def mark(text, piece, field="note"):
    at = text.index(piece)
    return LabelSpan(field, at, at + len(piece), "")


def test_of_what_was_marked_only_the_shape_is_left_and_the_words_around_it_stay():
    (found,) = fragments({"note": TEXT}, [mark(TEXT, "Jane Miller-Öz")])
    assert found.text[found.start : found.end] == "Xxxx Xxxxxx-Xx"
    assert found.text.startswith("Hello, Xxxx")
    assert "[PERSON_1]" in found.text


def test_what_was_marked_is_masked_wherever_its_words_stand_again():
    (found,) = fragments({"note": TEXT}, [mark(TEXT, "Jane Miller-Öz")])
    assert "jane" not in found.text.lower()
    assert "xxxx@home.example" in found.text


def test_marks_that_touch_are_one_and_others_each_their_own():
    text = "abc 12 def 34"
    spans = [LabelSpan("note", 0, 3, ""), LabelSpan("note", 2, 6, ""), LabelSpan("note", 11, 13, "")]
    found = fragments({"note": text}, spans)
    assert [(it.text, it.start, it.end) for it in found] == [("xxx 99 def 99", 0, 6), ("xxx 99 def 99", 11, 13)]


def test_a_fragment_is_no_whole_message():
    text = "a " * 500 + "Jane" + " b" * 500
    (found,) = fragments({"note": text}, [mark(text, "Jane")])
    assert len(found.text) == 2 * finds.AROUND + 4
    assert found.text[found.start : found.end] == "Xxxx"


def test_a_word_of_a_mark_is_masked_within_longer_words_and_across_the_edge_of_what_is_kept():
    text = "Jane" + " " * (2 * finds.AROUND - 6) + "janes Jane"
    found = fragments({"note": text}, [LabelSpan("note", len(text) - 4, len(text), "")])
    assert "janes" not in found[0].text
    assert found[0].text.endswith("xxxxs Xxxx")
    edge = "Jane" + "." * (finds.AROUND - 2) + "Jane"
    (cut,) = fragments({"note": edge}, [LabelSpan("note", len(edge) - 4, len(edge), "")])
    assert cut.text.startswith("xx.")


@pytest.mark.parametrize(
    ("text", "piece"),
    [("客户王芳来电。王芳说…", "王芳"), ("राम कुमारी, कुमारी", "राम कुमारी"), ("Li went. Ask li", "Li")],
)
def test_short_names_and_words_of_every_script_are_masked_where_they_stand_again(text, piece):
    (found,) = fragments({"note": text}, [mark(text, piece)])
    assert not any(word.lower() in found.text.lower() for word in piece.split())


def test_letters_whose_small_form_is_longer_keep_their_places():
    text = "İstanbul İPEK ipek"
    (found,) = fragments({"note": text}, [mark(text, "İPEK")])
    assert len(found.text) == len(text)
    assert found.text[found.start : found.end] == "XXXX"


def test_a_whole_text_as_one_mark_fits_on_the_topic_and_costs_no_more_than_its_length():
    require_linear(
        lambda text: fragments({"note": text}, [LabelSpan("note", 0, len(text), "")]),
        lambda length: repeated("Jane—Miller 1234 " + "".join(map(chr, range(0x4E00, 0x4F00))) + " ", length),
    )
    whole = "—" * 2**20
    assert len(as_bytes(fragments({"note": whole}, [LabelSpan("note", 0, len(whole), "")]))) < 10_000


def test_a_text_marked_all_over_gives_twenty_fragments_at_most():
    text = "Jane " * 200
    spans = [LabelSpan("note", 5 * at, 5 * at + 4, "") for at in range(200)]
    assert len(fragments({"note": text}, spans)) == finds.MAX_FRAGMENTS


@given(st.text(max_size=60), st.data())
def test_nothing_of_what_was_marked_is_left_in_the_mark(text, data):
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    for found in fragments({"note": text}, [LabelSpan("note", start, end, "")]):
        masked = found.text[found.start : found.end]
        assert masked == shape_of(text[start:end])
        assert not any(char.isalnum() and char not in "Xx9" for char in masked)


def test_fragments_survive_their_bytes_and_do_not_print():
    found = fragments({"note": TEXT}, [mark(TEXT, "Jane")])
    assert from_bytes(as_bytes(found)) == found
    assert "Hello" not in repr(found)


def memory_vault():
    return MemoryVault(VaultStore(auto_keys=True), "demo")


def sealer(vault, content):
    def open_content(task):
        if isinstance(content, Refused):
            raise content
        return content

    return FindSealer("demo", open_content, DataKeys(vault))


def test_a_find_opens_under_the_key_for_finds_and_names_its_report(make_task):
    vault, task = memory_vault(), make_task(1)
    found = sealer(vault, {"note": TEXT})(Reported("lease-1", task, "personal_data", (mark(TEXT, "Jane"),)), 5)
    assert found is not None
    assert (found.find_id, found.task_id, found.policy, found.reported_at) == (
        "lease-1",
        task.task_id,
        task.policy,
        5,
    )
    assert b"Hello" not in found.sealed
    secret = UnwrappedKeys(vault, "finds-demo").one(WrappedKey(found.wrapped_key, found.context))
    (fragment,) = from_bytes(open_sealed(secret, SealedBytes(found.sealed), find_binding("demo", "lease-1")))
    assert fragment.text[fragment.start : fragment.end] == "Xxxx"


def test_a_report_without_marks_or_of_a_task_that_does_not_open_leaves_no_find(make_task):
    task, vault = make_task(1), memory_vault()
    assert sealer(vault, {"note": TEXT})(Reported("l", task, "secret", ()), 5) is None
    gone = sealer(vault, Refused(Reason.WITHDRAWN, "gone"))
    assert gone(Reported("l", task, "secret", (mark(TEXT, "Jane"),)), 5) is None
