"""The models of "When Variational Auto-encoders meet Generative Adversarial Networks" (2016)."""
