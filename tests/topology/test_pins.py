from __future__ import annotations

import pytest

from schemas.errors import ConfigError
from topology.pins import Pins, load_pins


def test_pins_survive_their_file(tmp_path):
    pins = Pins({"ada": bytes(32), "redact.demo": bytes(range(32))})
    file = tmp_path / "pins.json"
    file.write_text(pins.json())
    assert load_pins(file) == pins
    assert load_pins(tmp_path / "missing.json") == Pins()


def test_new_signers_are_added_and_a_changed_key_is_an_error():
    pins = Pins({"ada": bytes(32)})
    assert pins.joined({"ada": bytes(32), "bob": b"b" * 32}).of("bob") == b"b" * 32
    with pytest.raises(ConfigError, match="the signing key of ada is not the pinned one"):
        pins.joined({"ada": b"x" * 32})


@pytest.mark.parametrize("text", ["[]", "{", '{"ada": 1}', '{"ada": "zz"}', '{"ada": "00"}', "[" * 100_000])
def test_damaged_pins_file_is_refused(tmp_path, text):
    file = tmp_path / "pins.json"
    file.write_text(text)
    with pytest.raises(ConfigError, match=r"pins\.json"):
        load_pins(file)
