// Sends the lines of standard input to a topic, keyed by their first word, and says where each went.
//
//     ProducerExample [HOST:PORT] [TOPIC] < file

import Martlet

let arguments = Array(CommandLine.arguments.dropFirst())
let address = arguments.first ?? "127.0.0.1:7400"
let topic = arguments.count > 1 ? arguments[1] : "example"

guard let configuration = ProducerConfiguration(address) else {
    print("\(address) is not an address: write HOST:PORT")
    throw MartletError(.invalidArgument, "bad address")
}

// Closing delivers what is on its way, and throws if anything was not delivered.
try await withProducer(configuration) { producer in
    var handles: [DeliveryHandle] = []
    while let line = readLine() {
        let key = line.split(separator: " ").first.map(String.init)
        // Waits only when the buffer memory is used up. What it returns stands for the record on its way.
        handles.append(try await producer.send(topic: topic, key: key, value: line))
    }
    for handle in handles {
        // Throws if this record could not be delivered.
        let delivery = try await handle.delivery()
        print("\(delivery.topicPartition) offset \(delivery.offset.map(String.init) ?? "unknown")")
    }
}
