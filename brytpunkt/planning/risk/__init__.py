"""Risk: every strategy served in thousands of drawn worlds, and what may be said from that.

Belongs here: distributions, draws, the kernel that serves a mix in many worlds at once, and statistics of its costs.
Does not belong here: planning anew in another world (``planning/scenarios``), or one world hour by hour
(``planning/optimal/dispatch``).
"""
