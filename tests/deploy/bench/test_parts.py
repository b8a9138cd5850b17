from __future__ import annotations

import os
from dataclasses import replace

import pytest

from deploy.bench import process, run, scaling, whole_texts
from deploy.bench.resources import peak_bytes
from deploy.bench.workload import texts
from deploy.stages.stage import BUILDERS
from schemas.errors import ConfigError
from schemas.hidden import RawRecord
from streams.redact.detect.detector import build_detector
from streams.redact.outcome import Redacted
from streams.redact.redactor import redact
from topology.policies import Mode, load_policy


def test_workload_starts_again_where_the_texts_end():
    found = list(texts(600))
    assert len(found) == 600
    assert found[0] == found[250]
    assert all(found)


def test_peak_of_this_process_is_what_a_python_takes():
    assert 10 * 2**20 < peak_bytes(os.getpid()) < 2**34


def test_a_detector_that_finds_nothing_shows_the_text_as_it_came():
    text = "Jane Miller lives in Springfield"
    outcome = redact(RawRecord({"text": text}), load_policy("demo"), process.FindsNothing())
    assert isinstance(outcome, Redacted)
    assert outcome.record.fields == {"text": text}


def test_only_the_bench_has_a_stage_without_detection(monkeypatch):
    seen = []
    monkeypatch.setattr(process.run, "main", lambda arguments, builders: seen.append((arguments, builders)) or 0)
    assert process.main(["redact", "bench", "--root", "x", "--no-detection"]) == 0
    arguments, builders = seen[0]
    assert arguments == ["redact", "bench", "--root", "x"]
    assert builders["redact"] is not BUILDERS["redact"]
    assert {role: build for role, build in builders.items() if role != "redact"} == {
        role: build for role, build in BUILDERS.items() if role != "redact"
    }


def test_profile_of_a_stage_is_left_in_the_file_named(monkeypatch, tmp_path):
    monkeypatch.setattr(process.run, "main", lambda arguments, builders: len(arguments))
    file = tmp_path / "stage.prof"
    assert process.main(["redact", "bench", "--profile", str(file)]) == 2
    assert file.stat().st_size > 0


def test_a_part_that_the_bench_does_not_have_is_refused_before_anything_starts(tmp_path):
    with pytest.raises(ConfigError, match="no part teleport"):
        run.measure(tmp_path / "bench", frozenset({"teleport"}), run.QUICK, print)
    assert not list(tmp_path.iterdir())


def test_texts_are_measured_without_a_stack(tmp_path, monkeypatch):
    monkeypatch.setattr(whole_texts, "MAX_TEXT", 4_000)
    report = run.measure(tmp_path / "bench", frozenset({"texts"}), replace(run.QUICK, texts=1_000), lambda _: None)
    assert report.texts is not None
    assert report.texts.ordinary_s.keys() == report.texts.hostile_s.keys() == {"fast", "strict", "max"}
    assert (report.texts.size, report.texts.count) == (4_000, 1_000)
    assert not (tmp_path / "bench" / "stack").exists()


def test_fast_is_the_policy_in_another_mode():
    policy = load_policy("demo")
    fast = replace(policy, detection=replace(policy.detection, mode=Mode.FAST))
    assert process._finds_fast(policy).data_hash == build_detector(fast).data_hash
    assert process._finds_fast(policy).data_hash != build_detector(policy).data_hash


@pytest.mark.parametrize(("cores", "steps"), [(1, [1, 2]), (2, [1, 2]), (3, [1, 2]), (8, [1, 2, 4, 8])])
def test_processes_are_tried_as_far_as_the_cores_go(cores, steps):
    assert list(scaling.steps(cores)) == steps
