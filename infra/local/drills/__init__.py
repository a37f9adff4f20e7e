"""Drills: break a part for real, and see each step that is promised for it (description 9)."""
