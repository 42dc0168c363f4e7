"""What a run takes in time, memory and disk, estimated before it starts."""
