"""Figure 3: the structure of the semi-supervised VAE, from its networks for MNIST (section 2.3)."""

from vae_gan_tf_command import run

if __name__ == "__main__":
    run("figure3")
