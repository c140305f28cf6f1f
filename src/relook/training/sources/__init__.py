"""Where pictures come from: folders, labels, tables, videos."""
