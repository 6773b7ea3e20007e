"""Signals that end a run after the step that it is at: Ctrl-C, SIGTERM and SIGHUP."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
"""Ctrl-C; what Slurm and Docker send before they kill; what a closed terminal sends."""

ENDING = tuple(getattr(signal, name) for name in NAMES if hasattr(signal, name))
"""Those of them that the system has; Windows has no SIGHUP."""


@contextmanager
def interruptible() -> Iterator[Callable[[], int]]:
    """Notes a signal instead of obeying it; a second one is obeyed as ever.

    One that was ignored when the program began, as in the background or under ``nohup``, stays so.
    In another thread than the main one signals are left as they are.

    Yields:
        A function that gives the number of the signal that came, 0 if none did.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: 0
        return
    came = 0
    previous = {number: signal.getsignal(number) for number in ENDING}
    heard = [number for number in ENDING if previous[number] is not signal.SIG_IGN]

    def put_back() -> None:
        for number in heard:
            signal.signal(number, previous[number])

    def note(number: int, frame: FrameType | None) -> None:
        nonlocal came
        if came:
            put_back()
            signal.raise_signal(number)
        came = number

    for number in heard:
        signal.signal(number, note)
    try:
        yield lambda: came
    finally:
        put_back()
