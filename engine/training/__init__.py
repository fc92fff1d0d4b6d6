"""Training house: one recipe per model, `python -m engine.training NAME`. Nothing else in the project imports it."""
