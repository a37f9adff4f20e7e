"""Backtests: the workflows of a live run over recorded years, with stores in memory.

What a run may see at a slot is what the collectors would have stored by then; `market` says how.
"""
