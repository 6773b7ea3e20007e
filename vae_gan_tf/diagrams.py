"""Structure diagrams of the models, figures 1 to 5, read from networks as they are built.

A diagram has columns of boxes, and arrows between them. The boxes of a network come from its Keras
layers (`read`): what a layer is, its size and its output shape are taken from the layer objects,
so another network gives another diagram. What is no layer (an image, a code, a likelihood, a loss)
is a `Box` of its own. A figure is a description in these words, see `vae`, and `draw` does the
rest: it measures the text, places the boxes and leads the arrows.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
from keras import layers
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle
from matplotlib.path import Path as Line

from vae_gan_tf import plots
from vae_gan_tf.models.adversarial import VAEGAN
from vae_gan_tf.models.cvae import CVAE
from vae_gan_tf.models.semi_supervised import SemiSupervisedVAE
from vae_gan_tf.models.vae import VAE
from vae_gan_tf.networks import UpsampledDeconvolution

ENCODER, DECODER, DISCRIMINATOR, LOSS, PLAIN = "#dbe6f2", "#e0ecd9", "#f8e6d2", "#e6e6e6", "#ffffff"
"""Fills: one a network, one for the losses, and white for everything else."""

# All lengths are inches.
FONT = {"fontsize": 9, "linespacing": 1.3, "math_fontfamily": "dejavusans"}
BOLD = FONT | {"fontweight": "bold"}
PAD = 0.07
"""Between a text and the edge of its box."""
GAP = 0.2
"""Between boxes above each other: room for an arrow."""
BESIDE = 0.08
"""Between boxes beside each other in a row, and between layers and the edge of their network."""
TITLE = 0.2
"""Above the layers of a network."""
GUTTER = 0.32
"""Between columns: room for arrows that turn."""
LANE = 0.12
"""Between the highest network and arrows that pass over it."""
MARGIN = 0.06


@dataclass(frozen=True)
class Box:
    """A box with text, known to arrows by its name."""

    name: str
    lines: Sequence[str]
    """Text, which may hold mathtext between dollar signs."""
    fill: str = PLAIN


@dataclass(frozen=True)
class Arrow:
    """What flows from one box to another.

    ``sides`` are the sides where it leaves and arrives: ("top", "top") passes over the columns
    between, ("left", "left") beside the boxes between in a column, ("left", "top") and ("right",
    "bottom") turn once. Without them it goes down or up in a column, or across the gutter to
    another column, straight if it can.
    """

    source: str
    target: str
    sides: tuple[str, str] | None = None


@dataclass(frozen=True)
class Network:
    """The boxes of a network in rows, from its inputs to its outputs."""

    title: str
    fill: str
    rows: Sequence[Sequence[Box]]
    arrows: Sequence[Arrow]
    inputs: Sequence[Sequence[str]]
    """For each input of the network the names of the boxes that take it."""
    outputs: Sequence[str]
    """For each output the name of the box that gives it."""

    def upwards(self) -> "Network":
        """The same with its inputs at the bottom."""
        return replace(self, rows=self.rows[::-1])

    def fed(self, number: int, *sources: str, sides: tuple[str, str] | None = None) -> list[Arrow]:
        """Arrows from the boxes that feed an input to those that take it."""
        return [Arrow(each, box, sides) for each in sources for box in self.inputs[number]]


@dataclass(frozen=True)
class Column:
    """What stands above each other: boxes, rows of boxes, networks.

    The rows are spread evenly between the top and the bottom of the diagram, or between the rows
    that ``beside`` puts at the height of a box in another column.
    """

    content: Sequence[Box | Sequence[Box] | Network]
    beside: Mapping[str, str] = field(default_factory=dict)
    """From the name of a box here to the name of the box whose height it takes, which is in a
    column of fewer such boxes, or of as many and further left."""


@dataclass(frozen=True)
class Diagram:
    """Columns from left to right, and the arrows that are not within a network."""

    columns: Sequence[Column]
    arrows: Sequence[Arrow]

    def boxes(self) -> dict[str, Box]:
        """All boxes by name."""
        rows = (row for column in self.columns for row, _ in _rows(column))
        return {box.name: box for row in rows for box in row}


# From a network to boxes.


def read(network: keras.Model, title: str, fill: str, symbols: Sequence[str] = ()) -> Network:
    """The layers of a functional model as boxes.

    A layer is one box with the batch normalisation and the activation behind it: a line on what it
    is, a line on what follows it, and its output shape without the batch. Boxes are named
    "<network>/<layer>", as in "encoder/conv1".

    Args:
        network: a functional model.
        title: the name that the diagram gives it.
        fill: its colour.
        symbols: what its outputs are called, in their order.
    """
    inputs = [id(tensor) for tensor in network.inputs]
    takers = [id(tensor) for layer in network.layers for tensor in _inputs(layer)]
    merged: dict[int, list[layers.Layer]] = {}  # the layers of a box, by what the last one gives
    for layer in network.layers:
        if isinstance(layer, layers.InputLayer):
            continue
        follows = isinstance(layer, layers.BatchNormalization | layers.Activation)
        before = id(_inputs(layer)[0])
        # Where something else takes what comes before, or it is an output, it is a box of its own.
        alone = takers.count(before) == 1 and before not in map(id, network.outputs)
        merge = follows and before in merged and alone
        merged[id(layer.output)] = [*(merged.pop(before) if merge else ()), layer]

    names = {tensor: f"{title.lower()}/{group[0].name}" for tensor, group in merged.items()}
    outputs = [names[id(tensor)] for tensor in network.outputs]
    called = dict(zip(outputs, symbols, strict=False))
    taken: dict[int, list[str]] = {tensor: [] for tensor in [*inputs, *merged]}
    ranks = dict.fromkeys(inputs, -1)
    rows: list[list[Box]] = []
    for tensor, group in merged.items():
        name = names[tensor]
        for each in _inputs(group[0]):
            taken[id(each)].append(name)
        ranks[tensor] = 1 + max(ranks[id(each)] for each in _inputs(group[0]))
        symbol = f"{called[name]}: " if name in called else ""
        lines = [
            _what(group[0]),
            ", ".join(map(_what, group[1:])),
            symbol + shape(group[-1].output),
        ]
        rows.extend([] for _ in range(ranks[tensor] + 1 - len(rows)))
        rows[ranks[tensor]].append(Box(name, [line for line in lines if line]))
    return Network(
        title,
        fill,
        rows,
        [Arrow(names[tensor], box) for tensor in merged for box in taken[tensor]],
        [taken[tensor] for tensor in inputs],
        outputs,
    )


def shape(tensor: keras.KerasTensor) -> str:
    """The shape of a tensor without the batch: "14 x 14 x 28", with signs of multiplication."""
    return " \N{MULTIPLICATION SIGN} ".join(map(str, tensor.shape[1:]))


def _inputs(layer: layers.Layer) -> list[keras.KerasTensor]:
    return layer.input if isinstance(layer.input, list) else [layer.input]


def _what(layer: layers.Layer) -> str:
    """What a layer is, in a few words: "conv 5x5, 28, stride 2"."""
    match layer:
        case layers.Conv2D() | layers.Conv2DTranspose():
            kind = "deconv" if isinstance(layer, layers.Conv2DTranspose) else "conv"
            if isinstance(layer, UpsampledDeconvolution):
                kind = f"upsample {_times((2, 2))}, {kind}"
            words = f"{kind} {_times(layer.kernel_size)}, {layer.filters}"
            if layer.strides != (1, 1):
                same = len(set(layer.strides)) == 1
                words += f", stride {layer.strides[0] if same else _times(layer.strides)}"
        case layers.Dense():
            words = f"FC, {layer.units}"
        case layers.BatchNormalization():
            words = "BN"
        case layers.Activation():
            return _activation(layer)
        case layers.Concatenate():
            words = "join"
        case layers.MaxPooling2D():
            words = f"max pool {_times(layer.pool_size)}"
        case layers.UpSampling2D():
            words = f"upsample {_times(layer.size)}"
        case _:
            words = type(layer).__name__.lower()
    own = _activation(layer) if hasattr(layer, "activation") else "linear"
    return words if own == "linear" else f"{words}, {own}"


def _times(sizes: Sequence[int]) -> str:
    return "\N{MULTIPLICATION SIGN}".join(map(str, sizes))


def _activation(layer: layers.Layer) -> str:
    name = layer.activation.__name__
    return "ReLU" if name == "relu" else name


# The figures.


def vae(model: VAE) -> Diagram:
    """Figure 1 (section 2.1), or of a `CVAE` figure 2 (section 2.2), with y drawn beside both."""
    y = ", y" if isinstance(model, CVAE) else ""
    given = "|z, y" if y else "|z"
    equation = "" if y else " (1)"
    weight = _weight(model.kl_weight)
    encoder, decoder, posterior, code = _generator(model)
    columns = [
        Column([_image(model), encoder, posterior]),
        Column(
            [
                Box("reconstruction", ["reconstruction", rf"$L_x = -\log\,p(x{given})$"], LOSS),
                Box("loss", [f"loss{equation}", rf"$L(x{y}) = {weight}L_{{KL}} + L_x$"], LOSS),
                _kl(y),
                code,
            ]
        ),
        Column([_likelihood(model, [rf"$p(x{given})$"]), decoder.upwards()]),
    ]
    arrows = [
        *encoder.fed(0, "x"),
        *(Arrow(output, "posterior") for output in encoder.outputs),
        Arrow("posterior", "z"),
        Arrow("posterior", "kl"),
        *decoder.fed(0, "z"),
        Arrow(decoder.outputs[0], "likelihood"),
        Arrow("x", "reconstruction"),
        Arrow("likelihood", "reconstruction"),
        Arrow("reconstruction", "loss"),
        Arrow("kl", "loss"),
    ]
    if y:
        # y stands outside of both networks, so that no arrow has to cross another.
        for network, side in ((encoder, 0), (decoder, len(columns) + 1)):
            name = f"y/{network.title.lower()}"
            box = Box(name, ["$y$", shape(model.encoder.inputs[1])])
            columns.insert(side, Column([box], {name: network.inputs[1][0]}))
            arrows += network.fed(1, name)
    return Diagram(columns, arrows)


def semi_supervised(model: SemiSupervisedVAE) -> Diagram:
    """Figure 3 (section 2.3): a CVAE whose trunk gives q(y | x) too, and the sum over y."""
    trunk = read(
        model.trunk, "Trunk", ENCODER, [r"$W\,h_1$", r"$\log\,\sigma^2$", r"logits $\ell$"]
    )
    head = read(model.head, "Head", ENCODER, [r"$\mu$"])
    decoder = read(model.decoder, "Decoder", DECODER)
    posterior, code = _codes(model)
    product, log_variance, logits = trunk.outputs
    y = ["$y$", shape(model.head.inputs[1])]
    weights = model.objective
    columns = [
        # The head takes the product at the height where the trunk gives it.
        Column(
            [Box("y/head", y), head],
            {head.inputs[1][0]: trunk.rows[-2][0].name, head.inputs[0][0]: product},
        ),
        Column([_image(model), trunk, posterior]),
        Column(
            [
                Box(
                    "unlabelled",
                    [
                        "unlabelled",
                        r"$U(x) = -H(q(y|x))$",
                        r"$+\,\Sigma_y\,q(y|x)\,L(x, y)$",
                    ],
                    LOSS,
                ),
                Box(
                    "loss",
                    [
                        "loss",
                        rf"${_weight(weights.labelled)}L(x, y)$",
                        rf"$+\,{_weight(weights.unlabelled)}U(x)$",
                        rf"$+\,{_weight(weights.classification)}L_y$",
                    ],
                    LOSS,
                ),
                Box("classification", ["classification", r"$L_y = -\log\,q(y|x)$"], LOSS),
                Box("q(y|x)", ["$q(y|x) =$", r"$\mathrm{Cat}(\mathrm{softmax}(\ell))$"]),
            ],
            {"q(y|x)": trunk.rows[-2][0].name},
        ),
        Column(
            [
                Box("reconstruction", ["reconstruction", r"$L_x = -\log\,p(x|z, y)$"], LOSS),
                Box(
                    "labelled",
                    [
                        "labelled",
                        rf"$L(x, y) = {_weight(model.kl_weight)}L_{{KL}}$",
                        r"$+\,L_x - \log\,p(y)$",
                    ],
                    LOSS,
                ),
                Box("kl", ["$L_{KL} =$", r"$\mathrm{KL}(q(z|x, y) \| N(0, I))$"], LOSS),
                code,
            ],
            {"labelled": "loss"},
        ),
        Column([_likelihood(model, ["$p(x|z, y)$"]), decoder.upwards()]),
        Column([Box("y/decoder", y)], {"y/decoder": decoder.inputs[1][0]}),
    ]
    arrows = [
        *trunk.fed(0, "x"),
        *head.fed(0, product),
        *head.fed(1, "y/head"),
        Arrow(log_variance, "posterior"),
        Arrow(head.outputs[0], "posterior"),
        Arrow(logits, "q(y|x)", ("right", "bottom")),
        Arrow("posterior", "z"),
        Arrow("posterior", "kl"),
        *decoder.fed(0, "z"),
        *decoder.fed(1, "y/decoder"),
        Arrow(decoder.outputs[0], "likelihood"),
        Arrow("x", "reconstruction", ("top", "top")),
        Arrow("likelihood", "reconstruction"),
        Arrow("reconstruction", "labelled"),
        Arrow("kl", "labelled"),
        Arrow("labelled", "unlabelled"),
        Arrow("labelled", "loss"),
        Arrow("q(y|x)", "unlabelled", ("left", "left")),
        Arrow("q(y|x)", "classification"),
        Arrow("classification", "loss"),
        Arrow("unlabelled", "loss"),
    ]
    return Diagram(columns, arrows)


def vae_gan(model: VAEGAN) -> Diagram:
    """Figure 5 (section 3.1): a VAE, the code of the prior beside its own, and a discriminator."""
    generator = model.generator
    encoder, decoder, posterior, code = _generator(generator)
    critic = read(model.discriminator, "Discriminator", DISCRIMINATOR, [r"$f_l$", r"logit $\ell$"])
    features, logit = critic.outputs
    picture = shape(model.discriminator.inputs[0])
    weight = _weight(model.adversarial_weight)
    columns = [
        Column([_image(generator), encoder, posterior, _kl()]),
        Column(
            [
                Box("prior", [r"$z_p \sim N(0, I)$", shape(generator.decoder.inputs[0])]),
                code,
            ],
            {"prior": encoder.outputs[0], "z": "posterior"},
        ),
        Column(
            [
                [
                    Box("reconstructed", [r"$\tilde{x} = \mathrm{Dec}(z)$", picture]),
                    Box("drawn", [r"$x_p = \mathrm{Dec}(z_p)$", picture]),
                ],
                _likelihood(generator, ["mean of $p(x|z)$"]),
                decoder.upwards(),
            ],
            {decoder.inputs[0][0]: "posterior"},
        ),
        Column(
            [
                Box(
                    "feature",
                    [
                        "feature loss",
                        r"$L_l = \|f_l(x) - f_l(\tilde{x})\|^2 / 2\sigma^2$",
                        rf"$\sigma^2 = {model.feature_variance:g}$",
                    ],
                    LOSS,
                ),
                Box(
                    "generator loss",
                    [
                        "generator loss (2)",
                        rf"$L_G = {_weight(generator.kl_weight)}L_{{KL}} + L_l$",
                        rf"$-\,{weight}\log\,D(x_p)$",
                        rf"$-\,{weight}\log\,D(\tilde{{x}})$",
                    ],
                    LOSS,
                ),
            ],
            {"feature": features},
        ),
        Column(
            [
                critic,
                Box("D", [r"$D = \mathrm{sigmoid}(\ell)$"]),
                Box(
                    "discriminator loss",
                    [
                        "discriminator loss (3)",
                        r"$L_D = -\log\,D(x)$",
                        r"$-\,\log(1 - D(x_p))$",
                        r"$-\,\log(1 - D(\tilde{x}))$",
                    ],
                    LOSS,
                ),
            ],
        ),
    ]
    arrows = [
        *encoder.fed(0, "x"),
        *(Arrow(output, "posterior") for output in encoder.outputs),
        Arrow("posterior", "kl"),
        Arrow("posterior", "z"),
        *decoder.fed(0, "z", "prior"),
        Arrow(decoder.outputs[0], "likelihood"),
        Arrow("likelihood", "reconstructed"),
        Arrow("likelihood", "drawn"),
        *critic.fed(0, "x", "reconstructed", "drawn", sides=("top", "top")),
        Arrow(features, "feature"),
        Arrow(logit, "D"),
        Arrow("D", "discriminator loss"),
        Arrow("D", "generator loss", ("left", "top")),
        Arrow("feature", "generator loss"),
        Arrow("kl", "generator loss"),
    ]
    return Diagram(columns, arrows)


def _generator(model: VAE) -> tuple[Network, Network, Box, Box]:
    """Encoder and decoder, q(z | x) and the sampled code."""
    symbols = [r"$\mu$", r"$\log\,\sigma^2$"]
    return (
        read(model.encoder, "Encoder", ENCODER, symbols),
        read(model.decoder, "Decoder", DECODER),
        *_codes(model),
    )


def _codes(model: VAE) -> tuple[Box, Box]:
    """q(z | x) and the sampled code."""
    y = ", y" if isinstance(model, CVAE) else ""
    return (
        Box("posterior", [rf"$q(z|x{y}) = N(\mu, \sigma^2)$"]),
        Box(
            "z",
            [
                r"$z = \mu + \sigma\,\epsilon$",
                r"$\epsilon \sim N(0, I)$",
                shape(model.decoder.inputs[0]),
            ],
        ),
    )


def _image(model: VAE) -> Box:
    return Box("x", ["$x$", shape(model.encoder.inputs[0])])


def _kl(y: str = "") -> Box:
    return Box("kl", [rf"$L_{{KL}} = \mathrm{{KL}}(q(z|x{y}) \| N(0, I))$"], LOSS)


def _likelihood(model: VAE, lines: Sequence[str]) -> Box:
    return Box("likelihood", [*lines, type(model.likelihood).__name__])


def _weight(value: float) -> str:
    """A weight before a term, in mathtext, of four decimals at most; nothing for 1."""
    return "" if value == 1 else rf"{round(value, 4):g}\,"


# From a diagram to a picture.


class Place(NamedTuple):
    """Where a box is, in inches from the lower left."""

    left: float
    bottom: float
    width: float
    height: float
    column: int

    @property
    def right(self) -> float:
        """The right edge."""
        return self.left + self.width

    @property
    def top(self) -> float:
        """The upper edge."""
        return self.bottom + self.height

    @property
    def middle(self) -> tuple[float, float]:
        """The centre."""
        return self.left + self.width / 2, self.bottom + self.height / 2


def draw(diagram: Diagram) -> Figure:
    """The picture of a diagram, as large as its text needs.

    Every patch and text carries as ``gid`` what it shows: the name of a box, the title of a
    network, or "<source> -> <target>" of an arrow.
    """
    places, panels = _layout(diagram)
    networks = [network for network, _ in panels]
    arrows = [*diagram.arrows, *(arrow for network in networks for arrow in network.arrows)]
    paths = {f"{arrow.source} -> {arrow.target}": _path(arrow, places) for arrow in arrows}
    figure, axes = _canvas([*places.values(), *(place for _, place in panels)], paths.values())

    for network, place in panels:
        frame = Rectangle((place.left, place.bottom), place.width, place.height)
        frame.set(facecolor=network.fill, edgecolor="0.6", linewidth=0.6, gid=network.title)
        axes.add_patch(frame)
        at = place.left + BESIDE, place.top - (TITLE + BESIDE) / 2
        axes.text(*at, network.title, va="center", gid=network.title, **BOLD)
    for name, path in paths.items():
        arrow = FancyArrowPatch(path=path, arrowstyle="-|>", mutation_scale=8, joinstyle="miter")
        arrow.set(color="0.15", linewidth=0.9, gid=name)
        axes.add_patch(arrow)
    layers_only = {box.name for network in networks for row in network.rows for box in row}
    for name, box in diagram.boxes().items():
        place = places[name]
        corners = "square,pad=0" if name in layers_only else "round,pad=0,rounding_size=0.07"
        frame = FancyBboxPatch(place[:2], place.width, place.height, boxstyle=corners)
        frame.set(facecolor=box.fill, edgecolor="0.3", linewidth=0.8, gid=name)
        axes.add_patch(frame)
        axes.text(*place.middle, "\n".join(box.lines), ha="center", va="center", gid=name, **FONT)
    return figure


def save(diagram: Diagram, folder: Path, figure: str, custom: bool) -> None:
    """Draws a diagram and writes it as <figure>.png, or <figure>-custom.png for other settings.

    Raises:
        UserError: the folder cannot be made or written.
    """
    path = folder / f"{figure}{'-custom' if custom else ''}.png"
    plots.save(draw(diagram), path)
    print(f"Wrote {path}")


def _rows(column: Column) -> list[tuple[Sequence[Box], Network | None]]:
    """The rows of a column from above, each with the network that it belongs to."""
    rows: list[tuple[Sequence[Box], Network | None]] = []
    for each in column.content:
        if isinstance(each, Network):
            rows += [(row, each) for row in each.rows]
        else:
            rows.append(([each] if isinstance(each, Box) else each, None))
    return rows


def _size(lines: Sequence[str], style: Mapping) -> np.ndarray:
    """Width and height of a text."""
    figure = Figure(dpi=150)
    text = figure.text(0, 0, "\n".join(lines), **style)
    extent = text.get_window_extent(FigureCanvasAgg(figure).get_renderer())
    return np.array([extent.width, extent.height]) / figure.dpi


def _layout(diagram: Diagram) -> tuple[dict[str, Place], list[tuple[Network, Place]]]:
    """The places of all boxes and of all networks; the first rows are at height 0."""
    sizes = {name: _size(box.lines, FONT) + 2 * PAD for name, box in diagram.boxes().items()}
    heights = _heights(diagram, sizes)
    places: dict[str, Place] = {}
    panels = []
    left = 0.0
    for number, column in enumerate(diagram.columns):
        width = _width(column, sizes)
        for row, network in _rows(column):
            between = BESIDE * (len(row) - 1)
            each = max(sizes[box.name][0] for box in row)
            if network:  # its layers are as wide as it is
                each = (width - 2 * BESIDE - between) / len(row)
            at = left + (width - each * len(row) - between) / 2
            for box in row:
                high = sizes[box.name][1]
                places[box.name] = Place(at, heights[box.name] - high / 2, each, high, number)
                at += each + BESIDE
        for network in column.content:
            if isinstance(network, Network):
                inside = [places[box.name] for row in network.rows for box in row]
                bottom = min(place.bottom for place in inside) - BESIDE
                top = max(place.top for place in inside) + TITLE + BESIDE
                panels.append((network, Place(left, bottom, width, top - bottom, number)))
        left += width + GUTTER
    return places, panels


def _width(column: Column, sizes: Mapping[str, np.ndarray]) -> float:
    """The width of a column: that of its widest row, or of a title beside a network's arrow."""
    widths = []
    for row, network in _rows(column):
        each = max(sizes[box.name][0] for box in row)
        edges = len(row) + 1 if network else len(row) - 1
        widths.append(each * len(row) + BESIDE * edges)
        if network:
            widths.append(2 * (_size([network.title], BOLD)[0] + 2 * BESIDE))
    return max(widths)


def _steps(rows: Sequence, sizes: Mapping[str, np.ndarray]) -> list[float]:
    """From the centre of each row to that of the next, at least."""
    halves = [max(sizes[box.name][1] for box in row) / 2 for row, _ in rows]
    networks = [network for _, network in rows]
    steps = []
    for number, (above, below) in enumerate(pairwise(networks)):
        step = halves[number] + GAP + halves[number + 1]
        if above is not below:
            step += (BESIDE if above else 0) + (TITLE + BESIDE if below else 0)
        steps.append(step)
    return steps


def _heights(
    diagram: Diagram, sizes: Mapping[str, np.ndarray], depth: float = 0.0
) -> dict[str, float]:
    """The height of the centre of each box; the first rows are at 0, the last at -depth or lower.

    What is to spare between two rows that are fixed, the gaps between them share. Where they are
    fixed too close to each other, the whole diagram becomes deeper.
    """
    steps = [_steps(_rows(column), sizes) for column in diagram.columns]
    depth = max(depth, *map(sum, steps))
    heights: dict[str, float] = {}
    in_order = sorted(
        zip(diagram.columns, steps, strict=True), key=lambda each: len(each[0].beside)
    )
    for column, distances in in_order:
        rows = [[box.name for box in row] for row, _ in _rows(column)]
        fixed = {0: 0.0, len(rows) - 1: -depth if len(rows) > 1 else 0.0}
        for name, other in column.beside.items():
            fixed[next(n for n, row in enumerate(rows) if name in row)] = heights[other]
        for (first, top), (last, bottom) in pairwise(sorted(fixed.items())):
            spare = (top - bottom - sum(distances[first:last])) / (last - first)
            if spare < -1e-6:
                return _heights(diagram, sizes, depth + 0.05)
            for number in range(first + 1, last):
                top -= distances[number - 1] + spare
                fixed[number] = top
        heights |= {name: fixed[number] for number, row in enumerate(rows) for name in row}
    return heights


def _path(arrow: Arrow, places: Mapping[str, Place]) -> Line:
    """The way of an arrow, of horizontal and vertical stretches."""
    source, target = places[arrow.source], places[arrow.target]
    (x, y), (to_x, to_y) = source.middle, target.middle
    if arrow.sides == ("top", "top"):
        lane = max(place.top for place in places.values()) + BESIDE + TITLE + LANE
        return Line([(x, source.top), (x, lane), (to_x, lane), (to_x, target.top)])
    if arrow.sides == ("left", "top"):
        # To the right of the middle, which is where an arrow from above arrives.
        to_x = target.left + 0.85 * target.width
        return Line([(source.left, y), (to_x, y), (to_x, target.top)])
    if arrow.sides == ("left", "left"):
        lane = min(place.left for place in places.values() if place.column == source.column)
        lane -= GUTTER / 2
        return Line([(source.left, y), (lane, y), (lane, to_y), (target.left, to_y)])
    if arrow.sides == ("right", "bottom"):
        return Line([(source.right, y), (to_x, y), (to_x, target.bottom)])
    if source.column == target.column:
        x = (max(source.left, target.left) + min(source.right, target.right)) / 2
        down = source.bottom > target.top
        ends = (source.bottom, target.top) if down else (source.top, target.bottom)
        return Line([(x, end) for end in ends])
    rightwards = source.column < target.column
    x, to_x = (source.right, target.left) if rightwards else (source.left, target.right)
    low, high = max(source.bottom, target.bottom), min(source.top, target.top)
    if low < high:
        return Line([(x, (low + high) / 2), (to_x, (low + high) / 2)])
    edges = [place for place in places.values() if place.column == target.column]
    if rightwards:
        lane = min(place.left for place in edges) - GUTTER / 2
    else:
        lane = max(place.right for place in edges) + GUTTER / 2
    return Line([(x, y), (lane, y), (lane, to_y), (to_x, to_y)])


def _canvas(places: Sequence[Place], paths: Iterable[Line]) -> tuple[Figure, Axes]:
    """A figure with axes in inches that hold all boxes and arrows."""
    corners = [(place.left, place.bottom) for place in places]
    corners += [(place.right, place.top) for place in places]
    points = np.concatenate([corners, *(path.vertices for path in paths)])
    low, high = points.min(0) - MARGIN, points.max(0) + MARGIN
    figure = Figure(figsize=high - low)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    axes.axis("off")
    return figure, axes
