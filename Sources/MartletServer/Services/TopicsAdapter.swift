internal import MartletBroker
internal import MartletCore
internal import MartletProtocol
internal import NIOCore

/// Topics and their settings, from wire to broker and back. Off the hot path: each call runs in a task.
struct TopicsAdapter: TopicsService {
    let broker: Broker

    func createTopics(
        _ request: CreateTopicsRequest, attachment: ByteBuffer, call: ServerCall<CreateTopicsResponse>
    ) {
        call.answer {
            let topics = request.topics.map {
                MartletBroker.NewTopic(
                    name: String(wire: $0.name), partitions: $0.partitions, replicationFactor: $0.replicationFactor,
                    settings: Self.settings($0.settings))
            }
            let results = await broker.createTopics(topics, validateOnly: request.validateOnly)
            return CreateTopicsResponse(topics: zip(request.topics, results).map { Self.result($0.name, $1) })
        }
    }

    func deleteTopics(
        _ request: DeleteTopicsRequest, attachment: ByteBuffer, call: ServerCall<DeleteTopicsResponse>
    ) {
        call.answer {
            let results = await broker.deleteTopics(request.names.map(String.init(wire:)))
            return DeleteTopicsResponse(topics: zip(request.names, results).map(Self.result))
        }
    }

    func alterTopic(_ request: AlterTopicRequest, attachment: ByteBuffer, call: ServerCall<AlterTopicResponse>) {
        call.answer {
            let alteration = TopicAlteration(
                name: String(wire: request.name), set: Self.settings(request.set),
                reset: request.reset.map(String.init(wire:)),
                partitions: request.partitions == 0 ? nil : request.partitions)
            let result: Result<TopicID, BrokerError>
            do throws(BrokerError) {
                result = .success(try await broker.alterTopic(alteration, validateOnly: request.validateOnly))
            } catch {
                result = .failure(error)
            }
            return AlterTopicResponse(topic: Self.result(request.name, result))
        }
    }

    func deleteRecords(
        _ request: DeleteRecordsRequest, attachment: ByteBuffer, call: ServerCall<DeleteRecordsResponse>
    ) {
        do throws(MalformedRequest) {
            var items: [DeleteRecordsItem] = []
            for (index, partition) in request.partitions.enumerated() {
                items.append(
                    DeleteRecordsItem(
                        topicID: try TopicID(wire: partition.topicID, of: "partitions[\(index)]"),
                        partition: partition.partition, before: partition.beforeOffset))
            }
            call.answer { [items] in
                DeleteRecordsResponse(
                    partitions: await broker.deleteRecords(items).map { result in
                        switch result {
                        case .success(let start): DeleteRecordsPartitionResult(logStartOffset: start)
                        case .failure(let error):
                            DeleteRecordsPartitionResult(
                                error: error.code.rawValue, message: error.message, logStartOffset: -1)
                        }
                    })
            }
        } catch {
            call.fail(error.failure)
        }
    }

    func describeTopics(
        _ request: DescribeTopicsRequest, attachment: ByteBuffer, call: ServerCall<DescribeTopicsResponse>
    ) {
        do throws(MalformedRequest) {
            var ids: [TopicID] = []
            for (index, id) in request.topicIDs.enumerated() {
                ids.append(try TopicID(wire: id, of: "topic_ids[\(index)]"))
            }
            let query = TopicQuery(
                names: request.names.map(String.init(wire:)), ids: ids, withSettings: request.withSettings,
                withSizes: request.withSizes, includesInternal: request.includeInternal)
            call.answer {
                do throws(BrokerError) {
                    return DescribeTopicsResponse(try await broker.describeTopics(query))
                } catch {
                    throw RPCFailure(error)
                }
            }
        } catch {
            call.fail(error.failure)
        }
    }

    /// Of a setting that is named twice, the last.
    static func settings(_ settings: [TopicSetting]) -> [String: String] {
        Dictionary(
            settings.map { (String(wire: $0.name), String(wire: $0.value)) }, uniquingKeysWith: { $1 })
    }

    private static func result(_ name: [UInt8], _ result: Result<TopicID, BrokerError>) -> TopicResult {
        switch result {
        case .success(let id): TopicResult(name: name, topicID: id.bytes)
        case .failure(let error): TopicResult(name: name, error: error.code.rawValue, message: error.message)
        }
    }
}
