"""The house itself: imports, rooms, lock, statements."""
