"""Which pictures of each class show its thing, and where in them."""

from relook.mapping.cleaning.cleaning import CleaningSettings, clean
from relook.mapping.cleaning.records import Checked, ClassReport, Cleaning

__all__ = ["Checked", "ClassReport", "Cleaning", "CleaningSettings", "clean"]
