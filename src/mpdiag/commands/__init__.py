"""One click command a file: parse, ask the engine, emit."""
