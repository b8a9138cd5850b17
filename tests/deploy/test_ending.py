"""Commands that are told to end."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from deploy.ending import ENDING, terminable


@pytest.mark.usefixtures("of_a_terminal")
@pytest.mark.parametrize("number", ENDING)
def test_a_signal_ends_it_as_ctrl_c_does_and_a_second_one_does_not_interrupt_that(number):
    before = {it: signal.getsignal(it) for it in ENDING}
    cleared = []
    with pytest.raises(KeyboardInterrupt):
        told_to_end(number, cleared)
    assert cleared == [True]
    assert {it: signal.getsignal(it) for it in ENDING} == before


@pytest.mark.usefixtures("of_a_terminal")
def test_what_is_said_to_a_terminal_that_has_gone_does_not_end_the_clearing_up():
    ours, theirs = os.openpty()
    keeps = os.dup(1)
    os.dup2(theirs, 1)
    os.close(theirs)
    try:
        with pytest.raises(KeyboardInterrupt):
            hung_up(ours)
    finally:
        os.dup2(keeps, 1)
        os.close(keeps)


def hung_up(terminal):
    with terminable():
        try:
            os.close(terminal)
            os.kill(os.getpid(), signal.SIGHUP)
        finally:
            os.write(1, b"stopping everything")


def test_elsewhere_than_in_the_main_thread_nothing_is_changed():
    before = {it: signal.getsignal(it) for it in ENDING}
    seen = []

    def within() -> None:
        with terminable():
            seen.append({it: signal.getsignal(it) for it in ENDING})

    thread = threading.Thread(target=within)
    thread.start()
    thread.join()
    assert seen == [before]


def told_to_end(number, cleared):
    with terminable():
        try:
            os.kill(os.getpid(), number)
        finally:
            for one in ENDING:
                os.kill(os.getpid(), one)
            cleared.append(True)


def test_what_was_begun_to_outlive_its_terminal_does():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with terminable():
            os.kill(os.getpid(), signal.SIGHUP)
            assert signal.getsignal(signal.SIGTERM) not in {signal.SIG_DFL, signal.SIG_IGN}
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
