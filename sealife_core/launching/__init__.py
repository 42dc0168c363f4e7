"""What is asked before anything is launched: would it fail, and what would it go without?"""
