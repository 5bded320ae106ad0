"""The subcommands: a module each, which is loaded when it is asked for."""
