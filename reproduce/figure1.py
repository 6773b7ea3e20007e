"""Figure 1: the structure of VAE, read from its networks for MNIST (section 2.1)."""

from vae_gan_tf.experiments import figure1, scripts

if __name__ == "__main__":
    scripts.run(figure1.main)
