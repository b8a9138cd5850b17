from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import ConfigError, LogUnavailable, Reason
from schemas.routing import routing
from streams.publish import lines
from streams.publish.files import BadLine, Format, format_of, publish_file, state_path
from vault.raw import MAX_PAYLOAD_BYTES


@pytest.fixture
def file(tmp_path):
    def written(*content, name="records.jsonl"):
        path = tmp_path / name
        path.write_bytes(b"\n".join(content) + b"\n")
        return path

    return written


def upload(path, publisher, kind=Format.JSON_LINES, **options):
    return publish_file(path, kind, publisher, "demo", **options)


def test_every_line_is_published_as_it_stands(file, publisher, producer, opened):
    path = file(b'{"id": 1,  "a":"x"}', b'{"id":2}\r', b"", b'{"id":3}')
    report = upload(path, publisher)
    assert [opened(message)[0] for message in producer.sent] == [b'{"id": 1,  "a":"x"}', b'{"id":2}', b'{"id":3}']
    assert (report.progress.lines, report.progress.published, report.progress.bad) == (4, 3, 0)
    assert report.progress.finished
    assert report.may_repeat == 0


def test_bad_lines_are_reported_by_number_and_the_rest_goes_on(file, publisher, producer):
    path = file(
        b'{"id":1}', b"{oops", b"[1]", b'{"a":"\xff"}', b'{"x":"' + b"y" * MAX_PAYLOAD_BYTES + b'"}', b'{"id":6}'
    )
    bad = []
    report = upload(path, publisher, on_bad=bad.append)
    assert bad == [
        BadLine(2, Reason.BAD_JSON),
        BadLine(3, Reason.NOT_AN_OBJECT),
        BadLine(4, Reason.BAD_UTF8),
        BadLine(5, Reason.TOO_LARGE),
    ]
    assert (report.progress.published, report.progress.bad, len(producer.sent)) == (2, 4, 2)


def test_text_is_published_line_by_line(file, publisher, producer, opened):
    path = file("first — line".encode(), b"  ", b"\xff", b"last", name="notes.txt")
    report = upload(path, publisher, Format.TEXT)
    assert [opened(message)[0].decode() for message in producer.sent] == ["first — line", "last"]
    assert report.progress.bad == 1


def test_a_byte_order_mark_is_no_part_of_the_first_record(tmp_path, publisher, producer, opened):
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"id":1}')
    upload(path, publisher)
    assert opened(producer.sent[0])[0] == b'{"id":1}'


def test_records_with_an_equal_key_field_have_an_equal_key(file, publisher, producer):
    bad = []
    path = file(b'{"c":7}', b'{"c":7,"x":1}', b'{"c":"8"}', b'{"c":null}', b'{"c":true}', b'{"c":"\\ud800"}')
    upload(path, publisher, key_field="c", on_bad=bad.append)
    keys = [message.key for message in producer.sent]
    assert keys[0] == keys[1] != keys[2]
    assert [one.number for one in bad] == [4, 5, 6]


def test_a_finished_file_is_not_published_again(file, publisher, producer):
    path = file(b'{"id":1}')
    upload(path, publisher)
    report = upload(path, publisher)
    assert len(producer.sent) == 1
    assert report.may_repeat == 0


def test_what_was_appended_to_a_finished_file_is_published_and_repeats_nothing(file, publisher, producer):
    path = file(b'{"id":1}')
    upload(path, publisher)
    with path.open("ab") as out:
        out.write(b'{"id":2}\n')
    report = upload(path, publisher)
    assert len(producer.sent) == 2
    assert (report.resumed_at_line, report.may_repeat) == (2, 0)


def test_an_interrupted_run_goes_on_at_the_last_saved_place_and_says_what_may_repeat(
    file, publisher, producer, opened
):
    path = file(*[json.dumps({"id": number}).encode() for number in range(10)])

    def interrupt(progress, size):
        if progress.lines == 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        upload(path, publisher, checkpoint_lines=3, on_progress=interrupt)
    report = upload(path, publisher, checkpoint_lines=3)
    assert (report.resumed_at_line, report.may_repeat, report.progress.published) == (7, 3, 10)
    assert {json.loads(opened(message)[0])["id"] for message in producer.sent} == set(range(10))


def test_lines_after_the_last_saved_place_are_published_twice_never_lost(file, publisher, producer, opened):
    path = file(*[json.dumps({"id": number}).encode() for number in range(10)])
    original = producer.flush
    producer.flush = lambda timeout: 5 if len(producer.sent) >= 6 else original(timeout)
    with pytest.raises(LogUnavailable):
        upload(path, publisher, checkpoint_lines=3)
    producer.flush = original
    report = upload(path, publisher, checkpoint_lines=3)
    ids = [json.loads(opened(message)[0])["id"] for message in producer.sent]
    assert ids == [0, 1, 2, 3, 4, 5, 3, 4, 5, 6, 7, 8, 9]
    assert report.may_repeat == 3


def test_progress_is_told_at_every_checkpoint(file, publisher):
    path = file(*[b'{"id":1}'] * 7)
    seen = []
    upload(
        path,
        publisher,
        checkpoint_lines=3,
        on_progress=lambda done, size: seen.append((done.lines, done.offset, size)),
    )
    assert seen == [(3, 27, 63), (6, 54, 63), (7, 63, 63)]


def test_a_changed_file_or_another_target_is_not_resumed(file, publisher):
    path = file(b'{"id":1}')
    upload(path, publisher)
    with pytest.raises(ConfigError, match="delete"):
        publish_file(path, Format.JSON_LINES, publisher, "other")
    path.write_bytes(b'{"id":2}\n{"id":3}\n')
    with pytest.raises(ConfigError, match="delete"):
        upload(path, publisher)
    path.write_bytes(b"")
    with pytest.raises(ConfigError, match="delete"):
        upload(path, publisher)


@pytest.mark.parametrize("content", ["", "{}", "[]", "null", '{"target":1}'])
def test_a_broken_state_file_says_what_to_do(file, publisher, content):
    path = file(b'{"id":1}')
    state_path(path).write_text(content)
    with pytest.raises(ConfigError, match="delete"):
        upload(path, publisher)


def test_the_state_holds_no_content_of_the_file(file, publisher):
    path = file(b'{"id":"canary"}', b"canary")
    upload(path, publisher)
    assert "canary" not in state_path(path).read_text()


def test_an_empty_file_is_finished_at_once(tmp_path, publisher, producer):
    path = tmp_path / "empty.txt"
    path.write_bytes(b"")
    assert upload(path, publisher, Format.TEXT).progress.finished
    assert producer.sent == []


def test_the_format_follows_from_the_name(tmp_path):
    assert format_of(tmp_path / "a.jsonl") is Format.JSON_LINES
    assert format_of(tmp_path / "a.ndjson") is Format.JSON_LINES
    assert format_of(tmp_path / "a.txt") is Format.TEXT
    with pytest.raises(ConfigError):
        format_of(tmp_path / "a.parquet")


@given(
    st.lists(st.binary(max_size=30).filter(lambda one: b"\n" not in one and not one.endswith(b"\r")), max_size=9),
    st.integers(0, 20),
)
def test_reading_from_any_line_end_gives_the_same_rest(contents, limit):
    data = b"x\n" + b"\n".join(contents)
    whole = list(lines.read(io.BytesIO(data), offset=0, number=1, limit=limit))
    assert (whole[-1].end if whole else 0) == len(data)
    for index, line in enumerate(whole):
        rest = lines.read(io.BytesIO(data), offset=line.end, number=line.number + 1, limit=limit)
        assert list(rest) == whole[index + 1 :]


@given(st.integers(0, 3), st.sampled_from([b"", b"\n", b"\r\n"]), st.integers(-4, 6))
def test_a_line_is_too_long_exactly_above_the_limit(bom, end, over):
    content = b"y" * (10 + over)
    (line,) = lines.read(io.BytesIO(content + end), offset=0, number=1, limit=10)
    assert line.content == (content if over <= 0 else None)


def test_every_line_of_a_file_has_the_files_routing(file, publisher, producer, opened):
    upload(file(b'{"id":1}', b'{"id":2}'), publisher, routing=routing(2, "week-48"))
    assert [opened(message)[1].routing for message in producer.sent] == [routing(2, "week-48")] * 2
