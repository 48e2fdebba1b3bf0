"""The hands: intake, engine, steps, the agent loop, the clock."""
