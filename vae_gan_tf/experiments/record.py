"""The json beside a picture: what a result was made with."""

import functools
import hashlib
import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path

import tensorflow as tf

import vae_gan_tf
from vae_gan_tf.schema import Code, Machine, MadeWith

PACKAGE = Path(vae_gan_tf.__file__).parent

PACKAGES = (
    "tensorflow",
    "keras",
    "tensorflow-probability",
    "tensorflow-datasets",
    "numpy",
    "matplotlib",
)
"""The packages that a result depends on."""


@functools.cache
def made_with() -> MadeWith:
    """What results of this process are made with."""
    versions = {name: metadata.version(name) for name in PACKAGES}
    return {
        "code": _code(),
        "machine": _machine(),
        "versions": {"python": platform.python_version()} | versions,
    }


FIRST = "__init__.py"
"""The module that every package has."""


def _code() -> Code:
    modules = sorted(PACKAGE.rglob("*.py"))
    content = b"".join(path.read_bytes() for path in modules)
    code: Code = {
        "version": vae_gan_tf.__version__,
        "source": hashlib.sha256(content).hexdigest(),
    }
    git = ("git", "-C", str(PACKAGE.parent))
    # A copy of the package may lie in another project's repository.
    own = _said_by(*git, "ls-files", "--error-unmatch", f"{PACKAGE.name}/{FIRST}")
    if own and (PACKAGE.parent / ".git").exists():
        commit = _said_by(*git, "rev-parse", "HEAD")
        changed = _said_by(*git, "status", "--porcelain", "--", PACKAGE.name)
        if commit is not None and changed is not None:
            code |= {"commit": commit, "clean": not changed}
    return code


def _said_by(*command: str) -> str | None:
    """What a program says; None if it is not there, or ends with an error."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def _machine() -> Machine:
    pages = os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else 0
    memory = pages * os.sysconf("SC_PAGE_SIZE") if pages else 0
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(memory / 1e9, 1),
        "accelerators": _accelerators(),
    }


def _accelerators() -> list[str]:
    gpus = tf.config.list_physical_devices("GPU")
    asked = ("--query-gpu=name,memory.total", "--format=csv,noheader")
    if gpus and (said := _said_by("nvidia-smi", *asked)):
        return said.splitlines()
    details = [tf.config.experimental.get_device_details(gpu).values() for gpu in gpus]
    return [", ".join(map(str, each)) for each in details]


def _processor() -> str:
    """The name of the processor, as the system tells it."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
