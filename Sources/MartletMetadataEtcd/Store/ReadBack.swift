internal import MartletMetadata

/// Finds out what became of a transaction whose answer was lost, by reading its keys and what stood under them before.
struct ReadBack {
    /// How many former values of one key are looked at.
    private static let stepsMax = 16

    let client: EtcdClient
    let coding: TransactionCoding

    /// Its outcome; nil when that cannot be known: the transaction may be on its way still.
    func outcome() async throws(MetadataError) -> TransactionOutcome? {
        let puts = coding.transaction.changes.filter { if case .put = $0 { true } else { false } }
        guard !puts.isEmpty else { return nil }
        let current = try await read(puts.map(\.key))
        if let written = current.first(where: isOurs) { return .committed(written.modRevision) }
        // Overwritten since, or never there. One key that can be followed back to what the transaction expected tells.
        for condition in coding.transaction.conditions where condition.revision > 0 {
            let key = coding.layout.key(of: condition.key)
            guard puts.contains(where: { $0.key == condition.key }), let pair = current.first(where: { $0.key == key }),
                pair.modRevision != condition.revision
            else { continue }
            if let outcome = try await follow(pair, backTo: condition) { return outcome }
        }
        return nil
    }

    private func read(_ keys: [MetadataKey]) async throws(MetadataError) -> [KeyValue] {
        let request = TxnRequest(
            success: keys.map { RequestOp(request: .requestRange(RangeRequest(key: coding.layout.key(of: $0)))) })
        let response = try await client.call(EtcdMethods.transaction, request).response
        return response.responses.flatMap { (operation) -> [KeyValue] in
            if case .responseRange(let range) = operation.response { range.kvs } else { [] }
        }
    }

    /// Goes from value to former value. Meeting the expected revision without having met the transaction's mark says
    /// that somebody else was quicker, and that it can never be committed: a key's revisions only grow.
    private func follow(
        _ newest: KeyValue, backTo condition: MetadataTransaction.Condition
    ) async throws(MetadataError) -> TransactionOutcome? {
        var pair = newest
        for _ in 0..<Self.stepsMax {
            let request = RangeRequest(key: pair.key, revision: pair.modRevision - 1)
            let former: KeyValue?
            do {
                former = try await client.call(EtcdMethods.range, request).response.kvs.first
            } catch  where error.code == .revisionCompacted {
                return nil
            }
            guard let former else { return nil }
            if former.modRevision == condition.revision { return .conflict(condition.key) }
            if isOurs(former) { return .committed(former.modRevision) }
            pair = former
        }
        return nil
    }

    private func isOurs(_ pair: KeyValue) -> Bool {
        (try? StoredValue(pair, layout: coding.layout))?.mark == coding.mark
    }
}
