"""Ask language models: providers, order of fallback, prices and budgets."""
