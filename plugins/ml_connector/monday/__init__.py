"""monday.com: boards whose items mirror PeopleSoft's documents, over the GraphQL platform API."""
