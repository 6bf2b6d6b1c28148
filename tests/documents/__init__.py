"""The OpenAPI and AsyncAPI documents, and the server held against them."""
