"""Random lives of an account, checked state by state against books kept in whole numbers."""
