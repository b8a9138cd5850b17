"""What `veil audit tail` says of records that are in none of its lines."""

from __future__ import annotations

from deploy.cli.audit import _note_odd
from deploy.cli.output import Output
from schemas.codec import Codec, FixedIds
from streams.audit.reader import Reader
from streams.engine.messages import Message


def test_what_is_no_event_is_counted_beside_the_lines_once_and_not_shown(capsys):
    reader, out = Reader(Codec(FixedIds())), Output(False)
    assert list(reader.placed(Message("audit.demo", 0, n, b"", b"Odalys Brandt") for n in range(2))) == []
    _note_odd(reader, "demo", out)
    _note_odd(reader, "demo", out)
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("2 records that can't be read") == 1
    assert "veil audit reconcile --project demo" in said.err
    assert "Odalys" not in said.err
