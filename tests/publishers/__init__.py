"""Tests of publishers: native documents in, tables out.

Small native fixtures stand beside the tests. Fetching is tested with landing, history with the warehouse.
"""
