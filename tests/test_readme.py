"""The links of the pages; the code blocks of README and docs/keras.md, each run alone."""

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
    assert len(BLOCKS) == 9


@pytest.mark.slow
@pytest.mark.parametrize("block", BLOCKS)
def test_a_block_of_code_runs_by_itself(block, mnist, monkeypatch, tmp_path):
    few = {name: getattr(mnist, name).at(slice(300)) for name in datasets.SPLITS}
    monkeypatch.setattr(datasets, "load", lambda name: dataclasses.replace(mnist, **few))
    monkeypatch.chdir(tmp_path)
    exec(compile(BLOCKS[block], block, "exec"), {"__name__": "readme"})


PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("figures/**/*.md")])


def anchors(page: Path) -> set[str]:
    """What GitHub calls the headings of a page."""
    code = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    heads = re.findall(r"(?m)^#+ (.*)$", code)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_links_of_a_page_lead_somewhere(page):
    for target in re.findall(r"\]\((?!https?:)([^)]*)\)", page.read_text()):
        path, _, anchor = target.partition("#")
        linked = (page.parent / path).resolve() if path else page
        assert linked.exists(), target
        assert not anchor or anchor in anchors(linked), target


def test_no_page_of_the_docs_is_left_out():
    linked = {
        (page.parent / target.partition("#")[0]).resolve()
        for page in PAGES
        for target in re.findall(r"\]\(([^)]*)\)", page.read_text())
    }
    assert set(ROOT.glob("docs/*.md")) <= linked
