"""What a Keras program may do wrong with a model, and what it sees of it."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from support import models
from support.numeric import assert_same

import vae_gan_tf
from vae_gan_tf import networks
from vae_gan_tf.errors import UserError
from vae_gan_tf.models.adversarial import generator
from vae_gan_tf.models.compiled import Means


def compiled(kind, *optimizers, **kwargs):
    keras.utils.set_random_seed(0)
    model = models.KINDS[kind]()
    model.compile(*optimizers, **{"run_eagerly": True} | kwargs)
    return model


def test_means_weigh_batches_by_their_images():
    means = Means()
    assert means.add({"loss": tf.constant(1.0)}, 3) == {"loss": 1.0}
    assert means.add({"loss": tf.constant(5.0)}, 1) == {"loss": 2.0}


@pytest.mark.parametrize(("kind", "rate"), [("VAE", 1e-3), ("CVAE-GAN", 1e-4)])
def test_without_an_optimizer_it_is_adam_with_the_rate_of_the_report(kind, rate):
    model = compiled(kind)
    assert isinstance(model.optimizer, keras.optimizers.Adam)
    assert float(model.optimizer.learning_rate) == pytest.approx(rate)


WEIGHTS = np.ones(10, np.float32)


@pytest.mark.parametrize("kind", ["VAE", "CVAE of labels"])
def test_weights_of_images_are_refused_in_every_form(kind):
    model, (x, y) = compiled(kind), models.arrays(kind, 10)
    triples = tf.data.Dataset.from_tensor_slices((x, models.labels(10), WEIGHTS)).batch(10)
    before = model.get_weights()
    for call in (
        lambda: model.fit(x, y, sample_weight=WEIGHTS, verbose=0),
        lambda: model.fit(x, y, class_weight={0: 1.0}, verbose=0),
        lambda: model.fit(triples, verbose=0),
        lambda: model.evaluate(triples, verbose=0),
        lambda: model.evaluate(x, y, sample_weight=WEIGHTS, verbose=0),
        lambda: model.train_on_batch(x, y, sample_weight=WEIGHTS),
    ):
        with pytest.raises(UserError, match="every image counts the same"):
            call()
    assert_same(model.get_weights(), before)


def test_weights_of_images_are_refused_beside_unlabelled_ones():
    model, (pair, unlabelled) = compiled("M2"), models.arrays("M2", 10)
    data = tf.data.Dataset.from_tensor_slices((pair, unlabelled, WEIGHTS)).batch(10)
    with pytest.raises(UserError, match="every image counts the same"):
        model.fit(data, verbose=0)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["VAE", "CVAE-GAN"])
def test_a_batch_of_a_single_image_is_not_normalised_in_silence(kind):
    data = models.dataset(kind, 5, batch=4)
    with pytest.raises(UserError, match="a batch of a single image given to train on"):
        compiled(kind).fit(data, verbose=0)
    compiled(kind).evaluate(models.validation(kind, 5, batch=4), verbose=0)


def test_a_single_image_is_trained_on_where_no_batch_is_normalised():
    style = networks.Style(normalisation=None)
    size = {"latent_size": 4, "style": style, **models.SIXTEENTH}
    model = vae_gan_tf.VAE(
        networks.convolutional_encoder(models.SHAPE, **size),
        networks.convolutional_decoder(models.SHAPE, **size),
    )
    model.compile(run_eagerly=True)
    assert np.isfinite(model.fit(models.images(1), verbose=0).history["loss"][0])


@pytest.mark.parametrize("training", [True, False])
def test_a_batch_without_images_is_refused(training):
    model, nothing = compiled("VAE"), models.images(0)
    with pytest.raises(UserError, match="a batch without images given"):
        (model.train_on_batch if training else model.test_on_batch)(nothing)


@pytest.mark.parametrize("kind", ["VAE", "DRAW", "VAE-GAN"])
def test_no_images_are_refused(kind):
    model = models.KINDS[kind]()
    for call in (model.encode, model.reconstruct, model.elbo, model):
        with pytest.raises(UserError, match=r"^a batch without images or codes given, at"):
            call(models.images(0))


@pytest.mark.parametrize("count", [0, -1, 2.5, [3], "many"])
def test_a_number_of_images_is_a_number(count):
    with pytest.raises(UserError):
        models.vae().sample(count)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["CVAE of labels", "CVAE-GAN"])
def test_labels_may_be_a_list(kind):
    model, (x, y) = compiled(kind, keras.optimizers.SGD(0.0)), models.arrays(kind, 10)
    for call in (model.fit, model.evaluate):
        found, expected = (call(x, labels, verbose=0) for labels in (y.tolist(), y))
        if call == model.fit:
            found, expected = found.history, expected.history
            model.optimizer.iterations.assign(0)
        assert np.all(np.isfinite([*found.values()] if isinstance(found, dict) else found))
    np.testing.assert_array_equal(model.sample(y.tolist()), model.sample(y))


@pytest.mark.parametrize("kind", ["CVAE of labels", "CVAE of images", "CVAE-GAN"])
def test_a_model_is_called_with_a_pair_or_two_arguments(kind):
    model = models.KINDS[kind]()
    x, y = models.images(4), models.side_information(kind, 4)
    expected = model.reconstruct(x, y)
    for found in (model(x, y), model((x, y)), model([x, y])):
        np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_other_nests_are_refused():
    with pytest.raises(UserError, match=r"^images or pairs .* expected, not 4$"):
        models.vae()((models.images(2), models.labels(2), models.labels(2), models.labels(2)))
    data = tf.data.Dataset.from_tensor_slices({"image": models.images(10)}).batch(10)
    with pytest.raises(UserError, match="images or pairs"):
        compiled("VAE").fit(data, verbose=0)


@pytest.mark.parametrize("name", ["model.h5", "model.hdf5"])
def test_hdf5_is_refused_before_anything_is_written(name, tmp_path):
    with pytest.raises(UserError, match=r"saved as a file \.keras"):
        models.cvae_gan().save(tmp_path / name)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["VAE", "CVAE-GAN"])
def test_how_it_was_compiled_is_saved(kind, tmp_path):
    model = compiled(kind, keras.optimizers.SGD(0.5), steps_per_execution=3)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert again.run_eagerly and again.steps_per_execution == 3
    assert float(again.optimizer.learning_rate) == 0.5
    model.compile(keras.optimizers.SGD(0.5), jit_compile=True)
    model.save(tmp_path / "model.keras")
    assert keras.saving.load_model(tmp_path / "model.keras").jit_compile


@pytest.mark.slow
@pytest.mark.parametrize("given", [1, 2])
def test_a_loaded_gan_follows_a_schedule_as_the_saved_one_did(given, tmp_path):
    model = compiled("CVAE-GAN", *[keras.optimizers.SGD(0.5) for _ in range(given)])
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    again.optimizer.learning_rate = 0.25
    expected = 0.25 if given == 1 else 0.5
    assert float(again.discriminator_optimizer.learning_rate) == expected


class Spied(vae_gan_tf.VAE):
    """Notes the seed of each step."""

    def training_loss(self, x, y, seed):
        self.optimizer.noted.append(tuple(np.asarray(seed)))
        return super().training_loss(x, y, seed)


def test_micro_batches_of_accumulated_gradients_have_noise_of_their_own():
    model = Spied(*models.small_networks(), seed=7)
    optimizer = keras.optimizers.SGD(0.1, gradient_accumulation_steps=2)
    object.__setattr__(optimizer, "noted", [])
    model.compile(optimizer, run_eagerly=True)
    model.fit(models.dataset("VAE", 40), verbose=0)
    assert optimizer.noted == [(7, step) for step in range(4)]
    assert int(optimizer.iterations) == 2


@pytest.mark.parametrize("seed", [2**31, -(2**31), 1.5, "1", [1, 2, 3], [0, 2**40]])
def test_a_seed_that_is_none_is_refused(seed):
    model = models.vae()
    with pytest.raises(UserError, match="an integer from"):
        model.sample(2, seed)
    if not isinstance(seed, list):
        with pytest.raises(UserError, match=r"an integer (from|expected)"):
            models.vae(seed=seed)


def test_a_truth_value_is_no_seed_of_a_model():
    with pytest.raises(UserError, match=r"^seed=True given, an integer expected$"):
        models.vae(seed=True)


@pytest.mark.slow
def test_averages_of_weights_reach_both_networks_of_a_gan():
    optimizer = keras.optimizers.SGD(0.01, use_ema=True, ema_momentum=0.5)
    model = compiled("CVAE-GAN", optimizer)
    model.fit(models.dataset("CVAE-GAN", 40), verbose=0)
    for each in (model.optimizer, model.discriminator_optimizer):
        for variable, average in zip(
            each._trainable_variables, each._model_variables_moving_average, strict=True
        ):
            np.testing.assert_array_equal(variable, average)


def test_a_model_computes_in_float32_whatever_the_global_policy():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = models.vae(dtype="float32")
    finally:
        keras.config.set_dtype_policy(before)
    layers = generator(model).encoder.layers[1:]  # the first is the input
    assert {layer.compute_dtype for layer in layers} == {"float32"}
    x = models.images(3)
    assert model(x).dtype == "float32"
    np.testing.assert_array_equal(model(x), model.reconstruct(x))


def outputs_of_16_bits(shape, outputs, dtype="float16"):
    """A network of a user's own, whose outputs are float16, [batch, *each of outputs]."""
    x = keras.Input(shape)
    flat = keras.layers.Flatten()(x)
    made = [
        keras.layers.Reshape(each, dtype=dtype)(
            keras.layers.Dense(int(np.prod(each)), dtype=dtype)(flat)
        )
        for each in outputs
    ]
    return keras.Model(x, made if made[1:] else made[0])


@pytest.mark.slow
def test_losses_are_float32_where_a_users_networks_give_16_bits():
    keras.utils.set_random_seed(0)  # with some weights the first scaled gradients overflow
    model = vae_gan_tf.VAE(
        outputs_of_16_bits(models.SHAPE, [(4,), (4,)]), outputs_of_16_bits((4,), [models.SHAPE])
    )
    gan = vae_gan_tf.VAEGAN(model, outputs_of_16_bits(models.SHAPE, [(4, 4, 3), (1,)]))
    x = models.images(8)
    bound = model.elbo(x)
    assert {each.dtype for each in bound} == {tf.float32}
    assert gan.discriminate(x).dtype == tf.float32
    for each in (model, gan):
        each.compile(keras.optimizers.SGD(1e-4), run_eagerly=True)
        assert isinstance(each.optimizer, keras.optimizers.LossScaleOptimizer)
        shown = each.train_step((x,))
        assert {value.dtype for value in shown.values()} == {tf.float32}
        assert np.all(np.isfinite([*shown.values()]))


def test_the_feature_loss_is_a_sum_over_features_of_any_shape():
    model = vae_gan_tf.VAE(*models.small_networks())
    network = outputs_of_16_bits(models.SHAPE, [(4, 4, 3), (1,)], "float32")
    gan = vae_gan_tf.VAEGAN(model, network, feature_variance=2.0)
    x = models.images(5)
    generated = model.generate(x, None, 0)
    found = gan.generator_costs(tf.constant(x), None, generated)["feature"]
    one, other = (np.float64(network(it)[0]) for it in (x, generated.reconstructed))
    np.testing.assert_allclose(found, np.sum((one - other) ** 2, (1, 2, 3)) / 4, rtol=1e-4)


@pytest.mark.slow
def test_averages_of_weights_that_two_optimizers_share_are_swapped_back():
    model = compiled(
        "M2 whose classifier is the discriminator",
        keras.optimizers.Adam(1e-2, use_ema=True, ema_momentum=0.9),
    )
    seen = []

    class Note(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append(self.model.get_weights())

        def on_epoch_begin(self, epoch, logs=None):
            seen.append(self.model.get_weights())

    swap = keras.callbacks.SwapEMAWeights(swap_on_epoch=True)
    # Weights are noted before they are swapped, and after they were swapped back.
    data = models.dataset("M2", 20)
    model.fit(data, epochs=2, verbose=0, callbacks=[Note(), swap, Note()])
    before, after = seen[2], seen[5]
    assert_same(before, after, rtol=1e-5, atol=1e-6)


def test_a_batch_without_unlabelled_images_is_refused():
    model, ((x, y), unlabelled) = compiled("M2"), models.arrays("M2", 10)
    with pytest.raises(UserError, match="a batch without unlabelled images"):
        model.train_on_batch((x, y), unlabelled[:0])


def test_arrays_without_images_are_refused():
    model, x = compiled("VAE"), models.images(0)
    for call in (model.fit, model.evaluate, model.predict):
        with pytest.raises(UserError, match="a batch without images"):
            call(x, verbose=0)


@pytest.mark.slow
def test_labels_may_be_a_list_wherever_they_are_given():
    model, ((x, y), unlabelled) = compiled("M2"), models.arrays("M2", 10)
    pair = x, y.tolist()
    model.fit(pair, unlabelled, validation_data=pair, verbose=0)
    np.testing.assert_allclose(model.predict(pair, verbose=0), model.predict((x, y), verbose=0))
    np.testing.assert_array_equal(model(*pair), model(x, y))


class Own(keras.layers.Layer):
    def __init__(self):
        super().__init__()
        self.inner = keras.layers.BatchNormalization()

    def call(self, inputs, training=False):
        return self.inner(inputs, training=training)


def test_batch_normalisation_within_a_layer_is_found():
    image = keras.Input(models.SHAPE)
    h = Own()(keras.layers.Flatten()(image))
    encoder = keras.Model(image, [keras.layers.Dense(4)(h), keras.layers.Dense(4)(h)])
    model = vae_gan_tf.VAE(encoder, models.small_networks()[1])
    model.compile(run_eagerly=True)
    with pytest.raises(UserError, match="a batch of a single image"):
        model.fit(models.images(1), verbose=0)


def trunk_of_other_logits():
    trunk, head, decoder = models.semi_supervised_networks()
    product, log_variance, logits = trunk.outputs
    other = keras.Model(trunk.inputs, [product, log_variance, keras.layers.Dense(3)(logits)])
    return vae_gan_tf.SemiSupervisedVAE(
        other, head, decoder, vae_gan_tf.LabelCondition(3), vae_gan_tf.Objective.per_image(1, 1)
    )


MISFITS = {
    "a GAN of M2": lambda: vae_gan_tf.VAEGAN(
        models.semi_supervised(), models.small_discriminator(1)
    ),
    "a GAN of a network": lambda: vae_gan_tf.VAEGAN(
        models.small_discriminator(1), models.small_discriminator(1)
    ),
    "a GAN of labels of a network": lambda: vae_gan_tf.CVAEGAN(
        models.small_discriminator(1), models.small_discriminator(1)
    ),
    "a judging GAN of a VAE": lambda: vae_gan_tf.JudgingVAEGAN(models.vae()),
    "a judging GAN of other logits": lambda: vae_gan_tf.JudgingVAEGAN(trunk_of_other_logits()),
    "a reconstruction by name": lambda: models.vae_gan(reconstruction="mse"),
    "no variance": lambda: models.vae_gan(feature_variance=0.0),
    "a variance in words": lambda: models.vae_gan(feature_variance="50"),
    "a negative weight": lambda: models.vae_gan(adversarial_weight=-1.0),
    "no weight": lambda: models.vae_gan(adversarial_weight=None),
    "a weight that is true": lambda: models.classifying_gan(information=True),
    "a likelihood by name": lambda: vae_gan_tf.VAE(*models.small_networks(), likelihood="gaussian"),
    "the class of a likelihood": lambda: vae_gan_tf.VAE(
        *models.small_networks(), likelihood=vae_gan_tf.Gaussian
    ),
    "no condition": lambda: vae_gan_tf.CVAE(*models.small_networks(3), condition=None),
    "a KL weight of nan": lambda: models.vae(kl_weight=float("nan")),
    "half a step": lambda: models.draw(steps=1.5),
    "no classes": lambda: vae_gan_tf.LabelCondition(0),
    "half a class": lambda: vae_gan_tf.LabelCondition(2.5),
    "an image without channels": lambda: vae_gan_tf.ImageCondition((8, 4)),
    "no objective": lambda: vae_gan_tf.SemiSupervisedVAE(
        *models.semi_supervised_networks(), vae_gan_tf.LabelCondition(3), None
    ),
}


@pytest.mark.parametrize("mistake", MISFITS)
def test_parts_that_do_not_fit_are_refused_where_the_model_is_built(mistake):
    with pytest.raises(UserError) as error:
        MISFITS[mistake]()
    assert "\n" not in str(error.value)


def test_one_optimizer_is_not_given_twice():
    optimizer = keras.optimizers.SGD(0.1)
    with pytest.raises(UserError, match="one optimizer given twice"):
        compiled("VAE-GAN", optimizer, optimizer)


@pytest.mark.slow
def test_a_weight_that_is_changed_counts_in_the_next_fit_and_evaluation():
    model = compiled("VAE-GAN", keras.optimizers.SGD(0.0), run_eagerly=False, jit_compile=False)
    data = models.dataset("VAE-GAN", 10)

    def shown():
        model.optimizer.iterations.assign(0)
        return {name: values[0] for name, values in model.fit(data, verbose=0).history.items()}

    before, evaluated = shown(), model.evaluate(data, verbose=0, return_dict=True)
    model.generator.kl_weight, model.adversarial_weight = 3.0, 2.0
    after, again = shown(), model.evaluate(data, verbose=0, return_dict=True)
    adversarial = before["generator/drawn"] + before["generator/reconstructed"]
    expected = before["loss/generator"] + 2 * before["generator/kl"] + adversarial
    assert after["loss/generator"] == pytest.approx(expected, rel=1e-4)
    assert again["loss"] == pytest.approx(evaluated["loss"] + 2 * evaluated["elbo/kl"], rel=1e-4)


def test_strategies_that_keras_cannot_drive_are_refused():
    with tf.distribute.MultiWorkerMirroredStrategy().scope():
        model = models.KINDS["VAE"]()
        model.compile()
    with pytest.raises(UserError, match=r"cannot drive .* set TF_CONFIG and run"):
        model.fit(models.arrays("VAE", 4)[0], verbose=0)
