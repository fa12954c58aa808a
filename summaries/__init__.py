"""*Stories in summary*, drawn: charts and pages from one Summary record; pure."""
