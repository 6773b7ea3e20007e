"""Figure 5: the structure of VAE with GAN, read from its networks for MNIST (section 3.1)."""

from vae_gan_tf_command import run

if __name__ == "__main__":
    run("figure5")
