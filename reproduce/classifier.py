"""Trains the classifier that scores pictures of digits, and writes its weights."""

from vae_gan_tf.experiments import classifier, scripts

if __name__ == "__main__":
    scripts.run(classifier.main)
