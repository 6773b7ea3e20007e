"""How long it takes until a training ends after SIGTERM, for the scripts of all kinds of model.

    python tests/by_hand/signals.py

trains each on MNIST as in the report for some seconds, signals it, and prints a line each: the exit
code, and the seconds from the signal to the end. On 2 cores it takes five minutes.
"""

import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COMMANDS = (
    ("figure6",),
    ("figure7",),
    ("figure10",),
    ("figure11",),
    ("table1", "--row=Fully connected"),
    ("table1", "--row=Convolutional with GAN"),
)
"""The scripts and their flags."""

TRAINS = "About "
"""What a script prints once it has trained for some steps."""

REPRODUCE = Path(__file__).parents[2] / "reproduce"


def ended(command: tuple[str, ...], folder: Path) -> tuple[int, float]:
    """The exit code of a script, and how long after SIGTERM it came."""
    name, *flags = command
    folders = [f"--{each}_dir={folder / each}" for each in ("runs", "figures")]
    data = [] if name == "table1" else ["--dataset=mnist"]
    program = [sys.executable, "-u", str(REPRODUCE / f"{name}.py"), *flags, *folders, *data]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            if line.startswith(TRAINS):
                break
        time.sleep(3)
        start = time.perf_counter()
        process.send_signal(signal.SIGTERM)
        process.communicate()
        return process.returncode, time.perf_counter() - start


def main() -> None:
    """Prints a line a script."""
    for command in COMMANDS:
        with tempfile.TemporaryDirectory() as folder:
            code, seconds = ended(command, Path(folder))
        print(f"{' '.join(command):40} exit code {code}, {seconds:.1f} s", flush=True)


if __name__ == "__main__":
    main()
