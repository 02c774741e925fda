"""Brytpunkt: the pure library. Belongs here: how everything is computed. Not here: Dagster, the CLI."""
