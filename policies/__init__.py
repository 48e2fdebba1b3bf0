"""What is allowed, and why: the policy file, and the decisions that read it. Nothing here does I/O."""
