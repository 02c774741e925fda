"""The entry point that workspace.yaml loads; everything is assembled in ``pipelines.assembly``."""

from pipelines.assembly import build_defs

defs = build_defs()
