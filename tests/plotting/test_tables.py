import csv
import json

import pytest

from vae_gan_tf.errors import UserError
from vae_gan_tf.plotting import tables

LINES = [["model", "error, %"], ["VAE", "4.1 ± 0.2"], ["VAE-GAN", "-"]]


def test_a_table_is_written_for_people_and_for_programs(tmp_path):
    path = tmp_path / "new" / "table.json"
    tables.write(LINES, "Of the test images.", path)
    assert path.with_suffix(".md").read_text() == (
        "| model | error, % |\n| --- | --- |\n| VAE | 4.1 ± 0.2 |\n| VAE-GAN | - |\n"
        "\nOf the test images.\n"
    )
    with open(path.with_suffix(".csv"), newline="") as file:
        assert list(csv.reader(file)) == LINES


def test_the_rows_of_an_earlier_command_are_read_back(tmp_path):
    path = tmp_path / "table.json"
    assert tables.read(path, "rows", "the rows of a table") == []
    path.write_text(json.dumps({"rows": [{"model": "vae"}], "runs": []}))
    assert tables.read(path, "rows", "the rows of a table") == [{"model": "vae"}]


@pytest.mark.parametrize("content", [b"", b'{"row', b"[1]", b'{"runs": []}', b"\xff\xfe"])
def test_a_file_that_holds_no_rows_is_named(tmp_path, content):
    path = tmp_path / "table.json"
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"table.json does not hold the rows of a table; move"):
        tables.read(path, "rows", "the rows of a table")
