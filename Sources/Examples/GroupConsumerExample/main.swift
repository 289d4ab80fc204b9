// Shares a topic with everybody else who runs this in the same group, and prints what falls to it, until it is stopped.
// Run it in several terminals and watch the partitions move.
//
//     GroupConsumerExample [HOST:PORT] [TOPIC] [GROUP] [COUNT]

import Martlet

let arguments = Array(CommandLine.arguments.dropFirst())
let address = arguments.first ?? "127.0.0.1:7400"
let topic = arguments.count > 1 ? arguments[1] : "example"
let group = arguments.count > 2 ? arguments[2] : "example-group"
var remaining = arguments.count > 3 ? Int(arguments[3]) ?? .max : .max

guard var configuration = ConsumerConfiguration(address) else {
    print("\(address) is not an address: write HOST:PORT")
    throw MartletError(.invalidArgument, "bad address")
}
configuration.group = ConsumerGroup(group)
configuration.reset = .earliest

try await withConsumer(configuration) { consumer in
    consumer.onAssigned = { _, partitions in print("mine from now on: \(partitions.sorted())") }
    // What was printed of these is committed when this returns, and another member goes on behind it.
    consumer.onRevoked = { _, partitions in print("no longer mine: \(partitions.sorted())") }
    consumer.onLost = { _, partitions in print("lost: \(partitions.sorted())") }
    try consumer.subscribe(topics: [topic])

    // What was handed out before is committed by itself, once a second. When records take their time, hand them to
    // workers instead: `try await consumer.process(concurrency: 8) { record in ... }`.
    for try await record in consumer.records {
        print(
            "\(record.topic)-\(record.partition) \(record.offset) \(record.keyString ?? "-") \(record.valueString ?? "-")"
        )
        remaining -= 1
        if remaining == 0 { break }
    }
}
