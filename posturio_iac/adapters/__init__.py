"""Our rules inside other linters: each module turns a host's objects into our model and our findings into the host's."""
