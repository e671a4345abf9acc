"""A workflow engine for approval procedures: definitions are data, one function writes."""
