"""Pictures that belong together: groups from file names, folders and dates, and series that have none."""
