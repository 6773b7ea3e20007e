"""The model cards of the networks that ship, docs/models.md."""

from vae_gan_tf_command import run

if __name__ == "__main__":
    run("cards")
