"""Papers: values frozen, laid out, given their fields, kept."""
