from __future__ import annotations

import json
import threading

import pytest
import structlog

from deploy import logs

SECRET = "jane.doe@example.org"


@pytest.fixture(autouse=True)
def untouched():
    hook = threading.excepthook
    yield
    threading.excepthook = hook
    structlog.reset_defaults()


def test_a_thread_that_dies_of_a_foreign_exception_does_not_log_its_text(capsys):
    logs.configure("redact.demo.0")

    def fails():
        raise ValueError(SECRET)

    thread = threading.Thread(target=fails, name="worker")
    thread.start()
    thread.join()
    output = capsys.readouterr()
    line = json.loads(output.out)
    assert (line["event"], line["thread"], line["process"]) == ("thread_failed", "worker", "redact.demo.0")
    assert line["error"].startswith("ValueError at ")
    assert SECRET not in output.out + output.err
