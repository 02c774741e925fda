"""Pipelines: how it runs: Dagster definitions, jobs, and the command line.

Belongs here: wiring. Not here: what exists (assets) or how it is computed (brytpunkt).
"""
