// Reads a topic from its beginning and prints every record, until it is interrupted or has printed COUNT.
//
//     ConsumerExample [HOST:PORT] [TOPIC] [COUNT]

import Martlet

let arguments = Array(CommandLine.arguments.dropFirst())
let address = arguments.first ?? "127.0.0.1:7400"
let topic = arguments.count > 1 ? arguments[1] : "example"
var remaining = arguments.count > 2 ? Int(arguments[2]) ?? .max : .max

guard let configuration = ConsumerConfiguration(address) else {
    print("\(address) is not an address: write HOST:PORT")
    throw MartletError(.invalidArgument, "bad address")
}

try await withConsumer(configuration) { consumer in
    try await consumer.assign(topic: topic, from: .earliest)

    // Batches are the fast way: `forEachRecord` copies nothing. `for try await record in consumer.records` is the short one.
    for try await batch in consumer.batches {
        try batch.forEachRecord { record in
            guard remaining > 0 else { return }
            remaining -= 1
            let key = record.key.map { String(decoding: $0, as: UTF8.self) } ?? "-"
            let value = record.value.map { String(decoding: $0, as: UTF8.self) } ?? "-"
            print("\(batch.topicPartition) \(record.offset) \(key) \(value)")
        }
        if remaining == 0 { break }
    }
}
