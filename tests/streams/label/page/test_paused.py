"""A paused person is told so kindly, in words of their own, and goes on when an operator lets them."""

from __future__ import annotations

from selenium.webdriver.common.keys import Keys

from tests.streams.label.test_paused import standing


def test_a_paused_person_reads_why_and_goes_on_when_let_in_again(seat, service):
    service.give(1, "it broke")
    service.loop.batch([standing("ada", paused=True)])
    seat.sign_in()
    seat.press(Keys.ENTER)
    seat.card("A pause for you")
    text = seat.text_of("#card-text")
    assert "Nothing that you sent is lost" in text
    assert "operator" in text
    assert "Practise on" in seat.text_of("#card-actions")
    seat.press(Keys.ENTER)
    seat.card("A pause for you")
    service.loop.batch([standing("ada", paused=False)])
    seat.press(Keys.ENTER)
    seat.at_task()
