"""`veil policy` and `veil contain`: what needs no stack, and what they say where there is none."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deploy.cli.exits import Exit
from streams.redact.bundle import bundle_of
from streams.redact.detect.detector import build_detector
from topology.policies import load_policy

Run = Callable[..., Any]
SECRET = "Wolfeschlegelstein"
HEAD = "name: p\nversion: {}\nowner: someone\nreview_by: 2099-01-01\nsubject: [text]\nlabels: {{spans: [A]}}\n"


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    def written(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return written


def policy(version: int, body: str) -> str:
    return HEAD.format(version) + body + "\n"


def sample(expect: dict[str, object]) -> str:
    record = {"text": f"Please call {SECRET} about the refund.", "product": "kettle"}
    return json.dumps({"id": "one", "record": record, "expect": expect}) + "\n"


# lint


def test_lint_without_a_remark_is_fine_also_when_strict(run: Run, write: Callable[..., Path]) -> None:
    ended = run("policy", "lint", write("p.yaml", policy(1, "fields: {text: detect}")), "--strict", "--json")
    content = json.loads(ended.out)
    assert (ended.code, content["remarks"], content["policy"]) == (Exit.OK, [], "p@1")


def test_lint_tells_its_remarks_and_only_strict_makes_them_a_failure(
    run: Run, write: Callable[..., Path], tmp_path: Path
) -> None:
    file = write("p.yaml", policy(1, "fields: {text: detect, comment: pass}\noverlap: 9"))
    arguments = ("policy", "lint", file, "--project", "demo", "--root", tmp_path, "--json")
    ended = run(*arguments)
    assert ended.code == Exit.OK
    assert [it["concern"] for it in json.loads(ended.out)["remarks"]] == ["open_pass", "few_annotators"]
    assert run(*arguments, "--strict").code == Exit.FAILED


def test_lint_of_an_undeclared_project_is_refused(run: Run, tmp_path: Path) -> None:
    ended = run("policy", "lint", "demo", "--project", "nowhere", "--root", tmp_path)
    assert (ended.code, ended.out) == (Exit.REFUSED, "")
    assert "no project nowhere" in ended.err


# test


def test_test_takes_the_samples_beside_the_policy_and_ends_with_1_when_one_fails(
    run: Run, write: Callable[..., Path]
) -> None:
    file = write("p.yaml", policy(1, "fields: {text: detect, product: pass}"))
    write("p.samples.jsonl", sample({"text": {"hidden": [SECRET], "shown": ["refund"]}, "product": "kettle"}))
    ended = run("policy", "test", file)
    assert (ended.code, ended.err) == (Exit.OK, "")
    assert "meets all 3 expectations" in ended.out

    other = write("other.jsonl", sample({"product": "pot"}))
    ended = run("policy", "test", file, "--samples", other, "--json")
    content = json.loads(ended.out)
    assert (ended.code, content["checks"], content["failed"]) == (Exit.FAILED, 2, 1)
    assert content["results"][1] == {"sample": "one", "field": "product", "passed": False, "says": "is 'kettle'"}


def test_test_without_samples_is_refused_and_a_bad_line_is_never_quoted(
    run: Run, write: Callable[..., Path]
) -> None:
    file = write("p.yaml", policy(1, "fields: {text: detect}"))
    ended = run("policy", "test", file)
    assert ended.code == Exit.REFUSED
    assert "p.samples.jsonl" in ended.err
    ended = run("policy", "test", file, "--samples", write("bad.jsonl", "{" + SECRET))
    assert ended.code == Exit.REFUSED
    assert "bad.jsonl:1" in ended.err
    assert SECRET not in ended.err


# diff


def test_diff_of_a_policy_that_shows_less_is_fine_and_the_other_way_round_is_not(
    run: Run, write: Callable[..., Path]
) -> None:
    old = write("old.yaml", policy(1, "fields: {text: detect, product: pass}"))
    new = write("new.yaml", policy(2, "fields: {text: detect}"))
    samples = write("s.jsonl", sample({}))
    ended = run("policy", "diff", old, new, "--samples", samples, "--json")
    content = json.loads(ended.out)
    assert (ended.code, content["shows_more"]) == (Exit.OK, False)
    assert content["rules"] == [{"path": "fields.product", "old": "pass", "new": None, "effect": "shows_less"}]
    (piece,) = content["samples"]["pieces"]
    assert (piece["turn"], piece["field"], piece["count"], piece["examples"]) == (
        "hidden",
        "product",
        1,
        ["kettle"],
    )

    ended = run("policy", "diff", new, old, "--samples", samples)
    assert ended.code == Exit.FAILED
    assert "1 of 1 samples are seen otherwise" in ended.out


def test_diff_without_samples_needs_no_detector_and_quotes_nothing(run: Run, write: Callable[..., Path]) -> None:
    ended = run("policy", "diff", "demo", "demo", "--json")
    assert (ended.code, json.loads(ended.out)["rules"]) == (Exit.OK, [])
    assert json.loads(ended.out)["samples"] is None


# redact --bundle


def test_another_bundle_is_refused_before_anything_is_redacted(run: Run, write: Callable[..., Path]) -> None:
    source = write("in.jsonl", json.dumps({"id": 1, "text": SECRET}) + "\n")
    ended = run("redact", source, "--policy", "text", "--bundle", "0" * 64)
    assert (ended.code, ended.out) == (Exit.REFUSED, "")
    assert "can't be replayed here" in ended.err
    assert "code" in ended.err
    assert run("redact", source, "--bundle", "0" * 64, "--mode", "fast").code == Exit.REFUSED


def test_a_replay_of_a_policy_that_draws_from_a_key_is_refused_without_that_key(
    run: Run, write: Callable[..., Path]
) -> None:
    keyed = write("p.yaml", policy(1, "fields: {text: detect}\ncategories: {PERSON: surrogate}"))
    source = write("in.jsonl", json.dumps({"id": 1, "text": SECRET}) + "\n")
    ended = run("redact", source, "--policy", keyed, "--bundle", "0" * 64)
    assert (ended.code, ended.out) == (Exit.REFUSED, "")
    assert "--token-key" in ended.err
    key = write("key", "k" * 32)
    ended = run("redact", source, "--policy", keyed, "--bundle", "0" * 64, "--token-key", key)
    assert "can't be replayed here" in ended.err


def test_the_bundle_that_is_here_gives_the_same_bytes_again(run: Run, write: Callable[..., Path]) -> None:
    bundle = bundle_of(load_policy("text"), build_detector(load_policy("text"))).hash
    source = write("in.jsonl", json.dumps({"id": 1, "text": f"Please call {SECRET} on 030 901820."}) + "\n")
    first = run("redact", source, "--policy", "text", "--json")
    again = run("redact", source, "--policy", "text", "--bundle", bundle, "--json")
    assert (again.code, again.out) == (Exit.OK, first.out)
    assert SECRET not in again.out


# Where no stack is


@pytest.mark.parametrize(
    "arguments",
    [
        ("policy", "minimum", "2", "--as", "ada"),
        ("policy", "history"),
        ("contain", "freeze", "--as", "olga", "--reason", "leak"),
        ("contain", "resume", "--as", "grace"),
    ],
)
def test_without_a_stack_one_sentence_says_what_to_do(
    run: Run, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    ended = run(*arguments, "--root", tmp_path)
    assert (ended.code, ended.out) == (Exit.REFUSED, "")
    assert "veil up" in ended.err
    assert len(ended.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("policy", "minimum", "2", "--as", "olga"), "olga may not sign minimum versions"),
        (("contain", "freeze", "--as", "ada", "--reason", "leak"), "ada may not freeze"),
        (("contain", "resume", "--as", "ann-1"), "ann-1 may not resume"),
        (("contain", "freeze", "--as", "olga", "--reason", "a name"), "rehearsal"),
        (("policy", "minimum", "0", "--as", "ada"), "VERSION"),
        (("policy", "minimum", "1000001", "--as", "ada"), "VERSION"),
    ],
)
def test_who_or_what_may_not_is_refused_before_anything_is_asked(
    run: Run, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    ended = run(*arguments, "--root", tmp_path)
    assert (ended.code, ended.out) == (Exit.REFUSED, "")
    assert said in ended.err


# notice


def test_notice_is_made_without_a_stack_and_written_as_a_page(run: Run, tmp_path: Path) -> None:
    ended = run("policy", "notice", "demo", "--root", tmp_path, "--out", tmp_path / "notice.html", "--json")
    content = json.loads(ended.out)
    assert (ended.code, content["policy"], content["can_erase"]) == (Exit.OK, "demo@1", True)
    assert "What happens to your data" in (tmp_path / "notice.html").read_text(encoding="utf-8")


def test_notice_in_words_tells_what_is_kept(run: Run, tmp_path: Path) -> None:
    ended = run("policy", "notice", "demo", "--root", tmp_path)
    assert "373 days" in ended.out
    assert "stays for ever" in ended.out


def test_notice_is_about_the_project_that_the_variable_names(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VEIL_PROJECT", "nothing")
    ended = run("policy", "notice", "demo", "--root", tmp_path)
    assert ended.code == Exit.REFUSED
    assert "nothing" in ended.err
