"""The dashboard: it shows what is on disk and asks for runs; it trains nothing."""
