"""The laboratory: settings, presets, the models by name, and the scripts of the figures."""
