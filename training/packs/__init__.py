"""Recipes that turn other people's permissive detectors into packs."""
