"""No look-ahead, shown slot by slot: with everything after it cut away, each slot says the same."""
