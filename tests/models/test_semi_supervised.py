import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import special
from support import models
from support.numeric import check_draws, counts, follow, gradient, linear_semi_supervised, norms

from vae_gan_tf import networks
from vae_gan_tf.conditions import ImageCondition, LabelCondition
from vae_gan_tf.errors import UserError
from vae_gan_tf.likelihoods import Bernoulli, Categorical, Gaussian
from vae_gan_tf.models.cvae import CVAE
from vae_gan_tf.models.semi_supervised import Objective, SemiSupervisedVAE

SHAPE, SMALL, LATENT, UNITS = models.SHAPE, (2, 2, 1), models.LATENT, models.UNITS
LABELS = np.array([0, 2, 1], np.int32)
EVEN = Objective(1.0, 1.0, 1.0)


def images(count, shape=SHAPE, seed=0):
    """Images of four grey levels, which every likelihood can take."""
    return np.random.default_rng(seed).integers(0, 4, (count, *shape)).astype(np.float32) / 3


def batch(shape=SHAPE):
    """Three labelled images and four without a label."""
    return (images(3, shape), LABELS), images(4, shape, seed=1)


def small(objective=EVEN, **kwargs):
    """A small model with all that the large ones have, always with the same initial weights."""
    keras.utils.set_random_seed(0)
    return models.semi_supervised(objective=objective, **kwargs)


def trained(**kwargs):
    """A small model after two steps of training, so that its averages have moved."""
    model = small(**kwargs)
    model.compile(keras.optimizers.SGD(0.01))
    for _ in range(2):
        model.train_step(batch())
    return model


def linear(objective=EVEN, **kwargs):
    return linear_semi_supervised(objective, **kwargs)


def numpy_weights(model):
    found = [
        variable
        for network in (model.trunk, model.head, model.decoder)
        for variable in network.trainable_variables
    ]
    assert {id(it) for it in found} == {id(it) for it in model.trainable_variables}
    return [variable.numpy().astype(np.float64) for variable in found]


def labelled_parts(weights, x, y, noise):
    """log p(x | y, z), KL divergence and q(y | x) for one image and one label."""
    q, mean, stddev = follow(weights, x, y)
    joined = np.concatenate([mean + stddev * noise, np.eye(3)[y]])
    p, x = special.expit(joined @ weights[-2] + weights[-1]), x.reshape(-1)
    reconstruction = np.sum(x * np.log(p) + (1 - x) * np.log(1 - p))
    return reconstruction, 0.5 * np.sum(mean**2 + stddev**2 - 1 - np.log(stddev**2)), q


def terms(weights, data, noise, kl_weight=1.0):
    """All that a step reports, one image and one class after the other."""
    (x, y), unlabelled = data
    noise, found = iter(noise), {}

    def note(name, value):
        found.setdefault(name, []).append(value)

    for image, label in zip(x, y, strict=True):
        reconstruction, kl, q = labelled_parts(weights, image, label, next(noise))
        note("labelled/reconstruction", reconstruction)
        note("labelled/kl", kl)
        note("labelled/elbo", reconstruction - kl + np.log(1 / 3))
        note("L", kl_weight * kl - reconstruction - np.log(1 / 3))
        note("classification/loss", -np.log(q[label]))
    for image in unlabelled:
        each = [labelled_parts(weights, image, label, next(noise)) for label in range(3)]
        q = each[0][2]
        entropy = -np.sum(q * np.log(q))
        reconstruction, kl = (sum(q[k] * each[k][part] for k in range(3)) for part in (0, 1))
        note("unlabelled/reconstruction", reconstruction)
        note("unlabelled/kl", kl)
        note("unlabelled/entropy", entropy)
        note("unlabelled/elbo", reconstruction - kl + np.log(1 / 3) + entropy)
        costs = [kl_weight * kl - rec - np.log(1 / 3) for rec, kl, _ in each]
        note("U", q @ costs - entropy)
    assert next(noise, None) is None
    return {name: np.mean(values) for name, values in found.items()}


def every_pair(data):
    """Labelled pairs, then every unlabelled image with every one of three classes."""
    (x, y), unlabelled = data
    return [*zip(x, y, strict=True), *((image, k) for image in unlabelled for k in range(3))]


def noise_of(weights, data, z):
    """The standard normal numbers behind the codes of all pairs."""
    posteriors = [follow(weights, image, label)[1:] for image, label in every_pair(data)]
    return [(code - mean) / stddev for code, (mean, stddev) in zip(z, posteriors, strict=True)]


def numbers(logs):
    return {name: float(value) for name, value in logs.items()}


# The bounds


def test_the_bounds_against_a_plain_sum(decoded):
    model, data = linear(), batch(SMALL)
    (x, y), unlabelled = data
    weights = numpy_weights(model)
    labelled, without = model.bounds(model.pairs(x, y, unlabelled), seed=3)
    assert decoded[0].y.tolist() == [label for _, label in every_pair(data)]
    noise = noise_of(weights, data, decoded[0].z)
    expected = terms(weights, data, noise)
    for kind, bound in (("labelled", labelled), ("unlabelled", without)):
        assert {part.shape[0] for part in bound} == {3 if kind == "labelled" else 4}
        for name, part in vars(bound).items():
            wanted = expected.get(f"{kind}/{name}", 0)
            assert np.mean(part) == pytest.approx(wanted, 1e-5), (kind, name)
    # Each image for itself, and what stands in the loss.
    for place, image in enumerate(unlabelled):
        own = terms(weights, ((x[:0], y[:0]), image[None]), noise[3 + 3 * place : 6 + 3 * place])
        assert float(-without.elbo[place]) == pytest.approx(own["U"], 1e-5)


def test_the_bound_of_given_labels_is_that_of_a_cvae_and_log_p_of_y():
    model, (x, y) = trained(), batch()[0]
    cvae = CVAE(model.encoder, model.decoder, model.condition)
    found, expected = model.elbo(x, y, seed=4), cvae.elbo(x, y, seed=4)
    np.testing.assert_allclose(found.reconstruction, expected.reconstruction, rtol=1e-5)
    np.testing.assert_allclose(found.kl, expected.kl, rtol=1e-4)
    np.testing.assert_allclose(found.elbo, expected.elbo - np.log(3), rtol=1e-5)
    np.testing.assert_array_equal(found.entropy, 0)


@pytest.mark.parametrize(
    "likelihood",
    [
        pytest.param(Bernoulli(), marks=pytest.mark.slow),
        pytest.param(Gaussian(None), marks=pytest.mark.slow),
        Categorical(4),
    ],
    ids=lambda it: type(it).__name__,
)
@pytest.mark.parametrize(
    "convolutions",
    [False, pytest.param(True, marks=pytest.mark.slow)],
    ids=["fully connected", "convolutional"],
)
def test_the_batched_sum_is_the_loop_over_the_labels(convolutions, likelihood, decoded):
    model, x = trained(convolutions=convolutions, likelihood=likelihood), images(5)
    decoded.clear()
    found = model.elbo(x, seed=1)
    z = decoded[0].z
    q = special.softmax(np.asarray(model.trunk(x)[2], np.float64), -1)
    expected = -np.sum(q * np.log(q), -1)
    for label in range(3):
        y, codes = np.full(5, label), z[label::3].astype(np.float32)
        mean, stddev = (getattr(model.encode(x, y), it)().numpy() for it in ("mean", "stddev"))
        kl = 0.5 * np.sum(mean**2 + stddev**2 - 1 - 2 * np.log(stddev), -1)
        reconstruction = model.decode(codes, y).log_prob(x)
        assert np.abs((codes - mean) / stddev).max() < 5  # drawn from this label's posterior
        expected += q[:, label] * (reconstruction - kl + np.log(1 / 3))
    np.testing.assert_allclose(found.elbo, expected, rtol=1e-5)
    assert np.isfinite(found.elbo).all()


def test_every_pair_has_noise_of_its_own(decoded):
    model, x = linear(), images(5000, SMALL)
    model.elbo(x)
    weights = numpy_weights(model)
    noise = np.array(noise_of(weights, ((x[:0], LABELS[:0]), x), decoded[0].z)).reshape(5000, 6)
    # The standard error of each of these is 1 / sqrt(5000) = 0.014 or less.
    np.testing.assert_allclose(noise.mean(0), 0, atol=0.06)
    np.testing.assert_allclose(np.cov(noise.T), np.eye(6), atol=0.08)


def test_the_entropy_raises_the_bound():
    # With nothing that sees y, the bound is that of a VAE less KL(q(y | x) || p(y)).
    model, x = linear(), images(4, SMALL)
    trunk, head, decoder = model.trunk, model.head, model.decoder
    trunk.trainable_variables[3].assign(np.zeros([4, 3]))
    trunk.trainable_variables[2].assign([-30.0, -30.0])  # no noise to speak of
    head.trainable_variables[0].assign(np.zeros([3, 3]))
    kernel = decoder.trainable_variables[0]
    kernel.assign(kernel.numpy() * [[1], [1], [0], [0], [0]])
    for probabilities, divergence in (
        ([1 / 3, 1 / 3, 1 / 3], 0.0),
        ([0.5, 0.25, 0.25], np.log(3) - 1.5 * np.log(2)),
        ([1 - 2e-6, 1e-6, 1e-6], np.log(3) - 3e-5),
    ):
        trunk.trainable_variables[4].assign(np.log(probabilities))
        bound = model.elbo(x)
        expected = bound.reconstruction - bound.kl - divergence
        np.testing.assert_allclose(bound.elbo, expected, rtol=1e-5, atol=1e-5)
        given = [model.elbo(x, np.full(4, label)).elbo for label in range(3)]
        np.testing.assert_allclose(special.logsumexp(given, 0), bound.elbo + divergence, rtol=1e-3)


def test_mixed_precision_ends_where_distributions_begin():
    model, (x, y) = small(dtype="mixed_bfloat16"), batch()[0]
    assert model.trunk(x)[0].dtype == tf.bfloat16
    q, pairs = model.classify(x), model.pairs(x, y, x)
    assert {q.logits.dtype, q.entropy().dtype, pairs.codes.mean().dtype} == {tf.float32}
    assert {part.dtype for part in (*model.elbo(x, y), *model.elbo(x))} == {tf.float32}


def test_distributions_of_labels():
    model, x = linear(), images(4, SMALL)
    q = model.classify(x)
    assert (q.batch_shape, q.event_shape) == ([4], [3])
    expected = [follow(numpy_weights(model), image, 0)[0] for image in x]
    np.testing.assert_allclose(q.probs_parameter(), expected, rtol=1e-5)
    np.testing.assert_allclose(model.label_prior().log_prob(np.eye(3)), -np.log(3), rtol=1e-6)


# The loss

OBJECTIVES = {
    "labelled": Objective(1.0, 0.0, 0.0),
    "unlabelled": Objective(0.0, 1.0, 0.0),
    "classification": Objective(0.0, 0.0, 1.0),
    "all": Objective(0.25, 0.75, 2.0),
}


@pytest.mark.slow
@pytest.mark.parametrize("kl_weight", [1.0, 0.25])
@pytest.mark.parametrize("objective", OBJECTIVES.values(), ids=OBJECTIVES)
def test_a_step_follows_the_gradient_of_the_loss(objective, kl_weight, decoded):
    model, data = linear(objective, kl_weight=kl_weight), batch(SMALL)
    model.compile(keras.optimizers.SGD(1.0))
    weights = numpy_weights(model)
    logs = numbers(model.train_step(data))
    noise = noise_of(weights, data, decoded[0].z)

    def loss(weights):
        found = terms(weights, data, noise, kl_weight)
        return (
            objective.labelled * found["L"]
            + objective.unlabelled * found["U"]
            + objective.classification * found["classification/loss"]
        )

    expected = terms(weights, data, noise)
    del expected["L"], expected["U"]
    expected |= {"loss": loss(weights), **norms(gradient(loss, weights), **counts(model))}
    assert logs == pytest.approx(expected, 1e-4)
    for old, new, slope in zip(weights, numpy_weights(model), gradient(loss, weights), strict=True):
        np.testing.assert_allclose(old - new, slope, rtol=1e-3, atol=2e-6)


REACHED = {
    "labelled": {"trunk": {"dense1", "dense2", "product", "log_variance"}, "head": True},
    "unlabelled": {
        "trunk": {"dense1", "dense2", "product", "log_variance", "logits"},
        "head": True,
    },
    "classification": {"trunk": {"dense1", "dense2", "logits"}, "head": False},
}


@pytest.mark.parametrize("term", REACHED)
def test_which_variables_a_term_reaches(term):
    model = small(objective=OBJECTIVES[term])
    model.compile(keras.optimizers.SGD(0.1))

    def kernels(network):
        return {
            layer.name: layer.kernel.numpy() for layer in network.layers if hasattr(layer, "kernel")
        }

    nets = (model.trunk, model.head, model.decoder)
    before = [kernels(net) for net in nets]
    model.train_step(batch())
    moved = [
        {name for name, kernel in kernels(net).items() if np.abs(kernel - old[name]).max() > 0}
        for net, old in zip(nets, before, strict=True)
    ]
    every = REACHED[term]["head"]
    assert moved[0] == REACHED[term]["trunk"]
    assert moved[1] == ({"product_of_y", "mean"} if every else set())
    assert moved[2] == ({"dense1", "dense2", "parameters"} if every else set())


def test_each_network_sees_one_batch_a_step(decoded):
    model, again = small(), small()
    model.compile(keras.optimizers.SGD(0.0))
    data = (x, y), unlabelled = batch()
    model.train_step(data)
    # Averages begin at 0 and take up a hundredth of the batch's mean.
    together = np.concatenate([x, unlabelled])
    trunk, head, decoder = again.trunk, again.head, again.decoder
    first = together.reshape(7, -1) @ trunk.get_layer("dense1").kernel.numpy()
    pairs = [*range(3), *np.repeat(range(3, 7), 3)]
    labels = np.eye(3)[[*y, *np.tile(range(3), 4)]]
    product = np.asarray(trunk(together, training=True)[0])[pairs]
    expected = {
        model.trunk.get_layer("dense1_normalised"): first,
        model.head.get_layer("dense_normalised"): (
            product + labels @ head.get_layer("product_of_y").kernel.numpy()
        ),
        model.decoder.get_layer("dense1_normalised"): (
            np.concatenate([decoded[0].z, labels], -1) @ decoder.get_layer("dense1").kernel.numpy()
        ),
    }
    for layer, values in expected.items():
        np.testing.assert_allclose(
            layer.moving_mean.numpy(), 0.01 * values.mean(0), rtol=1e-3, atol=1e-7
        )
        np.testing.assert_allclose(
            layer.moving_variance.numpy(), 0.99 + 0.01 * values.var(0), rtol=1e-5
        )


@pytest.mark.slow
def test_a_step_draws_by_the_run_seed_and_the_number_of_the_step(codes):
    check_draws(lambda seed: linear(seed=seed), batch(SMALL), codes)


@pytest.mark.parametrize("counts", [(1000, 54_000), (3, 4)], ids=str)
def test_the_objective_of_kingma_et_al(counts):
    rng, total = np.random.default_rng(0), sum(counts)
    labelled, unlabelled, missed = (rng.random(count) for count in (*counts, counts[0]))
    expected = (labelled.sum() + unlabelled.sum() + 0.1 * total * missed.mean()) / total
    weights = Objective.per_image(*counts)
    found = (
        weights.labelled * labelled.mean()
        + weights.unlabelled * unlabelled.mean()
        + weights.classification * missed.mean()
    )
    assert found == pytest.approx(expected)
    assert Objective.per_image(*counts, classification=50).classification == 50


def test_the_objective_of_the_originals():
    # 0.1 N beside batch means, where Kingma et al. have 0.1 beside a mean over all images.
    originals, theirs = Objective.originals(), Objective.per_image(1000, 54_000)
    assert (originals.labelled, originals.unlabelled, originals.classification) == (1, 1, 5500)
    assert originals.classification / theirs.classification == pytest.approx(55_000)
    assert theirs.unlabelled / theirs.labelled == pytest.approx(54)


# Training, evaluating, saving


@pytest.mark.slow
def test_labels_are_learned_and_pass_to_images_without():
    """Two kinds of images, of which one each is labelled."""
    rng, kinds = np.random.default_rng(0), np.float32([[1, 1, 0, 0], [0, 0, 1, 1]])
    labels = np.tile([0, 1], 40)
    x = (np.abs(kinds[labels] - 0.2 * rng.random((80, 4)))).astype(np.float32)
    x = x.reshape(80, 2, 2, 1)
    model = linear(Objective.per_image(2, 80, classification=1))
    model.compile(keras.optimizers.Adam(0.05))
    step = tf.function(model.train_step)
    for _ in range(100):
        logs = step(((x[:2], labels[:2].astype(np.int32)), x))
    assert float(logs["classification/loss"]) < 0.2
    assert (np.argmax(model.classify(x).logits, -1) == labels).mean() == 1
    # The third class has gone from q(y | x), since no image of it was labelled.
    assert float(logs["unlabelled/entropy"]) < np.log(2)


@pytest.mark.slow
def test_evaluate_averages_over_the_images_of_unequal_batches():
    model, x, y = trained(seed=4), images(7), np.array([0, 1, 2, 0, 1, 2, 0], np.uint8)
    q = special.softmax(np.asarray(model.trunk(x)[2], np.float64), -1)
    rows = slice(0, 3), slice(3, 6), slice(6, 7)
    without = [model.elbo(x[row], seed=[4, row.start]) for row in rows]
    expected = {
        f"elbo/{name}": np.mean(np.concatenate([getattr(part, name) for part in without]))
        for name in ("elbo", "reconstruction", "kl")
    } | {
        "elbo/labelled": np.mean(
            np.concatenate([model.elbo(x[row], y[row], [4, row.start]).elbo for row in rows])
        ),
        "classification/error": np.mean(q.argmax(-1) != y),
        "classification/entropy": np.mean(-np.sum(q * np.log(q), -1)),
    }
    weights, cost = model.objective, np.mean(-np.log(q[np.arange(7), y]))
    expected["loss"] = weights.classification * cost - weights.labelled * expected["elbo/labelled"]
    assert 0 < expected["classification/error"] < 1
    for _ in range(2):  # the second time, nothing is left of the first
        found = model.evaluate(x, y, batch_size=3, verbose=0, return_dict=True)
        assert found == pytest.approx(expected, 1e-5)


def test_what_it_has_of_a_cvae():
    model, (x, y) = trained(), batch()[0]
    cvae = CVAE(model.encoder, model.decoder, model.condition)
    z = model.encode(x, y).mean()
    for one, other in (
        (z, cvae.encode(x, y).mean()),
        (model.decode(z, y).mean(), cvae.decode(z, y).mean()),
        (model.sample(y, seed=2), cvae.sample(y, seed=2)),
        (model.reconstruct(x, y), cvae.reconstruct(x, y)),
    ):
        np.testing.assert_allclose(one, other, rtol=1e-5)


def test_the_layers_are_counted_once():
    model = small()
    assert [layer.name for layer in model.layers] == ["encoder", "decoder"]
    assert (model.trunk.name, model.head.name) == ("trunk", "head")
    assert model.count_params() == sum(
        network.count_params() for network in (model.trunk, model.head, model.decoder)
    )


# Mistakes


def refused(call, message):
    with pytest.raises(UserError, match=message) as error:
        call()
    assert "\n" not in str(error.value)


X, U = images(3), images(4)
CALLS = {
    "classes": (lambda m: m.classify(images(2, (8, 4, 1))), r"\[2, 8, 4, 1\] given"),
    "values": (lambda m: m.classify(255 * X), r"must lie in \[0, 1\]"),
    "a bound of wrong images": (lambda m: m.elbo(X[..., 0]), r"images: shape \[3, 8, 8\] given"),
    "a label too high": (lambda m: m.elbo(X, [0, 1, 3]), r"in \[0, 2\]; found 0 to 3"),
    "labels that are floats": (lambda m: m.elbo(X, [0.0, 1.0, 2.0]), "float32 .*integers of"),
    "labels that are one-hot": (lambda m: m.elbo(X, np.eye(3, dtype=int)), r"\[3, 3\] given"),
    "too few labels": (lambda m: m.elbo(X, [0, 1]), r"2 .*given .*3 images"),
    "no labels": (lambda m: m.encode(X), "needs side information y"),
    "labels in training": (lambda m: m.train_step(((X, LABELS + 1), U)), "found 1 to 3"),
    "floats in training": (lambda m: m.train_step(((X, LABELS / 2), U)), "integers of shape"),
    "images without label": (
        lambda m: m.train_step(((X, LABELS), images(4, (4, 4, 1)))),
        r"\[4, 4, 4, 1\] given",
    ),
    "values of images without label": (
        lambda m: m.train_step(((X, LABELS), 255 * U)),
        r"must lie in \[0, 1\]",
    ),
    "a batch as of a CVAE": (lambda m: m.train_step((X, LABELS)), r"\(\(images, labels\), unlab"),
    "labelled images alone": (lambda m: m.train_step(((X, LABELS),)), "semi-supervised training"),
    "arrays to fit": (lambda m: m.fit(X, LABELS, verbose=0), "semi-supervised training takes"),
    "arrays of wrong labels to fit": (
        lambda m: m.fit((X, LABELS + 1), X, verbose=0),
        "found 1 to 3",
    ),
    "arrays of wrong images to fit": (
        lambda m: m.fit((X, LABELS), 255 * X, verbose=0),
        r"must lie in \[0, 1\]",
    ),
}


@pytest.fixture(scope="module")
def compiled():
    model = small()
    model.compile("adam")
    return model


@pytest.mark.parametrize("mistake", CALLS)
def test_mistakes(mistake, compiled):
    call, message = CALLS[mistake]
    refused(lambda: call(compiled), message)


SIZES = {"latent_size": LATENT, "units": UNITS}
MISFITS = {
    "images as condition": (
        lambda: {"condition": ImageCondition((8, 4, 1))},
        "needs labels",
    ),
    "an encoder as trunk": (
        lambda: {"trunk": networks.fully_connected_encoder(SHAPE, **SIZES)},
        "2 outputs given, 3 expected",
    ),
    "classes of the trunk": (
        lambda: {"trunk": networks.fully_connected_trunk(SHAPE, 4, **SIZES)},
        r"logits \[4\] given, \[3\] expected",
    ),
    "classes of the head": (
        lambda: {"head": networks.mean_head(4, **SIZES)},
        r"head of inputs \[\(16,\), \(4,\)\] given, \[\(16,\), \(3,\)\] expected",
    ),
    "units": (
        lambda: {"head": networks.mean_head(3, latent_size=LATENT, units=7)},
        r"\[\(7,\), \(3,\)\] given, \[\(16,\), \(3,\)\] expected",
    ),
    "codes of the head": (
        lambda: {"head": networks.mean_head(3, latent_size=2, units=UNITS)},
        r"means \[2\] given with a trunk to log-variances \[4\]",
    ),
    "codes of the decoder": (
        lambda: {"decoder": networks.fully_connected_decoder(SHAPE, 3, latent_size=2, units=UNITS)},
        r"decoder of codes \[2\] given",
    ),
    "a decoder without labels": (
        lambda: {"decoder": networks.fully_connected_decoder(SHAPE, **SIZES)},
        r"side information of shapes \[\] given",
    ),
    "a decoder of other images": (
        lambda: {"decoder": networks.fully_connected_decoder((4, 4, 1), 3, **SIZES)},
        r"\[4, 4, 1\] given, \[8, 8, 1\] expected",
    ),
}


@pytest.mark.parametrize("misfit", MISFITS)
def test_networks_must_fit_together(misfit):
    change, message = MISFITS[misfit]
    names = ("trunk", "head", "decoder")
    parts = dict(zip(names, models.semi_supervised_networks(), strict=True))
    parts |= {"condition": LabelCondition(3), "objective": EVEN}
    refused(lambda: SemiSupervisedVAE(**parts | change()), message)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Objective(1.0, -1.0, 0.1), "weight .* of at least 0"),
        (lambda: Objective(1.0, 1.0, float("nan")), "weight .* of at least 0"),
        (lambda: Objective(1.0, 1.0, float("inf")), "weight .* of at least 0"),
        (lambda: Objective.per_image(0, 10), "0 labelled and 10 unlabelled images given"),
        (lambda: Objective.per_image(10, 0), "at least one of each"),
    ],
)
def test_objectives_that_cannot_be(make, message):
    refused(make, message)
