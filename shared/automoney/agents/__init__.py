"""Room: agents."""
