"""Commands that need no stack, and what every command does with errors."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deploy.bench import run as bench
from deploy.cli import audit_verify, policy_files
from deploy.cli.exits import Exit, exit_for, sentence
from deploy.local.endpoints import KAFKA_VARIABLES, REGISTRY_VARIABLES, VAULT_VARIABLES
from schemas.errors import (
    AccessDenied,
    ChainBroken,
    CommitInDoubt,
    ConfigError,
    Reason,
    Refused,
    StackError,
    VaultUnavailable,
    VeilError,
)

Run = Callable[..., Any]
SECRET = "Wolfeschlegelstein"


def write(path: Path, *lines: str) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def test_without_arguments_veil_shows_its_commands(run: Run) -> None:
    ended = run()
    assert all(word in ended.out for word in ("up", "publish", "redact", "audit", "policy", "topology"))


def test_the_version_is_printed(run: Run) -> None:
    assert run("--version").out.startswith("veilstream ")


def test_an_unknown_command_is_a_usage_error(run: Run) -> None:
    assert run("sing").code == Exit.REFUSED


def test_an_unknown_option_is_a_usage_error(run: Run) -> None:
    assert run("status", "--loud").code == Exit.REFUSED


def test_the_bench_names_each_of_its_parts(run: Run) -> None:
    shown = " ".join(run("bench", "--help").out.replace("│", " ").split())
    assert [part for part in bench.PARTS if part not in shown] == []


# topology asyncapi


def test_the_document_of_topics_is_printed_alike_for_people_and_machines(run: Run, tmp_path: Path) -> None:
    said = json.loads(run("topology", "asyncapi", "--root", tmp_path).out)
    assert said["channels"]["raw"]["address"] == "raw.{project}"
    assert said["components"]["messages"]["raw-bytes"]["headers"]["required"]
    assert json.loads(run("topology", "asyncapi", "--root", tmp_path, "--json").out) == said


# topology capacity


def test_capacity_says_what_a_load_takes_and_what_ends_first(run: Run) -> None:
    ended = run("topology", "capacity", "--records", "5e6", "--labels", "1")
    assert ended.code == Exit.OK
    assert "redact processes" in ended.out
    found = json.loads(run("topology", "capacity", "--records", "5e6", "--labels", "1", "--json").out)
    assert found["limits"][0]["name"] in ended.out
    assert found["needs"]["vault_nodes"] >= 3


@pytest.mark.parametrize(
    "given", [("--records", "0"), ("--records", "5", "--labels", "0"), ("--records", "5", "--report", "/dev/null")]
)
def test_capacity_refuses_what_can_not_be(run: Run, given: tuple[str, ...]) -> None:
    ended = run("topology", "capacity", *given)
    assert (ended.code, ended.out) == (Exit.REFUSED, "")


# redact


def test_redact_keeps_its_fixed_contract(run: Run, tmp_path: Path) -> None:
    text = f"Please call {SECRET} at 030 901820 or write to eva@example.org."
    source = write(tmp_path / "in.jsonl", json.dumps({"id": "a", "text": text}))
    ended = run("redact", source, "--policy", "text")
    assert ended.code == Exit.OK
    (line,) = map(json.loads, ended.out.splitlines())
    assert line.keys() == {"id", "record", "spans"}
    assert SECRET not in ended.out + ended.err
    assert "example.org" not in ended.out
    for span in line["spans"]:
        assert span.keys() == {"field", "start", "end", "entity_type", "replacement"}
        assert 0 <= span["start"] < span["end"] <= len(text)


def test_redact_tells_the_risk_on_demand(run: Run, tmp_path: Path) -> None:
    source = write(tmp_path / "in.jsonl", json.dumps({"id": "a", "text": "see you tomorrow"}))
    ended = run("redact", source, "--risk")
    assert 0 < json.loads(ended.out)["risk"] < 1


def test_redact_with_a_bad_line_does_the_rest_and_ends_with_3(run: Run, tmp_path: Path) -> None:
    good = json.dumps({"id": 1, "text": "thanks"})
    source = write(tmp_path / "in.jsonl", good, "{" + SECRET, json.dumps({"id": 2, "text": "please"}))
    ended = run("redact", source, "--policy", "text")
    assert ended.code == Exit.PARTIAL
    lines = [json.loads(line) for line in ended.out.splitlines()]
    assert [line["id"] for line in lines] == [1, None, 2]
    assert "error" in lines[1]
    assert SECRET not in ended.out + ended.err


def test_redact_writes_to_a_file_and_its_summary_as_json(run: Run, tmp_path: Path) -> None:
    source = write(tmp_path / "in.jsonl", json.dumps({"id": 1, "text": "thanks"}))
    target = tmp_path / "out.jsonl"
    ended = run("redact", source, "--policy", "text", "--mode", "fast", "--out", target, "--json")
    assert json.loads(ended.out) == {"lines": 1, "redacted": 1, "failed": 0, "out": str(target)}
    assert json.loads(target.read_text())["id"] == 1


def test_redact_refuses_to_overwrite_its_input(run: Run, tmp_path: Path) -> None:
    source = write(tmp_path / "in.jsonl", json.dumps({"id": 1, "text": "thanks"}))
    assert run("redact", source, "--out", source).code == Exit.REFUSED
    assert source.read_text() != ""


@pytest.mark.parametrize(
    "arguments",
    [
        ("redact", "missing.jsonl"),
        ("redact", "README.md", "--policy", "missing.yaml"),
        ("publish", "missing.jsonl"),
        ("audit", "verify", "missing"),
        ("policy", "lint", "missing.yaml"),
    ],
)
def test_a_missing_file_is_refused_in_words(run: Run, arguments: tuple[str, ...]) -> None:
    ended = run(*arguments)
    assert (ended.code, ended.out) == (Exit.REFUSED, "")
    assert "Traceback" not in ended.err
    assert "missing" in ended.err


# policy and audit


def test_policy_lint_says_what_a_policy_decides(run: Run) -> None:
    ended = run("policy", "lint", "demo")
    assert (ended.code, ended.err) == (Exit.OK, "")
    assert "customer.name" in ended.out


def test_policy_lint_names_the_line_of_an_error(run: Run, tmp_path: Path) -> None:
    ended = run("policy", "lint", write(tmp_path / "p.yaml", "name: x", "version: many"))
    assert ended.code == Exit.REFUSED
    assert "p.yaml:2: version" in ended.err


def test_policy_lint_as_json_prints_json_alone(run: Run) -> None:
    ended = run("policy", "lint", "text", "--json")
    assert json.loads(ended.out)["policy"].startswith("text@")


def test_verify_of_an_empty_folder_does_not_hold(run: Run, tmp_path: Path) -> None:
    ended = run("audit", "verify", tmp_path, "--json")
    assert ended.code == Exit.FAILED
    content = json.loads(ended.out)
    assert content["holds"] is False
    assert content["findings"]


# Where no stack is


@pytest.mark.parametrize(
    "arguments",
    [
        ("topology", "plan"),
        ("topology", "apply"),
        ("audit", "tail"),
        ("audit", "reconcile"),
        ("audit", "export", "out"),
        ("policy", "sign", "demo", "--as", "ada"),
        ("policy", "publish", "demo"),
        ("contain", "withdraw", "0" * 32, "--as", "olga", "--reason", "rehearsal"),
        ("contain", "reredact", "--policy-version", "1", "--as", "olga"),
        ("contain", "reredact", "--order", "1", "--as", "grace"),
        ("label", "token", "--person", "ann-1"),
        ("grant", "list"),
        ("grant", "approve", "3b90c2", "--as", "ada"),
        ("grant", "code", "--person", "ada"),
        ("keys", "rotate", "view", "--as", "kay"),
        ("keys", "status", "--as", "kay"),
        ("keys", "retire", "--as", "kay"),
        ("keys", "trim", "--as", "kay"),
        ("keys", "code", "--person", "kay"),
        ("credentials", "rotate"),
        ("credentials", "rotate", "copier.demo", "--end-logins"),
    ],
)
def test_without_a_stack_one_sentence_says_what_to_do(
    run: Run, tmp_path: Path, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in (KAFKA_VARIABLES, VAULT_VARIABLES, REGISTRY_VARIABLES):
        for name in variable.values():
            monkeypatch.delenv(name, raising=False)
    ended = run(*arguments, "--root", tmp_path)
    assert (ended.code, ended.out) == (Exit.REFUSED, "")
    assert "veil up" in ended.err
    assert len(ended.err.splitlines()) == 1


def test_a_withdrawal_takes_no_free_text_as_its_reason(run: Run, tmp_path: Path) -> None:
    """It would stand on `control` and the audit for everyone to read."""
    arguments = ("contain", "withdraw", "0" * 32, "--as", "olga", "--reason", "shows a name", "--root", tmp_path)
    ended = run(*arguments)
    assert ended.code == Exit.REFUSED
    assert "personal_data" in ended.err


def test_who_ends_logins_says_whose(run: Run, tmp_path: Path) -> None:
    """Of all, every process would end at once."""
    ended = run("credentials", "rotate", "--end-logins", "--root", tmp_path)
    assert (ended.code, ended.out) == (Exit.REFUSED, "")
    assert "name those" in ended.err


def test_a_grant_takes_no_free_text_as_purpose_and_lasts_eight_hours_at_most(run: Run, tmp_path: Path) -> None:
    given = ("grant", "request", "0" * 32, "--as", "ada", "--root", tmp_path, "--reason", "meaning_lost")
    for more, words in (
        (("--purpose", "jane doe"), "label_dispute"),
        (("--purpose", "rehearsal", "--minutes", "481"), "480"),
    ):
        ended = run(*given, *more)
        assert ended.code == Exit.REFUSED
        assert words in ended.err


def test_values_are_written_to_no_file_and_no_pipe(run: Run, tmp_path: Path) -> None:
    ended = run("grant", "open", "3b90c2", "--as", "ada", "--root", tmp_path)
    assert (ended.code, ended.out) == (Exit.REFUSED, "")
    assert "on a terminal alone" in ended.err


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--since", "6h"),
        ("--policy-version", "1", "--order", "1"),
        ("--order", "1", "--since", "6h"),
    ],
)
def test_an_order_to_redact_again_is_a_new_one_or_a_second_signature(
    run: Run, tmp_path: Path, options: tuple[str, ...]
) -> None:
    ended = run("contain", "reredact", "--as", "olga", *options, "--root", tmp_path)
    assert ended.code == Exit.REFUSED
    assert "--policy-version" in ended.err
    assert "--order" in ended.err


def test_a_project_that_is_not_declared_is_named(run: Run, tmp_path: Path) -> None:
    ended = run("label", "token", "--person", "x", "--project", "nowhere", "--root", tmp_path)
    assert ended.code == Exit.REFUSED
    assert "no project nowhere" in ended.err


def test_who_holds_no_role_may_not_sign(run: Run, tmp_path: Path) -> None:
    ended = run("policy", "sign", "demo", "--as", "olga", "--root", tmp_path)
    assert ended.code == Exit.REFUSED
    assert "olga may not sign policies" in ended.err


def test_status_where_nothing_runs_says_so(run: Run, tmp_path: Path) -> None:
    ended = run("status", "--json", "--root", tmp_path)
    assert ended.code == Exit.FAILED
    content = json.loads(ended.out)
    assert (content["owner"], content["well"], content["seen"]) == (None, False, [])


def test_down_where_nothing_runs_is_fine(run: Run, tmp_path: Path) -> None:
    ended = run("down", "--root", tmp_path, "--json")
    assert (ended.code, json.loads(ended.out)) == (Exit.OK, {"stopped": False, "owner": None})


def test_up_of_an_undeclared_project_starts_nothing(run: Run, tmp_path: Path) -> None:
    ended = run("up", "--project", "nowhere", "--root", tmp_path / "root", "--detach")
    assert (ended.code, ended.out) == (Exit.REFUSED, "")
    assert "no project nowhere" in ended.err
    assert not (tmp_path / "root" / "kafka").exists()


# Errors


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError("c"), Exit.REFUSED),
        (StackError("s"), Exit.REFUSED),
        (AccessDenied("a"), Exit.REFUSED),
        (VaultUnavailable("v"), Exit.REFUSED),
        (Refused(Reason.TOO_LARGE), Exit.PARTIAL),
        (ChainBroken("c"), Exit.FAILED),
        (CommitInDoubt("c"), Exit.FAILED),
        (VeilError("v"), Exit.FAILED),
    ],
)
def test_each_of_our_errors_has_its_exit_code(error: VeilError, code: Exit) -> None:
    assert exit_for(error) is code


def test_the_text_of_a_foreign_error_is_never_said() -> None:
    assert SECRET not in sentence(ValueError(SECRET))


def test_an_unexpected_error_is_told_by_type_and_place_alone(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_policy: object) -> None:
        raise LookupError(SECRET)

    monkeypatch.setattr(policy_files, "_decisions", broken)
    ended = run("policy", "lint", "demo")
    assert (ended.code, ended.out) == (Exit.FAILED, "")
    assert "LookupError at " in ended.err
    assert SECRET not in ended.err
    assert "Traceback" not in ended.err


def test_ctrl_c_ends_with_130_and_no_traceback(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def interrupted(_path: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(audit_verify, "_pins", interrupted)
    ended = run("audit", "verify", tmp_path)
    assert (ended.code, ended.out, ended.err) == (Exit.INTERRUPTED, "", "")


def test_redact_takes_the_key_of_its_tokens_from_a_file(run: Run, tmp_path: Path) -> None:
    policy = write(
        tmp_path / "p.yaml",
        *("name: p", "version: 1", "owner: someone", "review_by: 2030-01-01"),
        "fields: {who: {category: PERSON, action: token, scope: project}}",
    )
    source = write(tmp_path / "in.jsonl", json.dumps({"id": 1, "who": SECRET}))
    key = write(tmp_path / "key", "k" * 40)
    one, two = (run("redact", source, "--policy", policy, "--token-key", key).out for _ in range(2))
    assert one == two != run("redact", source, "--policy", policy).out
    assert run("redact", source, "--policy", policy, "--token-key", tmp_path / "none").code == Exit.REFUSED


# synth


def test_a_dry_run_prints_synthetic_records_with_their_truth(run: Run) -> None:
    ended = run("synth", "--count", "3", "--dry-run", "--seed", "1")
    records = [json.loads(line) for line in ended.out.splitlines()]
    assert (ended.code, len(records)) == (Exit.OK, 3)
    for one in records:
        assert set(one) == {"media", "fields", "values", "spans", "choices"}
        assert all(len(one["fields"][it["field"]]) >= it["end"] > it["start"] for it in one["values"])
    assert run("synth", "--count", "3", "--dry-run", "--seed", "1").out == ended.out


def test_templates_that_do_not_fit_a_policy_are_refused_with_their_place(run: Run) -> None:
    ended = run("synth", "--count", "1", "--dry-run", "--policy", "text")
    assert ended.code == Exit.REFUSED
    assert "demo.yaml: templates.0: text@1 has no rule for the field customer.name" in ended.err


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--count", "1", "--follow"),
        ("--follow", "--dry-run"),
        ("--count", "1", "--policy", "text"),
        ("--count", "0"),
    ],
)
def test_options_of_synth_that_do_not_go_together_are_a_usage_error(run: Run, options: tuple[str, ...]) -> None:
    assert run("synth", *options).code == Exit.REFUSED


def test_gold_for_a_project_without_templates_says_where_to_write_them(run: Run, tmp_path: Path) -> None:
    (tmp_path / "projects").mkdir()
    options = ("--count", "1", "--dry-run", "--policy", "demo", "--project", "other", "--root", tmp_path)
    ended = run("synth", *options)
    assert ended.code == Exit.REFUSED
    assert "other has no gold templates; write them to" in ended.err
