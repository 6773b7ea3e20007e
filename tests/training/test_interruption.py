import os
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from vae_gan_tf.training.interruption import interruptible


def press(number=signal.SIGINT):
    os.kill(os.getpid(), number)


def test_ctrl_c_is_noted_and_a_second_one_obeyed():
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), interruptible() as interrupted:
        assert not interrupted()
        press()
        assert interrupted()
        press()
    assert signal.getsignal(signal.SIGINT) is before


def test_afterwards_ctrl_c_is_what_it_was():
    with interruptible() as interrupted:
        pass
    with pytest.raises(KeyboardInterrupt):
        press()
    assert not interrupted()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_signal_that_came_is_told(number):
    before = signal.getsignal(number)
    with interruptible() as interrupted:
        assert interrupted() == 0
        press(number)
        assert interrupted() == number
    assert signal.getsignal(number) is before


def test_a_signal_that_was_ignored_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interruptible() as interrupted:
            press(signal.SIGHUP)
            assert not interrupted()
    finally:
        signal.signal(signal.SIGHUP, before)


def test_in_a_thread_signals_are_left_as_they_are():
    before = signal.getsignal(signal.SIGINT)

    def run():
        with interruptible() as interrupted:
            return interrupted(), signal.getsignal(signal.SIGINT)

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(run).result() == (0, before)
