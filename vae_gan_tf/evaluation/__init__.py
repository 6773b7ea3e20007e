"""Evaluation: what models reach, in nats, by scores and by what they draw."""
