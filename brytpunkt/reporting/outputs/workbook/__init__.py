"""Workbook: a run as an Excel file that finance can pivot: summary, sites, ledger, assumptions, sources.

Belongs here: sheets, cell formats, formulas over the ledger. Does not belong here: choice of what reports say.
"""

from brytpunkt.reporting.outputs.workbook.book import workbook_bytes

__all__ = ["workbook_bytes"]
