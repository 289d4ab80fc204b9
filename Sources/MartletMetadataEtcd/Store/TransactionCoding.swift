internal import MartletMetadata

/// Between metadata transactions and etcd's.
struct TransactionCoding {
    let layout: KeyLayout
    let transaction: MetadataTransaction
    let mark: TransactionMark
    /// What the controller's record goes with; 0 for nothing.
    let controllerLease: Int64

    /// When a condition does not hold, etcd tells instead which revisions it met.
    var request: TxnRequest {
        TxnRequest(
            compare: transaction.conditions.map { condition in
                Compare(
                    result: CompareResult.equal, target: CompareTarget.modRevision,
                    key: layout.key(of: condition.key), modRevision: condition.revision)
            },
            success: transaction.changes.map(operation),
            failure: transaction.conditions.map { condition in
                RequestOp(request: .requestRange(RangeRequest(key: layout.key(of: condition.key), keysOnly: true)))
            })
    }

    private func operation(_ change: MetadataChange) -> RequestOp {
        let key = layout.key(of: change.key)
        switch change {
        case .put(let record):
            let value = StoredValue(mark: mark, record: record).bytes
            let lease = if case .controller = record { controllerLease } else { Int64(0) }
            return RequestOp(request: .requestPut(PutRequest(key: key, value: value, lease: lease)))
        case .remove:
            return RequestOp(request: .requestDeleteRange(DeleteRangeRequest(key: key)))
        }
    }

    func outcome(_ response: TxnResponse) throws(MetadataError) -> TransactionOutcome {
        guard let header = response.header else {
            throw MetadataError(.outcomeUnknown, "etcd answered a transaction without saying at which revision")
        }
        guard response.succeeded else { return .conflict(try conflict(response)) }
        return .committed(wroteSomething(response) ? header.revision : revisionOfConditions)
    }

    /// The first key that was not as the transaction wanted it.
    private func conflict(_ response: TxnResponse) throws(MetadataError) -> MetadataKey {
        for (condition, operation) in zip(transaction.conditions, response.responses) {
            guard case .responseRange(let range) = operation.response else { continue }
            if (range.kvs.first?.modRevision ?? 0) != condition.revision { return condition.key }
        }
        throw MetadataError(.outcomeUnknown, "etcd refused a transaction whose conditions all hold")
    }

    private func wroteSomething(_ response: TxnResponse) -> Bool {
        response.responses.contains { operation in
            switch operation.response {
            case .responsePut: true
            case .responseDeleteRange(let deletion): deletion.deleted > 0
            case .responseRange, nil: false
            }
        }
    }

    /// For a transaction that wrote nothing. etcd's own revision may come from somebody else's keys, and no feed would
    /// ever reach it.
    private var revisionOfConditions: Revision {
        transaction.conditions.map(\.revision).max() ?? 0
    }
}

/// etcd's numbers for what a condition compares.
enum CompareTarget {
    static let modRevision: UInt32 = 2
}

/// etcd's numbers for how it compares.
enum CompareResult {
    static let equal: UInt32 = 0
}
