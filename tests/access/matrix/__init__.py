"""The matrix: every role, nobody and every service ask for every operation of docs/access.md, about every object, over
HTTP; the answers must be what the committed page says.

`who.py`: who asks, and what "site", "matches" and the others mean, written down here a second time and not read from
the code that is under test. `things.py`: what they ask about. `seeding.py` puts it into the services of `apps.py`.
`comparing.py` asks and compares.

A new route or operation is one line in `operations.py`: operation, service, path as the route has it, the things asked
about, and a body if it takes one. Without that line `test_matrix.py` fails. The line goes where its effect harms no
line below it: what only reads first, what ends things last, and a body that the domain refuses after it looked at the
reach is better than one that changes something.
"""
