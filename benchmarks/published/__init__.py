"""Published contracts: what they say, requests that keep it, and a judge of answers, all read apart from the server.

Nothing here asks this project's own loader or judge: what a server reads wrongly must not be read wrongly here too.
"""
