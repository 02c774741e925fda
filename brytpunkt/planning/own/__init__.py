"""Own: what may be built, and what building and running it costs.

In: sites, server types, needs by cell, prices of energy. Out: build options with their fitness for the room, purchases by
month, energy and storage, and flows by month and component. Rounding and discounting are the ledger's.
"""
