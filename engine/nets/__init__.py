"""Architectures: torch modules that know nothing of photos, files or the rest of the engine."""
