internal import ArgumentParser
internal import Martlet

struct TopicListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the topics.")

    @Flag(name: .long, help: "Also those that the cluster keeps for itself.")
    var all = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var client: ClientOptions

    func run() async throws {
        let topics = try await client.withAdmin { try await $0.listTopics(includeInternal: all) }
        try StandardOutput.print(output.json ? Self.json(topics) : Self.table(topics))
    }

    static func json(_ topics: [TopicInfo]) -> String {
        topics.map { topic in
            var object = JSONObject()
            object.add("topic", topic.name)
            object.add("id", "\(topic.id)")
            object.add("internal", topic.isInternal)
            object.add("partitions", topic.partitions.count)
            object.add("replication_factor", topic.partitions.first?.replicas.count ?? 0)
            return object.line()
        }.joined()
    }

    static func table(_ topics: [TopicInfo]) -> String {
        guard !topics.isEmpty else { return "There are no topics. `martlet topic create NAME` makes one.\n" }
        var table = TextTable([.left("TOPIC"), .right("PARTITIONS"), .right("REPLICAS")])
        for topic in topics {
            table.add(topic.name, "\(topic.partitions.count)", "\(topic.partitions.first?.replicas.count ?? 0)")
        }
        return table.text
    }
}
