internal import MartletMetadata

/// Reads images of the cluster's keys: the whole, in pages of one revision, or what has changed since an older image.
struct ImageReader {
    let client: EtcdClient
    let layout: KeyLayout
    /// Keys that are read at a time.
    var pageKeys: Int64 = 4_000

    /// How often a read begins anew because what it read of was compacted meanwhile.
    private static let attemptsMax = 5

    func image() async throws(MetadataError) -> ClusterImage {
        for _ in 1..<Self.attemptsMax {
            do {
                return try await wholeImage()
            } catch  where error.code == .revisionCompacted {
                continue
            }
        }
        return try await wholeImage()
    }

    /// The newest image, by way of what was written since `image` was read. The number of keys tells whether any are
    /// gone: then everything is read.
    func image(since image: ClusterImage) async throws(MetadataError) -> ClusterImage {
        let request = RangeRequest(
            key: layout.prefix, rangeEnd: layout.end, limit: pageKeys, minModRevision: image.revision + 1)
        let response = try await client.call(EtcdMethods.range, request).response
        let revision = try revision(of: response)
        guard revision >= image.revision else { throw Self.wentBack(from: image.revision, to: revision) }
        guard !response.more else { return try await self.image() }
        var newest = image
        try restore(response.kvs, into: &newest)
        newest.restore(revision: revision)
        guard newest.recordCount == response.count else { return try await self.image() }
        return newest
    }

    static func wentBack(from former: Revision, to revision: Revision) -> MetadataError {
        MetadataError(
            .corrupt,
            "etcd went back from revision \(former) to \(revision): it was restored or replaced; stop all brokers and "
                + "run `martlet cluster recover`")
    }

    private func wholeImage() async throws(MetadataError) -> ClusterImage {
        var image = ClusterImage()
        var request = RangeRequest(key: layout.prefix, rangeEnd: layout.end, limit: pageKeys)
        while true {
            let response = try await client.call(EtcdMethods.range, request).response
            // All pages are of the first one's revision, which was read linearizably.
            if request.revision == 0 { request.revision = try revision(of: response) }
            try restore(response.kvs, into: &image)
            guard response.more, let last = response.kvs.last else { break }
            request.key = last.key + [0]
        }
        image.restore(revision: request.revision)
        return image
    }

    private func revision(of response: RangeResponse) throws(MetadataError) -> Revision {
        guard let header = response.header else {
            throw MetadataError(.unavailable, "etcd answered without saying at which revision")
        }
        return header.revision
    }

    private func restore(_ pairs: [KeyValue], into image: inout ClusterImage) throws(MetadataError) {
        for pair in pairs {
            image.restore(try StoredValue(pair, layout: layout).record, revision: pair.modRevision)
        }
    }
}
