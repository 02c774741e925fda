"""Pages: what each report shows, as plain values and finished charts for the templates.

Belongs here: choice, order and wording of content. Does not belong here: layout (templates/), calculation.
"""
