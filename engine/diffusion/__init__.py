"""Diffusion forwards, which smooths, and backwards, which sharpens: arrays in, arrays out."""
