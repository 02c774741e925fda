"""Runs: every computed plan kept whole, and two of them compared.

Computing a plan is planning's; showing it is reporting's.
"""
