"""Questions: what is asked is described, kept, and looked for."""

from relook.server.asking.asking import Asking, Question, make_asking

__all__ = ["Asking", "Question", "make_asking"]
