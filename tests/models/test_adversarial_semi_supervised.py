"""Section 3.3. Three labelled images and four without a label make 3 + 4 * 3 pairs (x, y)."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import special
from support import models
from support.numeric import (
    a_copy,
    assert_same,
    check_draws,
    counts,
    follow,
    gradient,
    linear_discriminator,
    linear_semi_supervised,
    norms,
    numpy_weights,
)

from vae_gan_tf import networks
from vae_gan_tf.errors import UserError
from vae_gan_tf.models.adversarial import JudgingVAEGAN, SemiSupervisedVAEGAN
from vae_gan_tf.models.semi_supervised import Objective

SHAPE = models.SHAPE


def images(count, shape=SHAPE, seed=0):
    return np.random.default_rng(seed).random((count, *shape), np.float32)


EVEN = Objective(1.0, 1.0, 1.0)
LABELS = np.array([0, 2, 1], np.int32)


def few(shape=SHAPE):
    return (images(3, shape), LABELS), images(4, shape, seed=1)


def semi_supervised(objective=EVEN, kind=SemiSupervisedVAEGAN, **kwargs):
    """A small model with all that the large ones have, always with the same initial weights."""
    keras.utils.set_random_seed(0)
    build = models.judging_gan if kind is JudgingVAEGAN else models.semi_supervised_gan
    return build(objective=objective, **kwargs)


def linear_few(objective=EVEN, kl_weight=1.0, seed=0, kind=SemiSupervisedVAEGAN, **kwargs):
    """A generator of a layer or two a network, and a discriminator like that, if it has its own."""
    generator = linear_semi_supervised(objective, kl_weight=kl_weight, seed=seed)
    parts = [] if kind is JudgingVAEGAN else [linear_discriminator(4)]
    return kind(generator, *parts, **kwargs)


def read_by_linear(picture, critic):
    """Features and -log D of `linear_discriminator`."""
    features = np.tanh(picture @ critic[0] + critic[1])
    return features, -special.log_softmax(features @ critic[2] + critic[3])


def read_by_classifier(picture, critic):
    """Those of the classifier in `linear_semi_supervised` as a discriminator."""
    return picture, -special.log_softmax([*(picture @ critic[0] + critic[1]), 0])


def generator_weights(model):
    parts = (model.generator.trunk, model.generator.head, model.generator.decoder)
    return [weight for part in parts for weight in numpy_weights(part)]


def every_pair(data):
    """Labelled pairs, then every unlabelled image with every one of three classes."""
    (x, y), unlabelled = data
    return [*zip(x, y, strict=True), *((image, k) for image in unlabelled for k in range(3))]


def costs_of_pair(weights, read, x, y, noise, prior, feature_variance):
    """Section 3.2 for one image and one label in float64; gives q(y | x) too."""
    q, mean, stddev = follow(weights, x, y)

    def decoded(z):
        return special.expit(np.concatenate([z, np.eye(3)[y]]) @ weights[-2] + weights[-1])

    features, real = read(x.reshape(-1))
    _, drawn = read(decoded(prior))
    features_again, reconstructed = read(decoded(mean + stddev * noise))
    generator = {
        "kl": 0.5 * np.sum(mean**2 + stddev**2 - 1 - np.log(stddev**2)),
        "feature": np.sum((features - features_again) ** 2) / (2 * feature_variance),
        "drawn": drawn[y],
        "reconstructed": reconstructed[y],
    }
    return q, generator, {"real": real[y], "drawn": drawn[3], "reconstructed": reconstructed[3]}


def terms_of_few(costs, data):
    """The terms of section 3.3, a pair after the other.

    ``costs(number, x, y)`` gives q(y | x) and the costs of a pair, to be summed up over the labels
    of an image with the weights q(y | x), and averaged over the images.
    """
    (x, y), unlabelled = data
    sums = {}

    def add(name, value):
        sums[name] = sums.get(name, 0) + value

    numbers = iter(range(15))
    for image, label in zip(x, y, strict=True):
        q, found = costs(next(numbers), image, label)
        for name, value in found.items():
            add(f"labelled/{name}", value / len(x))
        add("classification/loss", -np.log(q[label]) / len(x))
    for image in unlabelled:
        for label in range(3):
            q, found = costs(next(numbers), image, label)
            for name, value in found.items():
                add(f"unlabelled/{name}", q[label] * value / len(unlabelled))
        add("unlabelled/entropy", -np.sum(q * np.log(q)) / len(unlabelled))
    assert next(numbers, None) is None
    return sums


def as_discriminators(terms):
    """Those terms of section 3.3 that the discriminator has."""
    names = ("real", "drawn", "reconstructed")
    return {name: term for name, term in terms.items() if name.split("/")[1] in names}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "read"),
    [(SemiSupervisedVAEGAN, read_by_linear), (JudgingVAEGAN, read_by_classifier)],
    ids=["discriminator", "classifier"],
)
@pytest.mark.parametrize(
    ("objective", "kl_weight", "feature_variance", "adversarial_weight"),
    [
        (Objective(0.25, 0.75, 2.0), 0.5, 4, 3),
        (Objective(0.0, 1.0, 0.0), 1, 1, 2),
        (Objective(0.25, 0.75, 2.0), 1, 0.5, 0),
    ],
)
def test_a_semi_supervised_step_against_a_plain_sum(
    objective, kl_weight, feature_variance, adversarial_weight, kind, read, codes
):
    model, data = (
        linear_few(
            objective,
            kl_weight,
            kind=kind,
            feature_variance=feature_variance,
            adversarial_weight=adversarial_weight,
        ),
        few((2, 2, 1)),
    )
    model.compile(keras.optimizers.SGD(1.0), keras.optimizers.SGD(0.5))
    weights, critic = generator_weights(model), numpy_weights(model.discriminator)
    logs = {name: float(value) for name, value in model.train_step(data).items()}
    weights_after = generator_weights(model)

    (z,) = codes
    posteriors = [follow(weights, x, y)[1:] for x, y in every_pair(data)]
    noise = [(code - mean) / stddev for code, (mean, stddev) in zip(z, posteriors, strict=False)]
    prior = z[15:]
    assert (len(noise), len(prior)) == (15, 15)

    def terms(weights, critic, which):
        def costs(number, x, y):
            rest = noise[number], prior[number], feature_variance
            q, *found = costs_of_pair(weights, lambda it: read(it, critic), x, y, *rest)
            return q, found[which]

        return terms_of_few(costs, data)

    # The discriminator minimises the sum of all its terms, labelled and unlabelled.
    def critic_terms(critic):
        return as_discriminators(terms(weights, critic, 1))

    def critic_loss(critic):
        return sum(critic_terms(critic).values())

    its_steps = [0.5 * it for it in gradient(critic_loss, critic)]
    critic_after = [a - b for a, b in zip(critic, its_steps, strict=True)]
    if kind is not JudgingVAEGAN:
        assert_same(numpy_weights(model.discriminator), critic_after, rtol=1e-3, atol=1e-5)

    # The generator's loss is that of section 3.3, its entropy with a minus.
    def loss(weights, critic=critic_after):
        found = terms(weights, critic, 0)
        labelled, unlabelled = (
            kl_weight * found[f"{kind}/kl"]
            + found[f"{kind}/feature"]
            + adversarial_weight * (found[f"{kind}/drawn"] + found[f"{kind}/reconstructed"])
            for kind in ("labelled", "unlabelled")
        )
        return (
            objective.labelled * labelled
            + objective.unlabelled * (unlabelled - found["unlabelled/entropy"])
            + objective.classification * found["classification/loss"]
        )

    # A classifier that is the discriminator takes both steps; in this one it is a constant.
    slopes = gradient(loss, weights)
    steps = [slope.copy() for slope in slopes]
    if kind is JudgingVAEGAN:
        for step, its in zip(steps[3:5], its_steps, strict=True):
            step += its
    assert_same(
        [a - b for a, b in zip(weights, weights_after, strict=True)], steps, rtol=1e-3, atol=1e-5
    )

    assert logs == pytest.approx(
        {
            "loss": loss(weights) + critic_loss(critic),
            "loss/generator": loss(weights),
            "loss/discriminator": critic_loss(critic),
            **terms(weights, critic_after, 0),
            **{
                f"discriminator/{name.replace('/', '_')}": value
                for name, value in critic_terms(critic).items()
            },
            **norms(slopes, **counts(model.generator)),
            **norms(gradient(critic_loss, critic), discriminator=len(critic)),
        },
        1e-4,
    )
    # The test can tell the updated discriminator from the one before.
    if adversarial_weight or kind is not JudgingVAEGAN:
        assert abs(loss(weights) - loss(weights, critic)) > 0.001


def test_more_entropy_costs_less():
    model = linear_few(Objective(1.0, 0.5, 2.0))
    names = ("kl", "feature", "drawn", "reconstructed")
    terms = {f"{kind}/{name}": 1.0 for kind in ("labelled", "unlabelled") for name in names}
    terms |= {"unlabelled/entropy": 0.0, "classification/loss": 1.0}
    assert float(model.weighted(terms)) == 4 + 0.5 * 4 + 2
    assert float(model.weighted(terms | {"unlabelled/entropy": 1.0})) == 4 + 0.5 * 3 + 2


@pytest.mark.slow
@pytest.mark.parametrize("term", ["labelled", "unlabelled", "classification"])
def test_which_networks_a_part_of_the_objective_reaches(term):
    objective = Objective(**{"labelled": 0.0, "unlabelled": 0.0, "classification": 0.0, term: 1.0})
    model = semi_supervised(objective)
    model.compile(keras.optimizers.SGD(0.1))
    generator = model.generator
    variables = {
        f"{part.name}/{variable.path}": variable
        for part in (generator.trunk, generator.head, generator.decoder)
        for variable in part.trainable_variables
    }
    assert len(variables) == len(generator.trainable_variables)
    before = {name: variable.numpy() for name, variable in variables.items()}
    model.train_step(few())
    moved = {name for name, it in variables.items() if np.abs(it.numpy() - before[name]).max() > 0}
    expected = {
        "labelled": {name for name in variables if "/logits/" not in name},
        "unlabelled": set(variables),  # that of q(y | x) too
        "classification": {
            name
            for name in variables
            if name.startswith(("trunk/dense1", "trunk/dense2", "trunk/logits"))
        },
    }
    assert moved == expected[term]


def test_a_semi_supervised_step_passes_each_network_as_seldom_as_it_can(codes, monkeypatch):
    model, data = semi_supervised(), few()
    (x, _), unlabelled = data
    together = np.concatenate([x, unlabelled])
    trunk, decoder = a_copy(model.generator.trunk), a_copy(model.generator.decoder)
    discriminator = a_copy(model.discriminator)
    model.compile(keras.optimizers.SGD(0.1))
    seen, features_and_logits = [], SemiSupervisedVAEGAN.features_and_logits

    def spy(self, pictures, **kwargs):
        seen.append(len(pictures))
        return features_and_logits(self, pictures, **kwargs)

    monkeypatch.setattr(SemiSupervisedVAEGAN, "features_and_logits", spy)
    model.train_step(data)
    # Drawn and reconstructed images of all pairs; then real images, each once, and those again.
    assert seen == [15, 15, 7, 15, 15]
    (z,) = codes
    assert z.shape == (30, models.LATENT)
    # A single pass leaves the averages that the copies have now; real images those of D.
    trunk(together, training=True)
    decoder([z, np.tile(np.eye(3)[[y for _, y in every_pair(data)]], [2, 1])], training=True)
    discriminator(together, training=True)
    for copy, network in (
        (trunk, model.generator.trunk),
        (decoder, model.generator.decoder),
        (discriminator, model.discriminator),
    ):
        averages = [it.numpy() for it in network.non_trainable_variables]
        assert_same(averages, [it.numpy() for it in copy.non_trainable_variables], 1e-4, 1e-6)


def test_losses_of_given_images_average_what_the_networks_say_of_each_pair():
    model, data = semi_supervised(feature_variance=2.0), few()
    x, y, generated = model.prepare(data, tf.constant([0, 0]))
    assert np.asarray(y).tolist() == [label for _, label in every_pair(data)]
    np.testing.assert_array_equal(x, np.concatenate([data[0][0], data[1]]))
    q = special.softmax(np.asarray(generated.pairs.labels.logits, np.float64), -1)
    (features, real), (_, drawn), (features_again, reconstructed) = (
        [np.asarray(it, np.float64) for it in a_copy(model.discriminator)(pictures, training=True)]
        for pictures in (x, generated.drawn, generated.reconstructed)
    )
    place = [*range(3), *np.repeat(range(3, 7), 3)]  # of the image of each pair

    def cost(logits, label):
        return -special.log_softmax(logits)[label]

    def generator_costs(number, _, label):
        difference = features[place[number]] - features_again[number]
        return q[place[number]], {
            "kl": float(generated.kl[number]),
            "feature": np.sum(difference**2) / 4,
            "drawn": cost(drawn[number], label),
            "reconstructed": cost(reconstructed[number], label),
        }

    def critic_costs(number, _, label):
        return q[place[number]], {
            "real": cost(real[place[number]], label),
            "drawn": cost(drawn[number], 3),
            "reconstructed": cost(reconstructed[number], 3),
        }

    found = model.generator_loss(x, y, generated)
    expected = terms_of_few(generator_costs, data)
    assert {name: float(it) for name, it in found.items()} == pytest.approx(expected, 1e-4)
    found = model.discriminator_loss(x, y, generated)
    expected = as_discriminators(terms_of_few(critic_costs, data))
    assert {name: float(it) for name, it in found.items()} == pytest.approx(expected, 1e-4)
    model.reconstructed_weight = 0.25
    lighter = 0.75 * (expected["labelled/reconstructed"] + expected["unlabelled/reconstructed"])
    assert float(model.discriminator_sum(found)) == pytest.approx(
        sum(expected.values()) - lighter, 1e-4
    )


@pytest.mark.slow
def test_a_semi_supervised_step_draws_by_the_run_seed_and_the_number_of_the_step(codes):
    drawn = check_draws(lambda seed: linear_few(seed=seed), few((2, 2, 1)), codes)
    # Every pair has a code of its own from the prior.
    assert len({tuple(code) for code in drawn[15:]}) == 15


@pytest.mark.slow
def test_without_adversarial_terms_labels_are_learned_and_pass_to_images_without():
    """Two kinds of images, of which one each is labelled; the third class has none."""
    rng, kinds = np.random.default_rng(0), np.float32([[1, 1, 0, 0], [0, 0, 1, 1]])
    labels = np.tile(np.int32([0, 1]), 40)
    x = np.abs(kinds[labels] - 0.2 * rng.random((80, 4))).astype(np.float32).reshape(80, 2, 2, 1)
    objective = Objective.per_image(2, 80, classification=1)
    model = linear_few(objective, adversarial_weight=0.0)
    model.compile(keras.optimizers.Adam(0.05), keras.optimizers.Adam(0.01))
    step = tf.function(model.train_step)
    assert (np.argmax(model.classify(x).logits, -1) == labels).mean() < 0.6
    first = step(((x[:2], labels[:2]), x))
    for _ in range(100):
        logs = step(((x[:2], labels[:2]), x))
    assert np.isfinite([float(value) for value in logs.values()]).all()
    assert (np.argmax(model.classify(x).logits, -1) == labels).mean() == 1
    for name in ("classification/loss", "loss/discriminator"):
        assert float(logs[name]) < 0.7 * float(first[name]), name


def test_the_classifier_is_the_discriminator_by_its_own_weights(tmp_path):
    model, ((x, _), unlabelled) = semi_supervised(kind=JudgingVAEGAN), few()
    model.compile(keras.optimizers.SGD(0.1))
    model.train_step(few())
    model.save(tmp_path / "model.keras")
    for it in (model, keras.saving.load_model(tmp_path / "model.keras")):
        it.update_discriminator(*it.prepare(few(), tf.constant([0, 0])))
        q, of_d = it.classify(unlabelled).probs_parameter(), it.discriminate(unlabelled)
        np.testing.assert_allclose(of_d[:, :-1], q * (1 - of_d[:, -1:]), rtol=1e-5)
        fake = 1 / (1 + np.sum(np.exp(it.classify(x).logits), -1))
        np.testing.assert_allclose(it.discriminate(x)[:, -1], fake, rtol=1e-5)
        assert len(it.trainable_variables) == len(it.generator.trainable_variables)


@pytest.mark.parametrize("build", [models.vae, models.cvae])
def test_semi_supervised_vae_gan_needs_a_semi_supervised_generator(build):
    with pytest.raises(UserError, match="needs a semi-supervised VAE as its generator"):
        SemiSupervisedVAEGAN(build(), models.small_discriminator(4))


@pytest.mark.parametrize(
    ("shape", "logits", "message"),
    [
        (SHAPE, 3, "3 logits given, one of 4 expected"),
        (SHAPE, 1, "1 logits given, one of 4 expected"),
        ((4, 4, 1), 4, r"images \[4, 4, 1\] given, \[8, 8, 1\] expected"),
    ],
)
def test_a_discriminator_must_fit_the_semi_supervised_generator(shape, logits, message):
    with pytest.raises(UserError, match=message):
        SemiSupervisedVAEGAN(semi_supervised().generator, models.small_discriminator(logits, shape))


UNFIT = {
    "a batch as of a CVAE": (*few()[0],),
    "labelled images alone": (few()[0], None),
    "the label of generated images": ((images(3), np.int32([0, 1, 3])), images(4)),
    "labels that are floats": ((images(3), np.float32([0, 1, 2])), images(4)),
    "too few labels": ((images(3), np.int32([0, 1])), images(4)),
    "values above 1": ((images(3), LABELS), images(4) * 255),
    "images of another size": ((images(3), LABELS), images(4, (4, 4, 1))),
}
SENTENCES = {
    "a batch as of a CVAE": r"takes batches \(\(images, labels\), unlabelled images\)",
    "labelled images alone": "semi-supervised training takes",
    "the label of generated images": "found 0 to 3",
    "labels that are floats": "integers of shape",
    "too few labels": r"2 .*given .*3 images",
    "values above 1": r"images must lie in \[0, 1\]",
    "images of another size": r"\[4, 4, 4, 1\] given, \[batch, 8, 8, 1\] expected",
}


@pytest.mark.slow
@pytest.mark.parametrize("mistake", UNFIT)
def test_mistakes_in_a_semi_supervised_batch(mistake):
    model = semi_supervised()
    model.compile(keras.optimizers.SGD(0.1))
    before = [np.copy(weight) for weight in model.get_weights()]
    calls = [lambda batch: model.train_step(batch)]
    if mistake != "labelled images alone":  # to fit, those are not arrays but a data set's
        calls.append(lambda batch: model.fit(*batch, verbose=0))
    for call in calls:
        with pytest.raises(UserError, match=SENTENCES[mistake]) as error:
            call(UNFIT[mistake])
        assert "\n" not in str(error.value)
    assert_same(before, model.get_weights())


def test_features_are_compared_of_images_that_are_moved_alike():
    """Reconstructions that are the images cost nothing, wherever layers move them to."""
    keras.utils.set_random_seed(0)
    discriminator = networks.discriminator(
        SHAPE, 4, 1 / 16, style=networks.IMPROVED, augmentation=networks.moved_and_cut()
    )
    model = SemiSupervisedVAEGAN(models.semi_supervised(EVEN), discriminator)
    x, y, generated = model.prepare(few(), (0, 1))
    perfect = dataclasses.replace(generated, reconstructed=generated.expand(x))
    terms = model.generator_loss(x, y, perfect)
    assert model.has_noise()
    np.testing.assert_allclose(terms["labelled/feature"], 0, atol=1e-10)
    np.testing.assert_allclose(terms["unlabelled/feature"], 0, atol=1e-10)
    assert model.generator_loss(x, y, generated)["unlabelled/feature"] > 1e-3
