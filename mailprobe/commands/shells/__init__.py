"""Scripts with which shells complete command lines, one module for each kind of shell."""
