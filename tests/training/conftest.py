import signal

import pytest


@pytest.fixture(autouse=True)
def ctrl_c():
    """The handler of Ctrl-C as in a terminal: programs in the background are started without."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
