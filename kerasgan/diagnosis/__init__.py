"""What ails a run, from its log alone: no model is loaded and no backend started."""

from kerasgan.diagnosis.report import write_report
from kerasgan.diagnosis.rules import Finding
from kerasgan.diagnosis.run import diagnose

__all__ = ["Finding", "diagnose", "write_report"]
