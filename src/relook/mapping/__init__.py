"""A collection → what it knows about itself: clusters of one object, copies, what lies around."""

from relook.mapping.clusters import Cluster, Clustering, ClusterSettings, find_clusters
from relook.mapping.duplicates import Copy, CopyGroup, Duplicates, find_duplicates
from relook.mapping.exploration import Exploration, View
from relook.mapping.exploring import explore

__all__ = [
    "Cluster",
    "ClusterSettings",
    "Clustering",
    "Copy",
    "CopyGroup",
    "Duplicates",
    "Exploration",
    "View",
    "explore",
    "find_clusters",
    "find_duplicates",
]
