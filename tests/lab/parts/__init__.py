"""The parts of the lab: real servers on loopback, each brought up by one function and taken down by its servers' order."""
