from __future__ import annotations

import dataclasses
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import ConfigError
from topology.policies import (
    BUILT_IN,
    Action,
    Keep,
    Scope,
    Target,
    Treatment,
    load_policy,
    load_policy_bytes,
    parse_policy,
    policy_bytes,
    stricter,
)

HEAD = "name: p\nversion: 1\nowner: someone\nreview_by: 2030-01-01\n"


def refused(text: str) -> str:
    with pytest.raises(ConfigError) as error:
        parse_policy(text, "p.yaml")
    return str(error.value)


@pytest.mark.parametrize("name", BUILT_IN)
def test_built_in_policies_survive_their_bytes(name):
    policy = load_policy(name)
    assert load_policy_bytes(policy_bytes(policy)) == policy
    assert len(policy.hash) == 64
    assert policy.id == f"{name}@1"


def test_policy_file_is_loaded_by_path(tmp_path):
    file = tmp_path / "p.yaml"
    file.write_text(HEAD + "fields: {text: detect}\n")
    policy = load_policy(file)
    assert policy.field_rule("text").action is Action.DETECT
    assert policy.field_rule("other") is None
    assert (policy.overlap, policy.extra, policy.segment_hours) == (3, 2, 168)


def test_same_content_in_another_order_has_the_same_hash():
    one = parse_policy(HEAD + "fields:\n  a: pass\n  b: detect\n", "one")
    two = parse_policy("fields: {b: detect, a: pass}\n" + HEAD, "two")
    assert one.hash == two.hash
    assert one == two


def test_one_changed_word_changes_the_hash():
    one = parse_policy(HEAD + "fields: {a: pass}\n", "one")
    assert one.hash != parse_policy(HEAD + "fields: {a: detect}\n", "two").hash


def test_category_gives_the_action_where_a_rule_has_none():
    policy = parse_policy(HEAD + "categories: {PERSON: mask}\nfields: {a: {category: PERSON}}\n", "p")
    assert policy.field_rule("a").action is Action.MASK
    assert policy.action_for("PERSON") is Action.MASK
    assert policy.action_for("OTHER") is Action.PLACEHOLDER


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("fields:\n  text: sing\n", "p.yaml:6: fields.text.action: should be 'pass', 'detect', 'gener"),
        ("fields: {text: detect}\nfoo: 1\n", "p.yaml:6: foo: there is no such setting here; allowed here: name"),
        ("fields: {text: detect}\noverlap: 10\n", "p.yaml:6: overlap"),
        ("fields: {text: detect}\noverlap: 0\n", "p.yaml:6: overlap"),
        ("fields: {text: {action: mask}}\n", "needs a category"),
        ("fields: {text: {detect: true, action: mask}}\n", "not both"),
        ("tags: {PII: pass}\n", "a tag is set by the producer"),
        ("default_action: pass\nfields: {a: pass}\n", "must hide"),
        ("categories: {PERSON: detect}\nfields: {a: pass}\n", "is for fields"),
        ("labels: {choices: {tone: [good]}}\nfields: {a: pass}\n", "labels.choices.tone"),
        ("labels: {spans: [A, A]}\nfields: {a: pass}\n", "differ"),
        ("fields: {a: pass}\nfields: {b: pass}\n", "p.yaml:6: fields is given twice"),
        ("fields: {a..b: pass}\n", "fields.a..b"),
        (
            "detection: {patterns: [{name: x, category: X, regex: '(a'}]}\nfields: {a: pass}\n",
            "no regular expression",
        ),
        ("detection: {patterns: [{name: x, category: X, regex: 'a*'}]}\nfields: {a: pass}\n", "empty string"),
        ("detection: {patterns: [{name: x, category: X, regex: 'é+'}]}\nfields: {a: pass}\n", "ASCII"),
        (
            "fields: {t: {categry: X}}\n",
            "fields.t.categry: there is no such setting here (did you mean category?)",
        ),
        ("fields: {t: detect}\ndetection: {mod: fast}\n", "allowed here: mode, threshold"),
        (
            "fields: {t: detect}\ndetection: {mode: quick}\n",
            "p.yaml:6: detection.mode: should be 'fast', 'strict' or",
        ),
        ("fields: {t: {category: person}}\n", "fields.t.category: isn't written as it has to be: capitals"),
        ("fields: {a b: detect}\n", "a path like customer.email or notes[].text"),
        ("fields: {t: {category: X, action: generalize}}\n", "`to` (age-to-89, band, year"),
        ("fields: {t: {category: X, action: generalize, to: range}}\n", "`step`, a number as 1000, goes with"),
        ("fields: {t: {category: X, action: mask, to: year}}\n", "goes with the action generalize"),
        (
            "fields: {t: {category: AGE, action: generalize, to: range, step: 2}}\n",
            "p.yaml:5: fields.t: `to: range` is not for AGE; allowed: age-to-89, band",
        ),
        (
            "fields: {t: detect}\ncategories: {DATE_TIME: {action: generalize, to: range, step: 2100}}\n",
            "p.yaml:6: categories: DATE_TIME: `to: range` is not for DATE_TIME; allowed: year, year-to-89, decade",
        ),
        (
            "conditions: [{when: {near: at}, categories: {ZIP_CODE: {action: generalize, to: region}}}]\n",
            "`to: region` is not for ZIP_CODE; allowed: zip3",
        ),
        (
            "fields: {t: detect}\ncategories: {PERSON: pass}\ntags:\n  OK: detect\n  PII: {category: PERSON}\n",
            "p.yaml:9: tags.PII: PERSON passes, and a tag is set by the producer and can't pass a field",
        ),
        (
            "detection: {patterns: [{name: x, category: X, regex: ab}, {name: x, category: Y, regex: cd}]}\n",
            "p.yaml:5: detection.patterns: names must differ from each other",
        ),
        (
            "fields: {t: detect}\ndetection:\n  recognizers:\n"
            + f"  - {{name: x, python: 'a:B', sha256: {'a' * 64}}}\n" * 2,
            "p.yaml:7: detection.recognizers: names must differ from each other",
        ),
        (
            "fields: {t: detect}\ndetection: {patterns: [{name: x, category: X, regex: 'a{99999999999}'}]}\n",
            "no regular expression: it repeats something too often",
        ),
        (
            "fields: {t: detect}\ncategories: {NUMBER: {action: generalize, to: year}}\n",
            "`to: year` is not for NUMBER; allowed: range",
        ),
        ("fields: {t: detect}\nrisk: {by_model: {m: 0.9}}\n", "give `quarantine_above` for all others"),
        ("fields: {t: detect}\noverlap: yes\n", "p.yaml:6: overlap: must be a whole number"),
        ("fields: {t: detect}\nextra: 2.0\n", "p.yaml:6: extra: must be a whole number"),
        ("fields: {t: detect}\nretention: {segment_hours: '5'}\n", "must be a whole number"),
        ("fields: {t: {category: X, action: generalize, to: range, step: -5}}\n", "greater than or equal to 2"),
        ("fields: {t: {category: X, action: generalize, to: range, step: 5.0}}\n", "step: must be a whole number"),
        ("fields: {t: {category: PERSО}}\n", "isn't written as it has to be: capitals"),  # noqa: RUF001 - Cyrillic
        ('fields: {t: detect}\ndetection: {deny: ["ab\\e[2Kcd"]}\n', "must be printable"),
        ('fields: {t: detect}\nescalation: "some\\u202Eone"\n', "must be printable"),
        (
            "fields: {t: {category: X, action: mask, keep: first-6-last-4}}\n",
            "`keep` goes with the action mask for",
        ),
        ("fields: {t: {category: X, action: mask, scope: record}}\n", "`scope` goes with the action token"),
        ("fields: {t: detect}\ncategories: {X: {action: generalize}}\n", "p.yaml:6: categories: X: `to`"),
        (
            "fields: {t: detect}\ncategories: {X: {action: token, scope: world}}\n",
            "'project', 'dataset' or 'record'",
        ),
        ("fields: {t: {tier: secret}}\n", "'public', 'internal', 'confidential' or 'restricted'"),
        ("tags: {T: {tier: public}}\n", "a tag is set by the producer"),
        ("fields: {t: detect}\ndefault_action: generalize\n", "must hide all of a value"),
        ("fields: {t: detect}\nrisk: {quarantine_above: 5}\n", "must be a share between 0 and 1"),
        ("fields: {t: detect}\ngold: {share: 0.0005}\n", "finer than one in 1,000"),
        ("fields: {t: detect}\ngold: {leak_limit: 0}\n", "must lie between 0 and 1"),
        ("fields: {t: detect}\ngold: {leak_limit: 0.5 %}\n", "least must be 598 or more"),
        (
            "fields: {t: detect}\nconditions: [{when: {}, categories: {X: mask}}]\n",
            "give at least one of: language",
        ),
        (
            "fields: {t: detect}\nconditions: [{when: {near: a1}, categories: {X: pass}}]\n",
            "a condition only raises",
        ),
        ("fields: {t: detect}\nsubject: customer.email\n", "subject: must be a list"),
        (
            f"fields: {{t: detect}}\ndetection: {{recognizers: [{{name: a, sha256: '{'0' * 64}'}}]}}\n",
            "give either",
        ),
        ("", "names no field"),
        ("x: &a 1\ny: *a\n", "aliases"),
        ("x: [1\n", "no YAML"),
        ("x: " + "[" * 40 + "]" * 40 + "\n", "nested deeper"),
        ("fields: {<<: {t: pass}, t: detect}\n", "p.yaml:5: fields.<<: isn't written as it has to be"),
        ("fields: {t: detect}\n!!merge x: {fields: {t: pass}}\n", "p.yaml:6: YAML tags"),
        ("fields: {t: !!str {=: pass}}\n", "p.yaml:5: YAML tags"),
        ("? [a]\n: 1\n", "no YAML"),
    ],
)
def test_wrong_policy_names_line_path_and_what_is_allowed(body, said):
    assert said in refused(HEAD + body)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("2027-02-30", "p.yaml:4: review_by: must be a date, as 2027-06-30"),
        ("2027-06-30 25:00:00", "p.yaml:4: review_by: "),
        ("20270630", "p.yaml:4: review_by: must be a date, as 2027-06-30"),
        ("1893456000", "p.yaml:4: review_by: must be a date, as 2027-06-30"),  # 2030 in seconds since 1970
        ("'1893456000'", "p.yaml:4: review_by: must be a date, as 2027-06-30"),
        (".inf", "p.yaml:4: review_by: must be a date, as 2027-06-30"),
        ("!!timestamp 2027-02-30", "p.yaml:4: YAML tags, as `!!int`, are not allowed"),
        ("!!int abc", "p.yaml:4: YAML tags"),
        ("! 2027-06-30", "p.yaml:4: YAML tags"),
        ("{!!int abc : 1}", "p.yaml:4: YAML tags"),
        ("[" + "9" * 5000 + "]", "p.yaml:4: is no number that can be read"),
        ("{0x_: 1}", "p.yaml:4: is no number that can be read"),
        ("1" + ":1" * 200 + ".5", "p.yaml:4: is no number that can be read"),
    ],
)
def test_a_value_that_is_none_is_a_sentence_with_its_line(value, said):
    text = refused(HEAD.replace("2030-01-01", value) + "fields: {t: detect}\n")
    assert text.startswith(said)
    assert len(text.splitlines()) == 1


@pytest.mark.parametrize("version", ["yes", "1.0", "'1'", "0", "-1", "1000001", "9" * 4000])
def test_a_version_is_a_whole_number_from_one_to_a_million(version):
    text = refused(HEAD.replace("version: 1", f"version: {version}") + "fields: {t: detect}\n")
    assert text.startswith("p.yaml:2: version: ")


def test_a_date_may_be_quoted_or_not():
    text = HEAD + "fields: {t: detect}\n"
    assert parse_policy(text, "p") == parse_policy(text.replace("2030-01-01", "'2030-01-01'"), "p")


@pytest.mark.parametrize("text", ["", "just a word", "- a\n- b\n", "[" * 300])
def test_file_that_is_no_mapping_is_refused(text):
    assert refused(text).startswith("p.yaml")


def test_missing_file_names_the_built_in_policies(tmp_path):
    with pytest.raises(ConfigError, match="demo, text"):
        load_policy(tmp_path / "none.yaml")


def test_published_bytes_in_another_form_are_refused():
    data = policy_bytes(load_policy("demo"))
    with pytest.raises(ConfigError, match="canonical"):
        load_policy_bytes(data + b" ")
    with pytest.raises(ConfigError, match="format"):
        load_policy_bytes(json.dumps(json.loads(data) | {"format": 2}).encode())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"overlap":3', b'"overlap":' + b"9" * 5000),
        (b'"overlap":3', b'"overlap":NaN'),
        (b'"owner":"', b'"owner":"\\ud800'),
        (b'"review_by":"20', b'"review_by":"99999'),
    ],
)
def test_published_bytes_with_a_value_that_is_none_are_refused(old, new):
    data = policy_bytes(load_policy("demo"))
    assert old in data
    with pytest.raises(ConfigError, match="no valid policy"):
        load_policy_bytes(data.replace(old, new, 1))


@given(st.binary(max_size=200))
def test_foreign_bytes_are_no_policy(data):
    with pytest.raises(ConfigError):
        load_policy_bytes(data)


def test_strengths_rise_from_pass_to_drop():
    order = ["pass", "detect", "generalize", "token", "surrogate", "placeholder", "mask", "drop"]
    assert [action.value for action in sorted(Action, key=lambda action: action.strength)] == order


def test_parameters_that_leave_less_are_stronger():
    year, decade = (Treatment(Action.GENERALIZE, to) for to in (Target.YEAR, Target.DECADE))
    project, record = (Treatment(Action.TOKEN, scope=scope) for scope in (Scope.PROJECT, Scope.RECORD))
    ends = Treatment(Action.MASK, keep=Keep.ENDS)
    order = [ends, year, decade, project, record, Treatment(Action.PLACEHOLDER), Treatment(Action.MASK)]
    strengths = [treatment.strength for treatment in order]
    assert strengths == sorted(set(strengths))
    assert stricter(year, record, decade) == record


def test_policies_are_immutable_and_can_be_keys():
    policy = load_policy("text")
    with pytest.raises(dataclasses.FrozenInstanceError):
        policy.name = "x"
    assert {policy: 1}[load_policy("text")] == 1


@pytest.mark.parametrize(
    ("written", "permille"),
    [
        ("0.05", 50),
        ("5 %", 50),
        ("5%", 50),
        ("0.5 %", 5),
        ("50/1000", 50),
        ("1/20", 50),
        ("0", 0),
        ("1", 1000),
        ("1.0", 1000),
    ],
)
def test_shares_are_kept_as_whole_numbers_however_they_are_written(written, permille):
    policy = parse_policy(f"{HEAD}fields: {{t: detect}}\ngold: {{share: {written}}}\n", "p")
    assert policy.gold.share_permille == permille
    assert load_policy_bytes(policy_bytes(policy)) == policy


WHOLE = """
tier: internal
packs: [gdpr, pci-dss]
escalation: dpo@example.org
fields:
  text: detect
  notes[].text: {action: detect, tier: confidential}
  customer.email: {category: EMAIL_ADDRESS, action: token, scope: dataset}
  income: {category: INCOME, action: generalize, to: range, step: 10000}
  product: {action: pass, tier: public}
tags: {PII.NAME: {category: PERSON, tier: confidential}}
categories:
  DATE_TIME: {action: generalize, to: decade}
  PERSON: surrogate
context: {language: lang, source: meta.system, purpose: meta.purpose}
conditions:
  - when: {near: [born, birthday], field: text, language: [de, en], source: crm, purpose: research}
    categories: {DATE_TIME: mask, AGE: {action: generalize, to: band}}
detection:
  mode: max
  threshold: 0.25
  failed_checksum: show
  years: hide
  foreign_script: quarantine
  recognizers:
    - {name: tickets, python: 'acme.recognizers:Tickets', sha256: SHA}
    - {name: more, file: recognizers/more.yaml, sha256: SHA}
risk: {quarantine_above: 0.000005, by_model: {trees-3: 0.02}}
gold: {share: 0.05, bar: 90 %, leak_limit: 2 %, least: 400}
acceptance: {agreement: 0.8}
""".replace("SHA", f"'{'0a' * 32}'")


def test_a_policy_that_says_everything_survives_publishing():
    policy = parse_policy(HEAD + WHOLE, "p")
    data = policy_bytes(policy)
    assert load_policy_bytes(data) == policy
    assert load_policy_bytes(data).hash == policy.hash
    assert not re.search(rb"[0-9]\.[0-9]", data)  # no floats
    assert policy.needs_key
    assert (policy.risk.quarantine_above_ppm, dict(policy.risk.by_model)) == (5, {"trees-3": 20_000})
    assert policy.detection.threshold_permille == 250
    assert policy.acceptance.agreement_permille == 800
    gold = policy.gold
    assert (gold.share_permille, gold.bar, gold.leak_limit, gold.least) == (50, 0.9, 0.02, 400)
    assert [(one.form, one.place) for one in policy.detection.recognizers] == [
        ("python", "acme.recognizers:Tickets"),
        ("file", "recognizers/more.yaml"),
    ]


def test_who_is_called_is_the_owner_unless_somebody_else_is_named():
    policy = parse_policy(f"{HEAD}fields: {{t: detect}}\n", "p")
    assert (policy.owner, policy.escalation) == ("someone", "someone")
    assert not policy.needs_key
