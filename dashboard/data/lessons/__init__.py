"""The words of the lessons, on the screen and on paper."""
