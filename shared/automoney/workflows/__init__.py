"""The sentences: each reads like the description's flow chart, and talks to ports alone."""
