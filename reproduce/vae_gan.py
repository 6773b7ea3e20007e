"""VAE beside VAE-GAN: samples and reconstructions of both (sections 2.1 and 3.1)."""

from vae_gan_tf.experiments import scripts, vae_gan

if __name__ == "__main__":
    scripts.run(vae_gan.main)
