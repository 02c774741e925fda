"""Views: how sources stand, what was set aside, and the history of a price; read only.

Writing is the warehouse's own.
"""
