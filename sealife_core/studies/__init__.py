"""Many runs that answer one question: what they are, who starts them, what came of them. Needs no torch."""
