import signal

import pytest


@pytest.fixture(autouse=True)
def signals():
    """The handlers of signals as in a terminal: in the background programs start without some."""
    handlers = {signal.SIGINT: signal.default_int_handler, signal.SIGHUP: signal.SIG_DFL}
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
