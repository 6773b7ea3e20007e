import os
import signal

import pytest

from vae_gan_tf.training.interruption import interruptible


def press():
    os.kill(os.getpid(), signal.SIGINT)


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
