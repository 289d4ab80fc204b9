internal import NIOCore

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// The channel options of both ends of a connection.
enum ChannelTuning {
    /// Above the higher mark, a peer that reads slowly is given no more; below the lower one it is again.
    private static let writeQueue = ChannelOptions.Types.WriteBufferWaterMark(low: 64 * 1024, high: 256 * 1024)

    static func apply(to channel: any Channel, buffers: ReceiveBuffers) throws {
        guard let options = channel.syncOptions else { return }
        try options.setOption(.recvAllocator, value: buffers)
        // See ReceiveBuffers: NIO keeps as many receive buffers for itself.
        try options.setOption(.maxMessagesPerRead, value: 1)
        try options.setOption(.writeBufferWaterMark, value: writeQueue)
        try options.setOption(.tcpOption(.tcp_nodelay), value: 1)
        // The kernel asks idle peers that have vanished (after 60 s, then every 15 s, four times).
        try options.setOption(.socketOption(.so_keepalive), value: 1)
        #if os(Linux)
            try options.setOption(.tcpOption(.init(rawValue: TCP_KEEPIDLE)), value: 60)
            try options.setOption(.tcpOption(.init(rawValue: TCP_KEEPINTVL)), value: 15)
            try options.setOption(.tcpOption(.init(rawValue: TCP_KEEPCNT)), value: 4)
            // The same for one that has vanished with something on its way to it: by itself the kernel sends that again for
            // a quarter of an hour, and the connection stays as long.
            try options.setOption(.tcpOption(.init(rawValue: TCP_USER_TIMEOUT)), value: 120_000)
        #endif
    }
    /// What is left to set once the peer is known. Between two processes of one machine nothing is lost and no queue
    /// lies on the way; a congestion control that paces what it sends, as BBR does where the system has made it the
    /// default, only costs timers and wake-ups then: a tenth of the client's time at full load, measured. Where the
    /// kernel does not allow it, the system's choice stays.
    static func applyIfWithinHost(to channel: any Channel) {
        #if os(Linux)
            guard let peer = channel.remoteAddress?.ipAddress, peer == channel.localAddress?.ipAddress else { return }
            try? channel.syncOptions?.setOption(.tcpOption(.init(rawValue: TCP_CONGESTION)), value: reno)
        #endif
    }

    /// "reno", the one that every Linux has and lets everybody use, as bytes in memory with zeros behind.
    private static let reno = SocketOptionValue(littleEndian: 0x6f_6e_65_72)
}
