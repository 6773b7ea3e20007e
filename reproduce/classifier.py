"""Trains the classifier that scores pictures of digits, and writes its weights."""

from vae_gan_tf_command import run

if __name__ == "__main__":
    run("classifier")
