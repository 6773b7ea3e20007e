"""Figure 6: digits sampled from CVAE, one row a label, for MNIST and SVHN (section 4.3)."""

from vae_gan_tf.experiments import figure6, scripts

if __name__ == "__main__":
    scripts.run(figure6.main)
