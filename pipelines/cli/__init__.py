"""The command line: one module a command, and what they share on a terminal.

What a command does lives in the library or in assets; here it is asked for and shown.
"""
