"""CSV files: a row is a record, however many lines it takes."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import ConfigError, Reason, Unparseable
from streams.publish import rows
from streams.publish.files import BadLine, Format, format_of, publish_file
from vault.raw import MAX_PAYLOAD_BYTES

LIMIT = 1000
cells = st.text(alphabet='ab ,"\n;é', max_size=6)


def written(table: list[list[str]]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows(table)
    return out.getvalue().encode()


def upload(path, publisher, **options):
    bad: list[BadLine] = []
    return publish_file(path, Format.CSV, publisher, "demo", on_bad=bad.append, **options), bad


@pytest.fixture
def file(tmp_path):
    def write(content: bytes):
        path = tmp_path / "customers.csv"
        path.write_bytes(content)
        return path

    return write


@pytest.fixture
def records(producer, opened):
    return lambda: [json.loads(opened(message)[0]) for message in producer.sent]


def test_each_row_is_an_object_of_texts(file, publisher, records):
    path = file(b'\xef\xbb\xbfid,name,note\r\n1,"Doe, Jane","said ""hi""\r\nand left"\r\n\r\n2,,x\r\n')
    report, bad = upload(path, publisher)
    assert records() == [
        {"id": "1", "name": "Doe, Jane", "note": 'said "hi"\nand left'},
        {"id": "2", "name": "", "note": "x"},
    ]
    assert (report.progress.published, report.progress.lines, bad) == (2, 5, [])
    assert format_of(path) is Format.CSV


def test_a_column_can_be_the_key(file, publisher, producer):
    upload(file(b"id,n\n7,a\n8,b\n7,c\n"), publisher, key_field="id")
    first, second, third = (message.key for message in producer.sent)
    assert first == third != second


def test_bad_rows_are_told_by_number_and_the_rest_goes_on(file, publisher, records):
    long = b'5,"' + b"y" * MAX_PAYLOAD_BYTES + b'"\n'
    path = file(b'id,n\n1,a\n2\n3,c"d"\n4,\xff\n' + long + b'6,f,g\n7,"open\n8,h\n')
    report, bad = upload(path, publisher)
    assert records() == [{"id": "1", "n": "a"}, {"id": "3", "n": 'c"d"'}, {"id": "8", "n": "h"}]
    assert [(one.number, one.reason) for one in bad] == [
        (3, Reason.BAD_CSV),
        (5, Reason.BAD_UTF8),
        (6, Reason.TOO_LARGE),
        (7, Reason.BAD_CSV),
        (8, Reason.BAD_CSV),
    ]
    assert report.progress.bad == len(bad)


def test_an_interrupted_run_goes_on_at_a_row_and_still_knows_the_columns(file, publisher, records):
    path = file(b"id,n\n" + b"".join(b'%d,"two\nlines"\n' % number for number in range(6)))

    def interrupt(progress, size):
        if progress.published == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        upload(path, publisher, checkpoint_lines=4, on_progress=interrupt)
    report, bad = upload(path, publisher, checkpoint_lines=4)
    assert [one["id"] for one in records()] == ["0", "1", "2", "3", "4", "5"]
    assert (report.resumed_at_line, bad) == (10, [])


@pytest.mark.parametrize(
    "content", [b"", b"\n1,2\n", b"a,a\n1,2\n", b'"a\n', b"\xff,b\n", b"a" + b",x" * 500 + b"\n"]
)
def test_a_file_whose_first_row_names_no_columns_is_refused(file, publisher, producer, content):
    with pytest.raises(ConfigError, match=r"customers\.csv: the first row must name the columns"):
        upload(file(content), publisher)
    assert producer.sent == []


@pytest.mark.parametrize("sign", [";", "\t", "|"])
def test_other_separators_are_refused_before_anything_is_published(file, publisher, sign):
    with pytest.raises(ConfigError, match="separated by commas"):
        upload(file(f"id{sign}name\n1{sign}x\n".encode()), publisher)


@given(st.lists(st.lists(cells, min_size=2, max_size=3), max_size=6))
def test_rows_are_those_of_the_whole_file_read_at_once(table):
    data = written(table)
    read = list(rows.read(io.BytesIO(data), offset=0, number=1, limit=LIMIT))
    assert [next(csv.reader(io.StringIO(one.content.decode(), newline=""))) for one in read] == table
    assert (read[-1].end if read else 0) == len(data)


@given(st.binary(max_size=60).map(lambda data: data.replace(b"x", b'"').replace(b"y", b"\n")), st.integers(0, 30))
def test_every_byte_is_in_one_row_and_reading_goes_on_from_any(data, limit):
    read = list(rows.read(io.BytesIO(data), offset=0, number=1, limit=limit))
    assert (read[-1].end if read else 0) == len(data)
    for index, row in enumerate(read):
        rest = rows.read(io.BytesIO(data), offset=row.end, number=row.number + 1, limit=limit)
        if row.end:
            assert list(rest) == read[index + 1 :]


def test_a_row_of_another_length_is_none():
    with pytest.raises(Unparseable) as refused:
        rows.record(b"a,b,c", ("x", "y"))
    assert refused.value.reason is Reason.BAD_CSV
