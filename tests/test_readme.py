"""The code blocks of README, each run alone, on a few hundred images."""

import dataclasses
import re
from pathlib import Path

import pytest

from vae_gan_tf import datasets

README = (Path(__file__).parents[1] / "README.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_there_are_blocks():
    assert len(BLOCKS) == 5


@pytest.mark.slow
@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_a_block_of_code_runs_by_itself(block, mnist, monkeypatch, tmp_path):
    few = {name: getattr(mnist, name).at(slice(300)) for name in datasets.SPLITS}
    monkeypatch.setattr(datasets, "load", lambda name: dataclasses.replace(mnist, **few))
    monkeypatch.chdir(tmp_path)
    exec(compile(block, "README.md", "exec"), {"__name__": "readme"})
