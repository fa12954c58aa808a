"""A show of the whole house at work, against an outside world that is made up."""
