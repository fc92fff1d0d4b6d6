"""The window: Qt widgets around the engine."""
