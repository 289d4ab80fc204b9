/// Metadata records as bytes that name their own kind and version, for stores that keep each under a key.
package enum RecordBytes {
    package static func encode(_ record: MetadataRecord) -> [UInt8] {
        var writer = ByteWriter()
        RecordCoding.write(record, to: &writer)
        return writer.bytes
    }

    /// Reads what ``encode(_:)`` wrote. Throws `.newerFormat` for kinds and versions that this broker does not know,
    /// `.corrupt` for anything else.
    package static func decode(_ bytes: ArraySlice<UInt8>) throws(MetadataError) -> MetadataRecord {
        do {
            var reader = ByteReader(bytes)
            let record = try RecordCoding.readRecord(&reader)
            try reader.expectEnd()
            return record
        } catch {
            throw MetadataError(error.isNewer ? .newerFormat : .corrupt, error.reason)
        }
    }
}
