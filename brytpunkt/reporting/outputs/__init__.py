"""Outputs: a report as PDF, as HTML and as a workbook, each whole or not at all.

What they show is decided in sections and charts.
"""
