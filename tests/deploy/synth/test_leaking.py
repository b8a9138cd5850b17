from __future__ import annotations

from tests.deploy.synth.leaking import counted


def test_the_redactor_leaks_hardly_any_value_of_the_demos_templates():
    """What `streams/keeper/README.md` says of 4,000 records, of fewer."""
    found = counted(200, 1)
    assert found["Redacted"] == 200
    assert found["values"] > 400
    assert found["leaked"] <= found["values"] / 100
