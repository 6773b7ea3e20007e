"""The models of the report, one module a section."""
