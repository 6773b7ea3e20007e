"""Scripts in processes that are killed at the n-th operation on files below a folder.

`Kills` starts one process that imports everything once, with ``kills.c`` preloaded; it forks a
process for each run of a script. A few digits stand in for MNIST.
"""

import ctypes
import json
import os
import shutil
import subprocess
import sys
import traceback
from pathlib import Path

HERE = Path(__file__).parent


def compiler() -> str | None:
    """The C compiler, if there is one and processes can be killed this way."""
    return shutil.which("cc") if sys.platform == "linux" else None


class Kills:
    """Runs scripts that are killed; a context manager.

    Args:
        folder: for the compiled library and the output of the scripts.
        digits: whether a few digits stand in for MNIST.
    """

    def __init__(self, folder: Path, digits: bool = True):
        self._folder = folder
        library = folder / "kills.so"
        paths = os.pathsep.join([str(HERE.parent), str(HERE.parents[1])])  # the code beside it
        source = HERE / "kills.c"
        subprocess.run([compiler(), "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
        self._process = subprocess.Popen(
            [sys.executable, __file__, *["digits"] * digits],
            env=os.environ | {"LD_PRELOAD": str(library), "PYTHONPATH": paths},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(
        self,
        script: str,
        *flags: str,
        below: Path,
        at: int = 0,
        half: bool = False,
        devices: int = 1,
    ):
        """Runs a script, killed at an operation (0: at none), where there are so many devices.

        Returns:
            Its exit code, -9 if it was killed; the operations that it did; and its output.
        """
        output = self._folder / "output"
        asked = [script, [*flags], str(below), at, half, devices, str(output)]
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        code, operations = json.loads(self._process.stdout.readline())
        return code, operations, output.read_text()

    def __enter__(self):
        return self

    def __exit__(self, *raised):
        self._process.stdin.close()
        self._process.wait()


def _serve() -> None:
    """Runs what is asked for, a line each, until there is no more."""
    import tensorflow as tf

    from vae_gan_tf.experiments import scripts

    scripts.names()  # imports them all
    library = ctypes.CDLL(None)
    for line in sys.stdin:
        script, flags, below, at, half, devices, output = json.loads(line)
        read, write = os.pipe()
        child = os.fork()
        if not child:
            code = 1
            log = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(log, 1), os.dup2(log, 2)
            try:
                if devices > 1:
                    tf.config.set_logical_device_configuration(
                        tf.config.list_physical_devices("CPU")[0],
                        [tf.config.LogicalDeviceConfiguration()] * devices,
                    )
                library.kills_arm(below.encode(), ctypes.c_long(at), int(half))
                scripts.run(script, [script, *flags])
                code = 0
            except SystemExit as end:
                code = end.code
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stdout.flush(), sys.stderr.flush()
                os.write(write, str(library.kills_count()).encode())
                os._exit(code)
        os.close(write)
        counted = os.read(read, 100)
        os.close(read)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print(json.dumps([code, int(counted or at)]), flush=True)


if __name__ == "__main__":
    if "digits" in sys.argv:
        from support import data
        from vae_gan_tf import datasets

        datasets.SOURCES["mnist"] = data.source_of_few_digits()
    _serve()
