"""Metrics, baselines and reports: how good a colorizer is."""
