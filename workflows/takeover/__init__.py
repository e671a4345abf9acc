"""Results of past years taken over from the sheets that offices kept before."""
