"""What the market is: marks, candles, readings, and pure rules over them.  No I/O."""
