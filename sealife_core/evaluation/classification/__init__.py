"""Classifiers: predictions, scores, calibration, Grad-CAM, out-of-distribution detection."""
