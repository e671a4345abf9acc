"""Records: what surrounds the title, as counts with a source, corrected and never changed."""
