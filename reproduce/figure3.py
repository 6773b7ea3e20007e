"""Figure 3: the structure of the semi-supervised VAE, from its networks for MNIST (section 2.3)."""

from vae_gan_tf.experiments import figure3, scripts

if __name__ == "__main__":
    scripts.run(figure3.main)
