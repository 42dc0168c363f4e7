"""Pictures are corrected and labelled where they are seen."""
