"""Fields and forms that ask what to train, where and on what."""
