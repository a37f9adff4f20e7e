"""Room: channels."""
