"""Makes `openapi.json` from the table of calls: `python -m streams.label.description` after a change of `calls.py`
or `forms.py`; a test says when it is due.

FastAPI describes, and serves nothing: its way from a request to a function took 130 µs of CPU a call, Starlette's
16 µs, and importing it 8 MB of the label process (measured).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from http import HTTPStatus
from inspect import cleandoc
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, Security
from fastapi.security import HTTPBearer

from streams.label import forms
from streams.label.calls import CALLS, Call

TITLE = "Veilstream label queue"
DESCRIPTION = """
Lease a task, read its redacted text, answer, ask for the next one.

* **One lease a person.** Asking again returns the open lease. A heartbeat extends it.
* **Every call that acts on a lease carries its `fencing_token`.** After the lease has ended: 409, nothing changes.
* **A label needs an `Idempotency-Key`.** The same key and body is answered alike, also after the task is closed;
  the same key with another body is refused (409 `idempotency_conflict`).
* **503 with `Retry-After`** means: not known to have happened. Repeat the call in the same words.
* **`wait` keeps a call for a lease until there is a task**; `next=true` answers the end of a lease with the next
  one, in the same commit; `reserve=true` keeps the one after it, unseen, for the same person.
* Offsets are code points of the field as delivered, end-exclusive. There is no free text in an answer.
* **Comments are free text**, masked by the project's policy before anybody reads them; each needs an
  `Idempotency-Key` too.
* Each view is on the audit log before the content is opened.
"""
_IDEMPOTENCY: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "schema": {"type": "string", "minLength": 1, "maxLength": 128},
    "description": "Names this answer; repeat it unchanged when you repeat the call.",
}
_PLACE = "#/components/schemas/{model}"
_BEARER = HTTPBearer(description="EdDSA JWT, at most one hour old, for one person and project.")
_Token = Annotated[object, Security(_BEARER)]


FILE = Path(__file__).with_name("openapi.json")


def openapi(calls: Collection[Call]) -> str:
    """The description of these calls, as JSON, its keys in order: what changes in it can be read in a diff."""
    app = FastAPI(title=TITLE, description=DESCRIPTION, version="1")
    for call in calls:
        app.add_api_route(
            call.path,
            _parameters(call),
            methods=[call.method],
            name=call.answer.__name__,
            operation_id=call.answer.__name__,
            description=cleandoc(call.answer.__doc__ or ""),
            status_code=HTTPStatus.OK if call.view else HTTPStatus.NO_CONTENT,
            response_model=call.view,
            responses=_responses(call),
            openapi_extra=_extra(call),
        )
    described = app.openapi()
    described["components"]["schemas"] |= _form_schemas(calls)
    return json.dumps(described, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _parameters(call: Call) -> Any:  # noqa: ANN401 - FastAPI reads the signature and calls none of them
    """A function with the parameters in the call's path."""

    def of_project(p: str, _: _Token) -> None: ...
    def of_practice(p: str, task: str, _: _Token) -> None: ...
    def of_task(p: str, task_id: str, _: _Token) -> None: ...
    def of_lease(lease_id: str, _: _Token) -> None: ...
    def of_person(_: _Token) -> None: ...

    if "{task}" in call.path:
        return of_practice
    if "{task_id}" in call.path:
        return of_task
    if "{p}" in call.path:
        return of_project
    return of_lease if "{lease_id}" in call.path else of_person


def _responses(call: Call) -> dict[int | str, dict[str, Any]]:
    found: dict[int | str, dict[str, Any]] = {
        int(status): {"model": forms.ErrorBody, "description": text} for status, text in call.errors.items()
    }
    if call.empty:
        found[204] = {"description": call.empty}
    return found


def _extra(call: Call) -> dict[str, Any]:
    parameters = [_query(name, meaning) for name, meaning in call.query.items()]
    if call.keyed:
        parameters.append(_IDEMPOTENCY)
    extra: dict[str, Any] = {"parameters": parameters} if parameters else {}
    if call.form is not None:
        content = {"application/json": {"schema": {"$ref": _PLACE.format(model=call.form.__name__)}}}
        extra["requestBody"] = {"required": True, "content": content}
    return extra


def _form_schemas(calls: Iterable[Call]) -> dict[str, Any]:
    """What clients send, and the parts it is made of: references in it lead to `components`, where tools look."""
    found: dict[str, Any] = {}
    for form in {call.form for call in calls if call.form is not None}:
        schema = form.model_json_schema(ref_template=_PLACE)
        found |= schema.pop("$defs", {}) | {form.__name__: schema}
    return found


def _query(name: str, meaning: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": {"type": "string"}, "description": meaning}


if __name__ == "__main__":
    FILE.write_text(openapi(CALLS), encoding="utf-8")
