"""Figure 1: the structure of VAE, read from its networks for MNIST (section 2.1)."""

from vae_gan_tf_command import run

if __name__ == "__main__":
    run("figure1")
