"""VAE beside VAE-GAN: samples and reconstructions of both (sections 2.1 and 3.1)."""

from vae_gan_tf_command import run

if __name__ == "__main__":
    run("vae_gan")
