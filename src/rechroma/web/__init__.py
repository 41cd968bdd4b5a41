"""The page and the HTTP service; needs `rechroma[web]`."""
