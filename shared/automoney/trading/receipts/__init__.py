"""Receipts as bytes and back: what a decision followed from, exact to the last digit.  Pure."""
