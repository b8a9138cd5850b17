"""Beginnings and ends of sessions in the order the log has them, whoever comes in between."""

from __future__ import annotations

import asyncio

import pytest

from streams.label.commands import EndSession, StartSession
from streams.label.session_desk import SessionDesk
from streams.web.problem import Problem
from streams.web.session_cookie import as_secret
from streams.web.sessions import Scope, name_of
from streams.web.settings import SessionSettings
from tests.streams.label.conftest import ManualClock


class Committing:
    """The loop, whose commits wait for `goes_on`."""

    def __init__(self):
        self.said = []
        self.asked = asyncio.Event()
        self.goes_on = asyncio.Event()
        self.goes_on.set()

    async def ask(self, command):
        self.asked.set()
        await self.goes_on.wait()
        kind = "begin" if isinstance(command, StartSession) else "end"
        assert isinstance(command, StartSession | EndSession)
        self.said.append((kind, command.session_id))


def desk_of(committing):
    numbers = iter(range(1, 99))
    return SessionDesk(
        committing.ask,
        lambda: lambda _: None,
        SessionSettings(),
        ManualClock(),
        lambda size: next(numbers).to_bytes(size, "big"),
    )


def name(cookie):
    return name_of(as_secret(cookie))


def test_a_session_that_was_replaced_before_its_beginning_was_said_never_begins():
    async def run():
        committing = Committing()
        desk = desk_of(committing)
        first = await desk.start("ann", Scope(), None)
        committing.goes_on.clear()
        committing.asked.clear()
        second = asyncio.create_task(desk.start("ann", Scope(), None))
        await committing.asked.wait()  # the end of the first is on its way
        third = asyncio.create_task(desk.start("ann", Scope(), None))
        await asyncio.sleep(0)
        committing.goes_on.set()
        with pytest.raises(Problem):
            await second
        return committing.said, name(first), name(await third)

    said, first, third = asyncio.run(run())
    assert said[0] == ("begin", first)
    assert said[-1] == ("begin", third)
    begun = [session for kind, session in said if kind == "begin"]
    assert begun == [first, third]
    for session in begun:
        moments = [kind for kind, one in said if one == session]
        assert moments in (["begin"], ["begin", "end"])


def test_an_end_that_comes_while_a_session_begins_is_said_after_its_beginning():
    async def run():
        committing = Committing()
        desk = desk_of(committing)
        committing.goes_on.clear()
        begins = asyncio.create_task(desk.start("ann", Scope(), None))
        await committing.asked.wait()
        replaces = asyncio.create_task(desk.start("ann", Scope(), None))
        await asyncio.sleep(0)
        committing.goes_on.set()
        first = await begins
        return committing.said, name(first), name(await replaces)

    said, first, second = asyncio.run(run())
    assert said == [("begin", first), ("end", first), ("begin", second)]
