"""What the report claims, beside what was measured."""

from vae_gan_tf.experiments import claims, scripts

if __name__ == "__main__":
    scripts.run(claims.main)
