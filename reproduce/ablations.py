"""The lessons of section 6, tried: short trainings with one thing changed, three seeds each."""

from vae_gan_tf.experiments import ablations, scripts

if __name__ == "__main__":
    scripts.run(ablations.main)
