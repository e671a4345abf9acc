"""What comes in as a sheet and goes out as one: xlsx, ods and csv, read and written alike."""
