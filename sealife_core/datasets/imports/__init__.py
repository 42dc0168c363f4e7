"""From folders, archives and tables to a data set."""
