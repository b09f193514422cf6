"""Honest marks: that a picture or a sound was generated, said in its file and read from it."""

from kerasgan.marks.mark import Mark, current, marking, marking_made
from kerasgan.marks.reading import Marks, read_marks
from kerasgan.marks.signer import Signer

__all__ = ["Mark", "Marks", "Signer", "current", "marking", "marking_made", "read_marks"]
