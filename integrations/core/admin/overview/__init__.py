"""The parts of the first page that are core's own. Each reads a bounded number of rows by a fixed number of statements.

charts       what was counted by time, drawn: core's and the integrations'
connections  how each connection is: health, quota, age of its credentials
streams      how far behind each stream is, what it holds, when it runs next
queue        what came in, and what waits to be worked off
actions      what this person did last
"""
