"""A folder a page: layout, and what only that page needs."""
