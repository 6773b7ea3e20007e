import json

import pytest
from matplotlib.figure import Figure
from support.records import claim, runs_table

from vae_gan_tf.errors import UserError
from vae_gan_tf.experiments.tables import KeptTable, slug
from vae_gan_tf.files import _machine


def test_cells_are_kept_one_by_one_and_read_in_the_order_of_their_names(tmp_path):
    table = KeptTable(tmp_path / "figures" / "table")
    assert table.cells() == {}
    table.keep("b", claim("2"))
    table.keep("a", claim("1"))
    table.keep("b", claim("3"))
    assert list(table.cells().items()) == [("a", claim("1")), ("b", claim("3"))]


def test_a_cell_that_is_not_written_to_its_end_is_none(tmp_path):
    table = KeptTable(tmp_path / "table")
    table.keep("a", claim("1"))
    (tmp_path / "table" / f"b.tmp-{_machine()}-99999999.json").write_text("{")
    assert table.cells() == {"a": claim("1")}
    table.keep("b", claim("2"))
    assert {path.name for path in (tmp_path / "table").iterdir()} == {"a.json", "b.json"}


def test_two_processes_fill_one_table(tmp_path):
    one, other = (KeptTable(tmp_path / "table") for _ in range(2))
    one.keep("a", claim("1"))
    other.keep("b", claim("2"))
    assert one.cells() == other.cells() == {"a": claim("1"), "b": claim("2")}


def test_the_files_of_a_table(tmp_path):
    table = KeptTable(tmp_path / "table")
    lines, pictures = [["", "error"], ["row", "1.5"]], {"": Figure(), "-two": Figure()}
    table.write(lines, "A note.", pictures, runs_table())
    assert {path.name for path in tmp_path.iterdir()} == {
        *(f"table.{ending}" for ending in ("md", "csv", "json", "png", "pdf")),
        *("table-two.png", "table-two.pdf"),
    }
    assert "| row | 1.5 |" in (tmp_path / "table.md").read_text()
    assert json.loads((tmp_path / "table.json").read_text()) == runs_table()


@pytest.mark.parametrize("content", ["{", "[1, 2]", "3", '{"a": "b"}'])
def test_a_file_that_is_no_cell_is_one_sentence_and_stays(tmp_path, content):
    file = tmp_path / "table" / "a.json"
    file.parent.mkdir()
    file.write_text(content)
    with pytest.raises(UserError, match=r"a\.json is damaged: .*; move it away"):
        KeptTable(tmp_path / "table", dict[str, int]).cells()
    assert file.read_text() == content


def test_names_of_files():
    assert slug("With GAN, adversarial weight 0") == "with-gan-adversarial-weight-0"
    assert slug("mnist-cvae-gan: 1e-05/x") == "mnist-cvae-gan-1e-05-x"
