"""The code blocks of README and docs/keras.md, each run alone, on a few hundred images."""

import dataclasses
import re
from pathlib import Path

import pytest

from vae_gan_tf import datasets

ROOT = Path(__file__).parents[1]
BLOCKS = {
    f"{page}, block {number}": block
    for page in ("README.md", "docs/keras.md")
    for number, block in enumerate(
        re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)
    )
}


def test_there_are_blocks():
    assert len(BLOCKS) == 7


@pytest.mark.slow
@pytest.mark.parametrize("block", BLOCKS)
def test_a_block_of_code_runs_by_itself(block, mnist, monkeypatch, tmp_path):
    few = {name: getattr(mnist, name).at(slice(300)) for name in datasets.SPLITS}
    monkeypatch.setattr(datasets, "load", lambda name: dataclasses.replace(mnist, **few))
    monkeypatch.chdir(tmp_path)
    exec(compile(BLOCKS[block], block, "exec"), {"__name__": "readme"})
