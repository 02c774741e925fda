"""Landing: raw documents kept as they came, content-addressed and never changed.

Parsing lives in publishers; what the documents mean is not known here.
"""

from brytpunkt.landing.store import Landing

__all__ = ["Landing"]
