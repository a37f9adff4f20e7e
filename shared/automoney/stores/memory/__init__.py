"""The stores in memory, behind the same ports: what a backtest keeps its runs and books in."""
