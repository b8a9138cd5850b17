"""The alerts as Prometheus is given them away from this folder: each with its runbook in it, so that whoever is
called has what to do before them, and no address to keep. Pure but for the two files.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

from deploy.observability.dashboard import FOLDER

RULES, RUNBOOKS = FOLDER / "rules.yaml", FOLDER / "runbooks.md"
_HEADING = re.compile(r"^## (\w+)\n", re.MULTILINE)
_WITHIN = re.compile(r"(?<!\n)\n(?!\n)")
"""The end of a line within a paragraph."""


def groups() -> list[dict[str, Any]]:
    """The groups of `rules.yaml`, each alert's `description` its runbook in place of where that stands."""
    texts = runbooks(RUNBOOKS.read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return [group | {"rules": [_with_runbook(rule, texts) for rule in group["rules"]]} for group in found]


def runbooks(text: str) -> dict[str, str]:
    """By alert: what `runbooks.md` says of it, a line for each paragraph."""
    _, *parts = _HEADING.split(text)
    return {name: _WITHIN.sub(" ", said.strip()) for name, said in zip(parts[::2], parts[1::2], strict=True)}


def _with_runbook(rule: Mapping[str, Any], texts: Mapping[str, str]) -> dict[str, Any]:
    annotations = {name: text for name, text in rule["annotations"].items() if name != "runbook"}
    return {**rule, "annotations": annotations | {"description": texts[rule["alert"]]}}
