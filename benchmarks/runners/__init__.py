"""Measurements: one file a part, and the models and scores that parts share."""
