"""What lasts: the catalog, ingest, quarantine and everything derived from them."""

from __future__ import annotations

from relook.collection.collection import Collection
from relook.collection.described import DescribedQuery
from relook.collection.filtering import Filter
from relook.collection.recognizer import Recognizer
from relook.collection.records import (
    AddReport,
    CheckReport,
    Hit,
    Info,
    Picture,
    Progress,
    Quarantined,
    Recognition,
    SearchResult,
)

__all__ = [
    "AddReport",
    "CheckReport",
    "Collection",
    "DescribedQuery",
    "Filter",
    "Hit",
    "Info",
    "Picture",
    "Progress",
    "Quarantined",
    "Recognition",
    "Recognizer",
    "SearchResult",
]
