"""OpenAI's chat completions: what may be asked, and what a reply looks like on the wire."""
