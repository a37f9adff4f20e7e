"""A user's question, answered from what is known: see conversation.py."""
