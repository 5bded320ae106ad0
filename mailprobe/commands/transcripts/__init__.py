"""The words of `mailprobe transcript`: a module each, loaded when it is asked for."""
