"""What tests stand on: a scenario for pure cores, a store in memory, a clock moved by hand. Never in production."""
