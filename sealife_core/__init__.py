"""The core of the sea-life dashboard: data sets, views, models, training and evaluation. It knows no screen."""

__version__ = "0.1.0"
