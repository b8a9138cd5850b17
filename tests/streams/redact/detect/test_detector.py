"""What a policy says of detection reaches every part that decides it."""

from __future__ import annotations

import base64
import hashlib

import pytest

from schemas.errors import ConfigError, Reason, Refused
from streams.redact.detect.detector import build_detector
from topology.policies import parse_policy

HEAD = "name: p\nversion: 1\nowner: someone\nreview_by: 2036-01-01\nfields: {text: detect}\n"


@pytest.fixture
def found():
    """What a detector built for this `detection` finds: (text, type)."""

    def search(detection: str, text: str) -> list[tuple[str, str]]:
        detector = build_detector(parse_policy(f"{HEAD}detection: {detection}\n", "p"))
        [searched] = detector.search([text])
        return [(text[find.start : find.end], find.entity_type) for find in searched.finds]

    return search


def covered(finds: list[tuple[str, str]], value: str) -> bool:
    return any(value in text for text, _ in finds)


def test_an_encoded_piece_with_a_find_inside_is_hidden_whole(found):
    code = base64.b64encode(b"call Anna Schmidt on +49 171 2345678").decode()
    assert covered(found("{}", f"the note says {code}, see you"), code)


def test_an_encoded_piece_is_as_good_as_its_plain_text_to_a_deny_list(found):
    code = base64.b64encode(b"the blue tree is green").decode()
    assert covered(found("{deny: [blue tree]}", f"the note says {code}"), code)


def test_words_of_another_script_are_hidden_or_the_text_is_refused(found):
    assert covered(found("{foreign_script: mask}", "she is 李小龍 here"), "李小龍")
    with pytest.raises(Refused) as refused:
        found("{foreign_script: quarantine}", "she is 李小龍 here")
    assert refused.value.reason is Reason.DETECTION_FAILED
    assert found("{foreign_script: quarantine}", "it is here, café") == found("{}", "it is here, café")


def test_a_mistyped_card_is_one_unless_the_policy_says_otherwise(found):
    wrong = "my card 4485360473893058 is lost"
    assert ("4485360473893058", "CREDIT_CARD") in found("{failed_checksum: mask}", wrong)
    assert "CREDIT_CARD" not in {kind for _, kind in found("{failed_checksum: show}", wrong)}


def test_bare_years_are_hidden_where_the_policy_says_so(found):
    assert ("1984", "DATE_TIME") in found("{years: hide}", "it was built in 1984 or so")


def test_a_recognizer_file_of_the_users_own_joins_in(found, tmp_path):
    place = tmp_path / "own.yaml"
    place.write_text(
        "recognizers: [{name: n, supported_entity: BADGE, patterns: [{name: p, regex: 'bx-[0-9]+', score: 0.9}]}]"
    )
    sha256 = hashlib.sha256(place.read_bytes()).hexdigest()
    named = f"{{recognizers: [{{name: own, file: {place}, sha256: {sha256}}}]}}"
    assert ("bx-12", "BADGE") in found(named, "show your bx-12 now")
    place.write_text("recognizers: []")
    with pytest.raises(ConfigError, match="SHA-256"):
        found(named, "show your bx-12 now")


def test_a_recognizer_that_hangs_refuses_its_text_alone(tmp_path, monkeypatch):
    (tmp_path / "own_hanging.py").write_text(
        "class Hangs:\n    supported_entities = ['X']\n    def load(self): pass\n"
        "    def analyze(self, text, entities, nlp_artifacts=None):\n"
        "        while 'hang' in text: pass\n        return []\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    sha256 = hashlib.sha256((tmp_path / "own_hanging.py").read_bytes()).hexdigest()
    detection = f"{{recognizers: [{{name: own, python: 'own_hanging:Hangs', sha256: {sha256}}}]}}"
    detector = build_detector(parse_policy(f"{HEAD}detection: {detection}\n", "p"))
    monkeypatch.setattr(detector._user.code[0], "_limit_s", 1.0)
    with pytest.raises(Refused) as refused:
        detector.search(["hang here"])
    assert refused.value.reason is Reason.DETECTION_FAILED
    assert len(detector.search(["go on"])) == 1
    detector._user.close()
