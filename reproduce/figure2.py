"""Figure 2: the structure of CVAE, read from its networks for MNIST (section 2.2)."""

from vae_gan_tf.experiments import figure2, scripts

if __name__ == "__main__":
    scripts.run(figure2.main)
