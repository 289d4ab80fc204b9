// Topic-partitions, offsets, error codes, headers and compression are part of this library's interface.
@_exported public import MartletCore
