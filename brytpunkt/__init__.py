"""Brytpunkt, the pure library. Belongs here: how everything is computed, usable from a notebook.

Does not belong here: Dagster, the command line, schedules.
"""
