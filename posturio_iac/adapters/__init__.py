"""Our rules inside other linters: each package turns a host's objects into our model, and our findings into the host's."""
