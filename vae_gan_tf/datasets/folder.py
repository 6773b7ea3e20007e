"""A folder of images with a sub-folder a class: ``folder:PATH``.

PATH holds a sub-folder a class, or the folders "train" and "test" with one each; "validation" or
"val" stands for "test" where that is missing. Without any, one image in seven is for test: the last
in an order that is drawn once, with seed 0.
"""

import contextlib
import functools
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import ExifTags, Image, ImageOps

from vae_gan_tf.datasets import decoded
from vae_gan_tf.datasets.form import Form, check_size
from vae_gan_tf.datasets.source import Source
from vae_gan_tf.datasets.splits import Dataset
from vae_gan_tf.errors import UserError

PREFIX = "folder:"

ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp")
"""The endings of files that are read; others are left alone."""

UNREADABLE = (OSError, SyntaxError, ValueError, struct.error, Image.DecompressionBombError)
"""What Pillow raises for damaged files."""

TRAIN, TEST = "train", ("test", "validation", "val")
"""The folders of training images, and of test images: the first that is there. Case is ignored."""


class Files(NamedTuple):
    """The image files of a folder, those for test last."""

    paths: list[Path]
    labels: list[int]
    classes: list[str]
    test: int
    """How many of them are for test."""


@functools.cache  # settings ask for it again and again, and a folder may hold many files
def source(name: str, form: Form) -> Source:
    """The entry of a folder of images.

    Args:
        name: "folder:" and its path.
        form: what its images are made into.

    Raises:
        UserError: the folder is not there, or holds no image, or one class alone.
    """
    files = _files(path(name))
    title = path(name).name or "root"
    return Source(
        title=title,
        family=title,
        load=functools.partial(_load, name, form),
        settings_of="mnist" if form.grey or _mode(files.paths[0]) == "L" else "svhn_small",
    )


def path(name: str) -> Path:
    """The folder that a data set is read from, as an absolute path without "..".

    Raises:
        UserError: a relative path is given, and the current folder is gone.
    """
    try:
        return Path(os.path.abspath(Path(name.removeprefix(PREFIX)).expanduser()))
    except FileNotFoundError as error:
        raise UserError("the current folder is gone; go to another one") from error


def file_name(name: str) -> str:
    """The name of the folder and what tells its path apart, for names of files."""
    its = path(name)
    return f"{its.name or 'root'}-{decoded.key(str(its))[:8]}"


def _load(name: str, form: Form, data_dir: Path, download: bool) -> Dataset:
    folder = path(name)
    files = _files(folder)
    decoded.check(np.array(files.labels), files.test, name, files.classes)  # before the work
    try:
        stamps = decoded.stamps(files.paths, folder)
    except OSError as error:
        raise UserError(f"{error.filename} cannot be read: {error.strerror}") from error
    key = decoded.key(stamps, files.labels, files.test, form)
    place = data_dir / decoded.FOLDER / (folder.name or "root")
    found = decoded.images(
        place.with_name(f"{place.name}-{key}"),
        len(files.paths),
        functools.partial(_shape, files, form),
        _examples(files, form),
    )
    words = f", {form}" if str(form) else ""
    begin = f"The folder {folder.name or folder}{words}:"
    return decoded.dataset(found, files.test, name, files.classes, begin, place)


def _files(path: Path) -> Files:
    try:
        return _found(path)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from error


def _found(path: Path) -> Files:
    if not path.is_dir():
        raise UserError(f"there is no folder {path}")
    parts = _parts(path)
    classes = sorted({name for part in parts for name in _folders(part)})
    for name in classes:
        if name != name.encode(errors="ignore").decode():
            raise UserError(f"{path} holds the class {name!r}, whose name is no text in UTF-8")
    found: list[list[tuple[Path, int]]] = []
    for part in parts:
        of_part = []
        for label, name in enumerate(classes):
            if not (part / name).is_dir():
                raise UserError(
                    f"{part} holds no folder {name}, and {parts[part is parts[0]]} does; each "
                    "class is to have images in both"
                )
            of_class = sorted(_below(part / name, set()))
            if not of_class:
                raise UserError(f"the folder {part / name} holds no image ({', '.join(ENDINGS)})")
            of_part += [(it, label) for it in of_class]
        found.append(of_part)
    if len(classes) < 2:
        names = f" ({classes[0]})" if classes else ""
        raise UserError(
            f"{path} holds {('no folder', 'one folder')[len(classes)]} of images{names}, one a "
            "class and at least two expected"
        )
    files = [each for part in found for each in _drawn(part)]
    test = len(found[1]) if found[1:] else len(files) // decoded.TEST_SHARE
    return Files([it for it, _ in files], [label for _, label in files], classes, test)


def _parts(path: Path) -> list[Path]:
    """The folders of training and of test images, or the one of both.

    Raises:
        UserError: there are others beside them.
    """
    folders = {it.lower(): it for it in _folders(path)}
    train = folders.pop(TRAIN, None)
    if train is None or not _folders(path / train):  # or a class is called so
        if folders and folders.keys() <= {*TEST}:
            without = f"no folder of a class in {train}" if train else f"no folder {TRAIN}"
            raise UserError(f"{path} holds {', '.join(folders.values())} and {without}")
        return [path]
    test = next((folders.pop(it) for it in TEST if it in folders), None)
    if folders:
        read = f"{train} and {test}" if test else train
        raise UserError(
            f"{path} holds {', '.join(folders.values())} beside {read}, which would not be read; "
            f"move it away, or its images into {train}"
        )
    return [path / it for it in (train, test) if it]


def _folders(path: Path) -> list[str]:
    """The names of the folders in a folder, but for hidden ones, which systems leave."""
    return sorted(it.name for it in path.iterdir() if it.is_dir() and not it.name.startswith("."))


def _below(path: Path, seen: set[Path]) -> Iterator[Path]:
    """The image files in a folder and in those below it, linked ones too; each folder once."""
    if path.resolve() in seen:
        return
    seen.add(path.resolve())
    for it in path.iterdir():
        if it.name.startswith("."):
            continue
        if it.is_dir() and it.suffix.lower() not in ENDINGS:
            yield from _below(it, seen)
        elif it.suffix.lower() in ENDINGS:
            yield it


def _drawn(files: list[tuple[Path, int]]) -> list[tuple[Path, int]]:
    """The files in an order that is always the same, and that mixes the classes."""
    return [files[place] for place in np.random.default_rng(0).permutation(len(files))]


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    """An image file.

    Raises:
        UserError: it is no image, or a damaged one.
    """
    try:
        if path.exists() and not path.is_file():
            raise UserError(f"{path} is no file, an image expected")
        with Image.open(path) as image:
            yield image
    except UserError:
        raise
    except UNREADABLE as error:
        raise UserError(f"{path} cannot be read as an image: {error}") from error


def _mode(path: Path) -> str:
    """The mode of an image file, "L" or "RGB".

    Raises:
        UserError: it is no image, or of another kind.
    """
    with _opened(path) as image:
        mode = image.mode
        if "transparency" in image.info:
            mode += " with transparency"
        if any(";16" in str(tile) for tile in getattr(image, "tile", ())):  # of RGB Pillow cuts it
            mode += " of 16 bits"
    found = {"1": "L", "L": "L", "RGB": "RGB", "P": "RGB"}.get(mode)
    if found is None:
        raise UserError(
            f"{path} is an image of mode {mode}; grey images or colours of 8 bits expected, "
            "without transparency"
        )
    return found


def _size(path: Path) -> tuple[int, int]:
    """Height and width of an image as it is looked at: cameras note where its top is."""
    with _opened(path) as image:
        width, height = image.size
        orientation = image.getexif().get(ExifTags.Base.Orientation)
        turned = image.format == "TIFF"  # by Pillow
    on_its_side = orientation in (5, 6, 7, 8) and not turned
    return (width, height) if on_its_side else (height, width)


def _shape(files: Files, form: Form) -> tuple[int, int, int]:
    """The shape of all images in their form; each file's head is looked at."""
    first = files.paths[0]
    modes, sizes = _mode(first), _size(first)
    for path in files.paths:
        if not form.grey and _mode(path) != modes:
            raise UserError(
                f"{first} and {path} are one grey and one in colour; give --grey to make all grey"
            )
        if not form.size and (size := _size(path)) != sizes:
            raise UserError(
                f"{first} is {sizes[0]} pixels high and {sizes[1]} wide, {path} {size[0]} and "
                f"{size[1]}; give --image_size=height,width to resize all"
            )
    height, width = form.size or sizes
    check_size(height, width, f"the images of {files.paths[0].parent}")
    return height, width, 1 if form.grey or modes == "L" else 3


def _examples(files: Files, form: Form) -> Iterator[tuple[np.ndarray, int]]:
    for path, label in zip(files.paths, files.labels, strict=True):
        with _opened(path) as image:
            upright = ImageOps.exif_transpose(image).convert(_mode(path))
        yield form.applied(upright), label
