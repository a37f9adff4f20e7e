"""Room: stores."""
