"""The REST API: routes split by noun, one answer for every error."""
