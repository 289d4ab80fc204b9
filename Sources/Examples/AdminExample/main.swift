// Creates a topic if it is not there, and shows its partitions and what they hold.
//
//     AdminExample [HOST:PORT] [TOPIC]

import Martlet

let arguments = Array(CommandLine.arguments.dropFirst())
let address = arguments.first ?? "127.0.0.1:7400"
let name = arguments.count > 1 ? arguments[1] : "example"

guard let configuration = ClientConfiguration(address) else {
    print("\(address) is not an address: write HOST:PORT")
    throw MartletError(.invalidArgument, "bad address")
}

try await withAdmin(configuration) { admin in
    do {
        try await admin.createTopic(name, partitions: 3, settings: ["retention.ms": "86400000"])
        print("created \(name)")
    } catch let error as MartletError where error.code == .refused(.topicAlreadyExists) {
        print("\(name) is there already")
    }

    let topic = try await admin.describeTopic(name)
    for partition in topic.partitions {
        let sizes = partition.sizes.map { "offsets \($0.logStart) to \($0.highWatermark), \($0.bytes) bytes" }
        print("partition \(partition.partition): leader \(partition.leader ?? -1), \(sizes ?? "sizes not known")")
    }

    let ends = try await admin.offsets(
        for: Dictionary(
            uniqueKeysWithValues: topic.partitions.map {
                (TopicPartition(topic: name, partition: $0.partition), .latest)
            }))
    print("\(ends.values.reduce(0) { $0 + $1.offset }) records were written to it so far")
}
