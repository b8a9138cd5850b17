from __future__ import annotations

import asyncio
import time

from streams.console.news import News


def test_news_between_looking_and_waiting_are_not_slept_through():
    async def run():
        news = News()
        news.begin()
        since = news.round
        news.arrived()
        await asyncio.sleep(0)  # it is told to whoever waits: nobody yet
        await asyncio.sleep(0)
        await news.wait(since, 60)

    begun = time.monotonic()
    asyncio.run(run())
    assert time.monotonic() - begun < 30
