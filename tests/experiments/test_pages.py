import json
import re
from pathlib import Path

import pytest
from scipy import stats
from support import prose
from support.records import runs_table

from vae_gan_tf import list_pretrained
from vae_gan_tf.errors import UserError
from vae_gan_tf.experiments import pages

ROOT = Path(__file__).parents[2]
FIGURES = ROOT / "figures"
TEXTS = {name: (ROOT / name).read_text() for name in pages.PAGES}


@pytest.fixture
def figures(tmp_path):
    """A folder of json beside a README and the other pages."""
    content = {
        "share": 0.4285,
        "seconds": 5400,
        "bound": -94.65,
        "score": [0.8724, 0.0042],
        "nats": {"nats": 919.25, "standard_error": 3.08},
    }
    runs = [("a", 0.02), ("a", 0.03), ("b", 0.05)]
    rows = [{"row": row, "settings": {"labels": 600}, "error": error} for row, error in runs]
    first = {"wall_seconds": 900.0}
    rows[0] |= {
        "wall_seconds": 3600.0,
        "begun_with": {"wall_seconds": 1800.0, "begun_with": first},
    }
    rows[1] |= {"wall_seconds": 1500.0}
    folder = tmp_path / "figures"
    folder.mkdir()
    (folder / "one.json").write_text(json.dumps(runs_table(*rows, **content)))
    for name in pages.PAGES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("Text.\n")
    return folder


@pytest.mark.parametrize("page", pages.PAGES)
def test_the_tables_of_a_page_are_those_of_the_json(page):
    for _, name, content, _ in pages.BLOCK.findall(TEXTS[page]):
        assert content == pages.markdown(name, FIGURES), name


def test_every_table_stands_in_a_page():
    found = {name for text in TEXTS.values() for _, name, *_ in pages.BLOCK.findall(text)}
    assert found == pages.TABLES.keys()


@pytest.mark.parametrize("page", prose.NUMBERS)
def test_the_numbers_in_prose_are_those_of_the_json(page):
    text = prose.prose(TEXTS[page])
    for number in prose.NUMBERS[page]:
        assert pages.filled(number, FIGURES) in text


@pytest.mark.parametrize("page", prose.NUMBERS)
def test_there_is_no_other_number_in_prose(page):
    text = prose.prose(TEXTS[page])
    listed = [pages.filled(number, FIGURES) for number in prose.NUMBERS[page]]
    for known in [*listed, *prose.OTHERS[page]]:
        assert known in text, known
    # Words around a number may be those around the next one too: they stay.
    for known in sorted([*map(values, listed), *prose.OTHERS[page]], key=len, reverse=True):
        text = text.replace(known, re.sub(r"\d", "", known))
    assert re.findall(r".{,20}\d.{,20}", re.sub(prose.NAMES, "", text)) == []


def values(number):
    """What is left of a number in prose without the words before it."""
    return number[re.search(r"\d", number).start() :]


@pytest.mark.parametrize("labels", [1000, 600])
def test_what_a_gan_does_in_the_preset_improved(labels):
    runs = json.loads((FIGURES / "table1-improved.json").read_text())["runs"]
    alone, both = (
        [
            run["scores"]["test/error"]
            for run in sorted(runs, key=lambda run: run["settings"]["seed"])
            if run["row"] == row and run["settings"]["labels"] == labels
        ]
        for row in ("Convolutional, as with GAN", "Convolutional with GAN")
    )
    assert all(one > other for one, other in zip(alone, both, strict=True))
    said = f"{labels}{' labels' if labels == 1000 else ''}: p = "
    p = f"{stats.ttest_rel(alone, both).pvalue:.1g}"
    assert said + p in prose.prose(TEXTS["docs/results.md"])


def test_every_network_in_the_table_of_the_project_ships():
    _, *rows = pages.TABLES["project"]
    names = {row[-1].strip("`") for row in rows if row[-1]}
    assert names and names <= set(list_pretrained())


def test_results_are_at_most_4000_words():
    assert len(TEXTS["docs/results.md"].split()) <= 4000


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("{one > share | %1}", "42.9"),
        ("{one > share | e1}", "57.2"),
        ("{one > seconds | h2}", "1.50"),
        ("{one > bound | -1}", "94.7"),
        ("{one > score}", "0.872 ± 0.004"),
        ("{one > score | v}", "0.872"),
        ("{one > score | %}", "87.2 ± 0.4"),
        ("{one > nats}", "919 ± 3"),
        ("{one > runs > row=a > labels=600 > error | %2}", "2.50 ± 0.71"),
        ("{one > runs > row=a | n} of {one > runs > 2 > error | 2}", "2 of 0.05"),
        ("{one > runs > row=b > error | %1}", "5.0"),
        ("{one > runs > 0 > all_seconds | h2}", "1.75"),
        ("{one > runs > 1 > all_seconds | m0}", "25"),
        ("{one > runs > row=a > all_seconds | hv2}", "1.08"),
        ("{name: value}", "{name: value}"),
    ],
)
def test_a_number_as_it_is_written(figures, number, expected):
    assert pages.filled(number, figures) == expected


@pytest.mark.parametrize(
    "number",
    [
        "{one > nothing | 1}",
        "{one > runs > row=c > error | 1}",
        "{one > runs > 7 | 1}",
        "{one > share}",
        "{one > runs | 1}",
        "{one > runs > 0 > row | 1}",
        "{one > share | x}",
        "{other > share | 1}",
    ],
)
def test_a_number_that_is_not_there_is_a_sentence(figures, number):
    with pytest.raises(UserError):
        pages.filled(number, figures)


@pytest.mark.parametrize(
    ("value", "digits", "expected"),
    [
        (0.125, 2, "0.13"),
        (-0.125, 2, "-0.13"),
        (2.5, 0, "3"),
        (-0.001, 2, "0.00"),
        (5500, 0, "5500"),
        (11000, 0, "11 000"),
    ],
)
def test_rounding_is_half_away_from_zero(value, digits, expected):
    assert pages.rounded(value, digits) == expected


@pytest.mark.parametrize(
    ("error", "digits"), [(0.0042, 3), (0.0017, 4), (0.13, 2), (0.25, 1), (3.1, 0), (13, 0), (0, 3)]
)
def test_an_error_tells_the_digits(error, digits):
    assert pages.digits_of(error) == digits


def test_pages_are_written_and_then_checked(figures, monkeypatch, capsys):
    monkeypatch.setitem(pages.TABLES, "own", [["a", "b"], ["share", "{one > share | %1}"]])
    readme = figures.parent / "README.md"
    readme.write_text("Before.\n<!-- table: own -->\nold\n<!-- end -->\nAfter.\n")
    with pytest.raises(UserError, match=r"README.md differs from the json"):
        pages.main(["pages.py", f"--figures_dir={figures}", "--check"])
    assert "old" in readme.read_text()
    pages.main(["pages.py", f"--figures_dir={figures}"])
    assert readme.read_text() == (
        "Before.\n<!-- table: own -->\n| a | b |\n| --- | --- |\n| share | 42.9 |\n"
        "<!-- end -->\nAfter.\n"
    )
    assert capsys.readouterr().out == f"Wrote {readme}\n"
    pages.main(["pages.py", f"--figures_dir={figures}", "--check"])


@pytest.mark.parametrize(
    ("page", "sentence"),
    [
        ("<!-- table: none -->\n<!-- end -->\n", "there is no table 'none'"),
        ("<!-- table: speed -->\n", "a table without its <!-- end -->"),
    ],
)
def test_a_page_with_a_wrong_block_is_a_sentence(figures, page, sentence):
    (figures.parent / "README.md").write_text(page)
    with pytest.raises(UserError, match=re.escape(sentence)):
        pages.main(["pages.py", f"--figures_dir={figures}"])


def test_a_page_that_is_not_there_is_a_sentence(tmp_path):
    with pytest.raises(UserError, match=r"README.md cannot be read"):
        pages.main(["pages.py", f"--figures_dir={tmp_path / 'figures'}"])
