"""Reporting: a planning result in, summary.json, charts and PDF reports out.

Belongs here: words, number formats, charts, page contexts, rendering.
Does not belong here: any cost calculation.
"""
