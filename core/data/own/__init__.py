"""The user's own data: folders of images, arrays, tables, or what their own code returns."""
