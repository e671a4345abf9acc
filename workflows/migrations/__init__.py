"""The database's history of shapes, run by ``workflows.migrate``."""
