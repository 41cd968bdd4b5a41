"""Archives of millions of pictures on a cluster of machines: `rechroma bulk`.

What is done to a picture comes from outside (`cluster.operation`): nothing here knows a model or an
option. Ray, pyarrow and fsspec (`rechroma[cluster]`) are loaded by the modules that need them.
"""
