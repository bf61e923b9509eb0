"""The ASGI application, and uvicorn, sockets and worker processes around it."""
