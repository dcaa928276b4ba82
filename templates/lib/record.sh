# -- Journal

# record COMMAND STATUS OUTPUT: to be written.
record() { :; }

