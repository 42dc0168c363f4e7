"""Charts as ECharts options, and the sentences beside them."""
