"""From scores to money: weighing, deciding, sizing, filling, keeping books.  Pure, no I/O."""
