"""Packs bring a model to a box in one file: made, signed, installed, tried, chosen, taken back."""
