"""Language models: the client, the prompts, one paper's conversation, and answers as HTML."""
