"""A user's program, which a type checker takes; it is not run."""

import keras
import numpy as np

import vae_gan_tf
from vae_gan_tf import CVAE, CVAEGAN, Gaussian, LabelCondition, datasets, networks, scores

data: datasets.Dataset = datasets.load("mnist")
images, labels = data.test.at(slice(100)).arrays()

condition = LabelCondition(data.num_classes)
encoder = networks.convolutional_encoder(data.image_shape, condition.size, widen=0.5)
decoder = networks.convolutional_decoder(data.image_shape, condition.size, parameters=2)
model = CVAE(encoder, decoder, condition, likelihood=Gaussian(scale=None), kl_weight=2.0)
gan = CVAEGAN(model, networks.discriminator(data.image_shape, 11, style=networks.IMPROVED))
gan.compile(keras.optimizers.Adam(1e-3))

new: np.ndarray = gan.sample([1, 2, 3], seed=1).numpy()
bound: np.ndarray = model.elbo(images, labels).elbo.numpy()
judged = scores.judged(new, np.array([1, 2, 3]), data.judge)
accuracy: float = scores.label_accuracy(judged).value
vae_gan_tf.export(gan.generator, "served")
