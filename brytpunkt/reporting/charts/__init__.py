"""Charts: result frames in, vector SVG with a spoken title out, drawn for print.

Belongs here: scales, marks, labels, colours. Does not belong here: page layout, planning.
"""
