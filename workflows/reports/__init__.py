"""Reports: what the records and results say of a unit over some years, laid out by data."""
