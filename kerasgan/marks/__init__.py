"""Honest marks: that a picture or a sound was generated, said in its file and read from it."""

from kerasgan.marks.mark import Mark, current, marking
from kerasgan.marks.reading import Marks, read_marks
from kerasgan.marks.signer import Signer

__all__ = ["Mark", "Marks", "Signer", "current", "marking", "read_marks"]
