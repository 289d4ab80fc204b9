internal import GRPCCore

/// A method of etcd's API with its messages.
struct EtcdMethod<Request: Sendable, Response: Sendable>: Sendable {
    let descriptor: MethodDescriptor

    init(_ service: String, _ method: String) {
        descriptor = MethodDescriptor(fullyQualifiedService: "etcdserverpb." + service, method: method)
    }
}

enum EtcdMethods {
    static let range = EtcdMethod<RangeRequest, RangeResponse>("KV", "Range")
    static let transaction = EtcdMethod<TxnRequest, TxnResponse>("KV", "Txn")
    static let compact = EtcdMethod<CompactionRequest, CompactionResponse>("KV", "Compact")
    static let grantLease = EtcdMethod<LeaseGrantRequest, LeaseGrantResponse>("Lease", "LeaseGrant")
    static let revokeLease = EtcdMethod<LeaseRevokeRequest, LeaseRevokeResponse>("Lease", "LeaseRevoke")
    static let keepAlive = EtcdMethod<LeaseKeepAliveRequest, LeaseKeepAliveResponse>("Lease", "LeaseKeepAlive")
    static let watch = EtcdMethod<WatchRequest, WatchResponse>("Watch", "Watch")
    static let authenticate = EtcdMethod<AuthenticateRequest, AuthenticateResponse>("Auth", "Authenticate")
    static let status = EtcdMethod<StatusRequest, StatusResponse>("Maintenance", "Status")
    static let alarm = EtcdMethod<AlarmRequest, AlarmResponse>("Maintenance", "Alarm")
}
