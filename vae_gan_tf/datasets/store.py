"""Prepared copies of data sets, as TensorFlow Datasets (TFDS) keeps them: made, checked, read."""

from __future__ import annotations

import shutil
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import filelock
import numpy as np
import tensorflow as tf
from google.protobuf.json_format import ParseError

from vae_gan_tf.errors import UserError

if TYPE_CHECKING:
    import tensorflow_datasets as tfds

NETWORK_TIMEOUT = 5.0
"""Seconds to wait for the host of a download before giving up."""


def folder(data_dir: str | Path | None) -> Path:
    """The folder of TFDS: the given one, or its own default."""
    import tensorflow_datasets as tfds

    return Path(tfds.core.constants.DATA_DIR if data_dir is None else data_dir).expanduser()


def builder(name: str, data_dir: str | Path | None) -> tfds.core.DatasetBuilder:
    """The TFDS builder, unmodified; whether it is prepared is up to the caller to see.

    Args:
      name: the name in TFDS.
      data_dir: the folder of TFDS; its own default if ``None``.

    Raises:
      UserError: the metadata of the prepared copy is damaged.
    """
    import tensorflow_datasets as tfds

    data_dir = folder(data_dir)
    try:
        builder = tfds.builder(name, data_dir=data_dir)
    except ParseError as error:  # of dataset_info.json
        raise damaged(data_dir / name / str(tfds.builder_cls(name).VERSION)) from error
    if builder.data_path.exists() and not builder.info.splits:
        raise damaged(builder.data_path)
    return builder


def prepare(
    builder: tfds.core.DatasetBuilder,
    manual_dir: Path | None = None,
) -> None:
    """Lets TFDS prepare its copy; of two processes the second waits for the first.

    Args:
      builder: of a data set that is not prepared.
      manual_dir: the folder of files that are there already and need no download. They are unpacked
        to a passing folder: what an earlier process has unpacked would be used unchecked.

    Raises:
      UserError: the folder cannot be written, or there is no way to the files.
      NonMatchingChecksumError: a file is not the official one.
    """
    import tensorflow_datasets as tfds

    path = Path(builder.data_path)
    unpacked = path.parent / "unpacked.tmp"
    # The copies that Google hosts are left aside, so that the only hosts are the official ones.
    config = tfds.download.DownloadConfig(manual_dir=manual_dir, try_download_gcs=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(path.parent / "lock"):
            for rest in [unpacked, *path.parent.glob("incomplete.*")]:  # of a process that died
                shutil.rmtree(rest, ignore_errors=True)
            if path.exists():
                return
            try:
                builder.download_and_prepare(
                    download_config=config, download_dir=unpacked if manual_dir else None
                )
            finally:
                # Threads of TFDS may still write to it after an altered file was found.
                shutil.rmtree(unpacked, ignore_errors=True)
    except OSError as error:
        # Another program of TFDS, which waits for none, may have prepared it meanwhile.
        if not path.exists():
            raise UserError(f"{path} could not be prepared: {error}") from error


def download(builder: tfds.core.DatasetBuilder, title: str, size: str) -> None:
    """Downloads the files of a data set and prepares its copy.

    Args:
      builder: of a data set that is not prepared.
      title: what the user is told is downloaded.
      size: how much that is.

    Raises:
      UserError: the host is not reached, or sends other files than the official ones.
    """
    import tensorflow_datasets as tfds
    from tensorflow_datasets.core.download.download_manager import NonMatchingChecksumError

    url = next(iter(builder.url_infos), "")  # some data sets do not tell theirs
    host = urllib.parse.urlsplit(url).netloc or "its host"
    print(f"Downloading {title}, {size}, from {host}, and preparing it in {builder.data_path}.")
    try:
        if url:
            reach(url)
        prepare(builder)
    except (OSError, tfds.download.DownloadError, NonMatchingChecksumError) as error:
        raise UserError(
            f"{title} could not be downloaded from {host}: {error}; try again later, or copy the "
            f"folder {builder.data_path} from a machine that has it"
        ) from error


def reach(url: str) -> None:
    """Raises ``OSError`` within seconds if there is no way to the host; TFDS tries for minutes."""
    request = urllib.request.Request(url, method="HEAD")
    urllib.request.urlopen(request, timeout=NETWORK_TIMEOUT).close()


def stored(
    builder: tfds.core.DatasetBuilder, split: str, batch: int | None = 1000
) -> Iterator[dict[str, np.ndarray]]:
    """The examples of a split in batches, in the order in which TFDS stores them.

    Args:
      builder: of a prepared data set.
      split: its name there.
      batch: examples in a batch; None for one by one, as images of many sizes must be.

    Raises:
      UserError: the prepared copy is damaged.
    """
    try:
        yield from _stored(builder, split, batch)
    except tf.errors.OpError as error:
        raise damaged(builder.data_path) from error


def _stored(
    builder: tfds.core.DatasetBuilder, split: str, batch: int | None
) -> Iterator[dict[str, np.ndarray]]:
    """Batches of a split in their stored order, or where the batch is None its examples."""
    import tensorflow_datasets as tfds

    if builder.info.file_format is tfds.core.FileFormat.ARRAY_RECORD:
        records = builder.as_data_source(split=split)
        if batch is None:
            yield from records
            return
        for start in range(0, len(records), batch):
            some = [records[place] for place in range(start, min(start + batch, len(records)))]
            yield {key: np.stack([each[key] for each in some]) for key in some[0]}
        return
    read = tfds.ReadConfig(interleave_cycle_length=1, try_autocache=False)
    data = builder.as_dataset(split=split, shuffle_files=False, read_config=read)
    data = data if batch is None else data.batch(batch)
    yield from data.prefetch(1).as_numpy_iterator()


def damaged(folder: Path) -> UserError:
    """The error that says that a prepared copy is damaged, and what to do."""
    return UserError(
        f"The prepared copy in {folder} is cut off, altered or not readable; delete that folder "
        "and start again."
    )


def version(builder: tfds.core.DatasetBuilder) -> str:
    """The versions of TFDS and of its data set, the beginning of `Dataset.source`."""
    import tensorflow_datasets as tfds

    return f"TensorFlow Datasets {tfds.__version__}, {builder.info.full_name}"
