"""Lightning modules, callbacks and recipes. Only the worker and the command line stand on this floor."""
