"""The debug HTTP API, the chat routes, a typed client and a small web page over the stores."""
