"""Figure 5: the structure of VAE with GAN, read from its networks for MNIST (section 3.1)."""

from vae_gan_tf.experiments import figure5, scripts

if __name__ == "__main__":
    scripts.run(figure5.main)
