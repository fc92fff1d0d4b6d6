"""The window of Photomend."""
