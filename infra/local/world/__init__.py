"""The outside world on loopback: recorded or made-up market data in each API's own wire format.

A process of its own, so that the real sources talk to it over HTTP as they would to the real APIs.
It reads a clock that the runtime moves and never shows anything later than that clock.

    clock        the moment it is in this world, shared with the runtime through a file
    bars         columns of candles as whole numbers, and adding them up to longer bars
    ladder       all timeframes of one asset, and the tape: its finest bars, in one line
    tables       daily and monthly series and when each value became known
    csv_files    reading and checking the files; recording.py puts a folder together
    synthetic    the same, made up from a seed
    as_of        what may be seen at a moment: pure
    wire/        one module per API: a request and a moment in, an answer out
    faults       errors on demand, for drills and tests
    server       the ASGI application; __main__.py is the command line

Moments are whole microseconds since 1970 (`Micros`), prices and volumes whole hundred-millionths:
both compare and add exactly, and a bisection over them costs next to nothing.
"""
