"""Sections: what each section of a plan file may say, a module a section.

Values that several sections share stand in values; reading a file stands in reading.
"""
