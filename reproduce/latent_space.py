"""The space of the codes, beyond the report: paths between images, and a picture of all of it."""

from vae_gan_tf.experiments import latent_space, scripts

if __name__ == "__main__":
    scripts.run(latent_space.main)
