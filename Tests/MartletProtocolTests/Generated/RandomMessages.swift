// Written by proto/generate from proto/martlet/v1; edit that instead.

import MartletProtocol

/// Every message of the contract.
let allMessages: [any RandomMessage.Type] = [
    BrokerStatusRequest.self,
    BrokerStatusResponse.self,
    PartitionTrouble.self,
    HelloRequest.self,
    HelloResponse.self,
    BrokerLimits.self,
    PingRequest.self,
    PingResponse.self,
    GroupSetting.self,
    GroupPartitions.self,
    GroupPartitionList.self,
    FindCoordinatorRequest.self,
    FindCoordinatorResponse.self,
    GroupSubscription.self,
    HeartbeatRequest.self,
    HeartbeatResponse.self,
    CommitOffsetsRequest.self,
    CommitOffsetsPartition.self,
    CommitOffsetsResponse.self,
    CommitOffsetsPartitionResult.self,
    FetchOffsetsRequest.self,
    FetchOffsetsResponse.self,
    FetchOffsetsPartitionResult.self,
    ListGroupsRequest.self,
    ListGroupsResponse.self,
    ListedGroup.self,
    DescribeGroupsRequest.self,
    DescribeGroupsResponse.self,
    GroupDescription.self,
    GroupMemberDescription.self,
    DeleteGroupsRequest.self,
    DeleteGroupsResponse.self,
    GroupResult.self,
    AlterGroupRequest.self,
    AlterGroupResponse.self,
    TopicSetting.self,
    CreateTopicsRequest.self,
    NewTopic.self,
    CreateTopicsResponse.self,
    TopicResult.self,
    DeleteTopicsRequest.self,
    DeleteTopicsResponse.self,
    DescribeTopicsRequest.self,
    DescribeTopicsResponse.self,
    BrokerNode.self,
    TopicDescription.self,
    PartitionDescription.self,
    SettingDescription.self,
    AlterTopicRequest.self,
    AlterTopicResponse.self,
    DeleteRecordsRequest.self,
    DeleteRecordsPartition.self,
    DeleteRecordsResponse.self,
    DeleteRecordsPartitionResult.self,
    DescribeClusterRequest.self,
    DescribeClusterResponse.self,
    BrokerDescription.self,
    PartitionHealth.self,
    StoreHealth.self,
    StoreMember.self,
    DescribeConfigRequest.self,
    DescribeConfigResponse.self,
    AlterConfigRequest.self,
    AlterConfigResponse.self,
    RemoveBrokerRequest.self,
    RemoveBrokerResponse.self,
    DrainRequest.self,
    DrainResponse.self,
    PlanReassignmentRequest.self,
    PlanReassignmentResponse.self,
    PartitionMove.self,
    ReassignRequest.self,
    ReassignResponse.self,
    PartitionResult.self,
    CancelReassignmentsRequest.self,
    CancelReassignmentsResponse.self,
    ListReassignmentsRequest.self,
    ListReassignmentsResponse.self,
    ReassignmentProgress.self,
    ElectLeadersRequest.self,
    Election.self,
    ElectLeadersResponse.self,
    ElectionResult.self,
    PartitionName.self,
    ProduceRequest.self,
    ProducePartition.self,
    ProduceResponse.self,
    ProducePartitionResult.self,
    LeaderHint.self,
    FetchRequest.self,
    FetchReplica.self,
    FetchPartition.self,
    FetchResponse.self,
    FetchPartitionResult.self,
    NearerReplica.self,
    EpochEnd.self,
    ListOffsetsRequest.self,
    ListOffsetsPartition.self,
    ListOffsetsResponse.self,
    ListOffsetsPartitionResult.self,
    InitProducerIdRequest.self,
    InitProducerIdResponse.self,
    ReportDurableRequest.self,
    DurablePartition.self,
    ReportDurableResponse.self,
    ReadBatchesRequest.self,
    ReadBatchesResponse.self,
    ReplicaStatesRequest.self,
    ReplicaStatesResponse.self,
    ReplicaState.self,
    FollowerState.self,
    ReportDeathRequest.self,
    ReportDeathResponse.self,
    RequestMoveRequest.self,
    MovePartition.self,
    RequestMoveResponse.self,
    ReachableRequest.self,
    ReachableResponse.self,
    RpcMeta.self,
    RpcHeader.self,
    RpcRequest.self,
    RpcResponse.self,
    RpcCancel.self,
    RpcGoAway.self,
]

extension BrokerStatusRequest: RandomMessage {
    static func random(using _: inout Random) -> Self {
        Self()
    }
}

extension BrokerStatusResponse: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.brokerID = random.int32()
        message.clusterID = random.string()
        message.brokerVersion = random.string()
        message.host = random.bytes()
        message.port = random.uint32()
        message.uptimeMs = random.uint64()
        message.dataDirectory = random.bytes()
        message.diskUsedBytes = random.uint64()
        message.diskFreeBytes = random.uint64()
        message.topics = random.uint32()
        message.partitions = random.uint32()
        message.connections = random.uint32()
        message.memoryBudgetBytes = random.uint64()
        message.memoryReservedBytes = random.uint64()
        message.openFiles = random.uint32()
        message.openFilesMax = random.uint32()
        message.troubles = random.list { random in PartitionTrouble.random(using: &random) }
        message.partitionsRecovering = random.uint32()
        message.diskFull = random.bool()
        return message
    }
}

extension PartitionTrouble: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.topic = random.bytes()
        message.partition = random.int32()
        message.reason = random.bytes()
        message.isNote = random.bool()
        return message
    }
}

extension HelloRequest: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.versionMin = random.uint32()
        message.versionMax = random.uint32()
        message.clientName = random.bytes()
        message.clientVersion = random.string()
        message.clusterID = random.string()
        return message
    }
}

extension HelloResponse: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.version = random.uint32()
        message.brokerVersion = random.string()
        message.clusterID = random.string()
        message.brokerID = random.int32()
        message.features = random.list { random in random.string() }
        message.limits = random.maybe { random in BrokerLimits.random(using: &random) }
        return message
    }
}

extension BrokerLimits: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.messageBytesMax = random.uint32()
        message.attachmentBytesMax = random.uint32()
        message.openCallsMax = random.uint32()
        message.partitionsPerRequestMax = random.uint32()
        return message
    }
}

extension PingRequest: RandomMessage {
    static func random(using _: inout Random) -> Self {
        Self()
    }
}

extension PingResponse: RandomMessage {
    static func random(using _: inout Random) -> Self {
        Self()
    }
}

extension GroupSetting: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.name = random.bytes()
        message.value = random.bytes()
        return message
    }
}

extension GroupPartitions: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.topicID = random.bytes()
        message.partitions = random.list { random in random.int32() }
        message.topic = random.bytes()
        return message
    }
}

extension GroupPartitionList: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.topics = random.list { random in GroupPartitions.random(using: &random) }
        return message
    }
}

extension FindCoordinatorRequest: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.group = random.bytes()
        return message
    }
}

extension FindCoordinatorResponse: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.error = random.int32()
        message.message = random.string()
        message.brokerID = random.int32()
        message.host = random.bytes()
        message.port = random.uint32()
        return message
    }
}

extension GroupSubscription: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.topics = random.list { random in random.bytes() }
        message.pattern = random.bytes()
        return message
    }
}

extension HeartbeatRequest: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.group = random.bytes()
        message.memberID = random.bytes()
        message.memberEpoch = random.int32()
        message.assignmentVersion = random.int64()
        message.owned = random.maybe { random in GroupPartitionList.random(using: &random) }
        message.subscription = random.maybe { random in GroupSubscription.random(using: &random) }
        message.instanceID = random.bytes()
        message.clientID = random.bytes()
        message.rebalanceTimeoutMs = random.uint32()
        message.assignor = random.bytes()
        message.maxWaitMs = random.uint32()
        return message
    }
}

extension HeartbeatResponse: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.error = random.int32()
        message.message = random.string()
        message.memberEpoch = random.int32()
        message.assignmentVersion = random.int64()
        message.assignment = random.maybe { random in GroupPartitionList.random(using: &random) }
        message.sessionTimeoutMs = random.uint32()
        message.heartbeatIntervalMs = random.uint32()
        return message
    }
}

extension CommitOffsetsRequest: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.group = random.bytes()
        message.memberID = random.bytes()
        message.memberEpoch = random.int32()
        message.instanceID = random.bytes()
        message.sequence = random.int64()
        message.partitions = random.list { random in CommitOffsetsPartition.random(using: &random) }
        return message
    }
}

extension CommitOffsetsPartition: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.topicID = random.bytes()
        message.partition = random.int32()
        message.offset = random.int64()
        message.leaderEpoch = random.int32()
        message.metadata = random.bytes()
        return message
    }
}

extension CommitOffsetsResponse: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.error = random.int32()
        message.message = random.string()
        message.partitions = random.list { random in CommitOffsetsPartitionResult.random(using: &random) }
        return message
    }
}

extension CommitOffsetsPartitionResult: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.error = random.int32()
        message.message = random.string()
        return message
    }
}

extension FetchOffsetsRequest: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.group = random.bytes()
        message.partitions = random.maybe { random in GroupPartitionList.random(using: &random) }
        return message
    }
}

extension FetchOffsetsResponse: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.error = random.int32()
        message.message = random.string()
        message.partitions = random.list { random in FetchOffsetsPartitionResult.random(using: &random) }
        return message
    }
}

extension FetchOffsetsPartitionResult: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.topicID = random.bytes()
        message.partition = random.int32()
        message.offset = random.int64()
        message.leaderEpoch = random.int32()
        message.metadata = random.bytes()
        message.commitTimeMs = random.int64()
        return message
    }
}

extension ListGroupsRequest: RandomMessage {
    static func random(using _: inout Random) -> Self {
        Self()
    }
}

extension ListGroupsResponse: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.error = random.int32()
        message.message = random.string()
        message.groups = random.list { random in ListedGroup.random(using: &random) }
        return message
    }
}

extension ListedGroup: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.group = random.bytes()
        message.state = random.bytes()
        message.assignor = random.bytes()
        message.members = random.uint32()
        return message
    }
}

extension DescribeGroupsRequest: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.groups = random.list { random in random.bytes() }
        return message
    }
}

extension DescribeGroupsResponse: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.groups = random.list { random in GroupDescription.random(using: &random) }
        return message
    }
}

extension GroupDescription: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.group = random.bytes()
        message.error = random.int32()
        message.message = random.string()
        message.state = random.bytes()
        message.groupEpoch = random.int32()
        message.assignor = random.bytes()
        message.members = random.list { random in GroupMemberDescription.random(using: &random) }
        message.settings = random.list { random in GroupSetting.random(using: &random) }
        return message
    }
}

extension GroupMemberDescription: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.memberID = random.bytes()
        message.instanceID = random.bytes()
        message.clientID = random.bytes()
        message.clientHost = random.bytes()
        message.memberEpoch = random.int32()
        message.subscription = random.maybe { random in GroupSubscription.random(using: &random) }
        message.assigned = random.list { random in GroupPartitions.random(using: &random) }
        message.revoking = random.list { random in GroupPartitions.random(using: &random) }
        message.target = random.list { random in GroupPartitions.random(using: &random) }
        return message
    }
}

extension DeleteGroupsRequest: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.groups = random.list { random in random.bytes() }
        return message
    }
}

extension DeleteGroupsResponse: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.groups = random.list { random in GroupResult.random(using: &random) }
        return message
    }
}

extension GroupResult: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.group = random.bytes()
        message.error = random.int32()
        message.message = random.string()
        return message
    }
}

extension AlterGroupRequest: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.group = random.bytes()
        message.set = random.list { random in GroupSetting.random(using: &random) }
        message.reset = random.list { random in random.bytes() }
        return message
    }
}

extension AlterGroupResponse: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.group = random.maybe { random in GroupResult.random(using: &random) }
        return message
    }
}

extension TopicSetting: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.name = random.bytes()
        message.value = random.bytes()
        return message
    }
}

extension CreateTopicsRequest: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.topics = random.list { random in NewTopic.random(using: &random) }
        message.validateOnly = random.bool()
        return message
    }
}

extension NewTopic: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.name = random.bytes()
        message.partitions = random.int32()
        message.replicationFactor = random.int32()
        message.settings = random.list { random in TopicSetting.random(using: &random) }
        return message
    }
}

extension CreateTopicsResponse: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.topics = random.list { random in TopicResult.random(using: &random) }
        return message
    }
}

extension TopicResult: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.name = random.bytes()
        message.topicID = random.bytes()
        message.error = random.int32()
        message.message = random.string()
        return message
    }
}

extension DeleteTopicsRequest: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.names = random.list { random in random.bytes() }
        return message
    }
}

extension DeleteTopicsResponse: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.topics = random.list { random in TopicResult.random(using: &random) }
        return message
    }
}

extension DescribeTopicsRequest: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.names = random.list { random in random.bytes() }
        message.topicIDs = random.list { random in random.bytes() }
        message.withSettings = random.bool()
        message.withSizes = random.bool()
        message.includeInternal = random.bool()
        return message
    }
}

extension DescribeTopicsResponse: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.topics = random.list { random in TopicDescription.random(using: &random) }
        message.brokers = random.list { random in BrokerNode.random(using: &random) }
        message.controllerID = random.int32()
        message.metadataRevision = random.uint64()
        return message
    }
}

extension BrokerNode: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.id = random.int32()
        message.host = random.bytes()
        message.port = random.uint32()
        message.rack = random.bytes()
        return message
    }
}

extension TopicDescription: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.name = random.bytes()
        message.topicID = random.bytes()
        message.error = random.int32()
        message.message = random.string()
        message.isInternal = random.bool()
        message.partitions = random.list { random in PartitionDescription.random(using: &random) }
        message.settings = random.list { random in SettingDescription.random(using: &random) }
        return message
    }
}

extension PartitionDescription: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.partition = random.int32()
        message.leaderID = random.int32()
        message.leaderEpoch = random.int32()
        message.replicas = random.list { random in random.int32() }
        message.inSyncReplicas = random.list { random in random.int32() }
        message.logStartOffset = random.int64()
        message.highWatermark = random.int64()
        message.logEndOffset = random.int64()
        message.sizeBytes = random.int64()
        message.offlineReason = random.bytes()
        message.targetReplicas = random.list { random in random.int32() }
        message.lastUncleanEpoch = random.int32()
        return message
    }
}

extension SettingDescription: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.name = random.bytes()
        message.value = random.bytes()
        message.isDefault = random.bool()
        message.documentation = random.bytes()
        return message
    }
}

extension AlterTopicRequest: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.name = random.bytes()
        message.set = random.list { random in TopicSetting.random(using: &random) }
        message.reset = random.list { random in random.bytes() }
        message.partitions = random.int32()
        message.validateOnly = random.bool()
        return message
    }
}

extension AlterTopicResponse: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.topic = random.maybe { random in TopicResult.random(using: &random) }
        return message
    }
}

extension DeleteRecordsRequest: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.partitions = random.list { random in DeleteRecordsPartition.random(using: &random) }
        return message
    }
}

extension DeleteRecordsPartition: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.topicID = random.bytes()
        message.partition = random.int32()
        message.beforeOffset = random.int64()
        return message
    }
}

extension DeleteRecordsResponse: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.partitions = random.list { random in DeleteRecordsPartitionResult.random(using: &random) }
        return message
    }
}

extension DeleteRecordsPartitionResult: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.error = random.int32()
        message.message = random.string()
        message.logStartOffset = random.int64()
        return message
    }
}

extension DescribeClusterRequest: RandomMessage {
    static func random(using _: inout Random) -> Self {
        Self()
    }
}

extension DescribeClusterResponse: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.clusterID = random.string()
        message.isSingle = random.bool()
        message.controllerID = random.int32()
        message.brokers = random.list { random in BrokerDescription.random(using: &random) }
        message.partitions = random.list { random in PartitionHealth.random(using: &random) }
        message.store = random.maybe { random in StoreHealth.random(using: &random) }
        message.metadataRevision = random.uint64()
        message.topicsTotal = random.uint32()
        message.partitionsTotal = random.uint32()
        message.featureLevel = random.int32()
        message.partitionsMoving = random.uint32()
        message.partitionsNotPreferred = random.uint32()
        return message
    }
}

extension BrokerDescription: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.node = random.maybe { random in BrokerNode.random(using: &random) }
        message.startEpoch = random.int64()
        message.isAlive = random.bool()
        message.isFenced = random.bool()
        message.isStopping = random.bool()
        message.isDraining = random.bool()
        message.leaders = random.uint32()
        message.replicas = random.uint32()
        message.inSync = random.uint32()
        message.stuckReplicas = random.uint32()
        return message
    }
}

extension PartitionHealth: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.topic = random.bytes()
        message.topicID = random.bytes()
        message.partition = random.int32()
        message.leaderID = random.int32()
        message.leaderEpoch = random.int32()
        message.replicas = random.list { random in random.int32() }
        message.inSyncReplicas = random.list { random in random.int32() }
        message.targetReplicas = random.list { random in random.int32() }
        message.minInSync = random.uint32()
        message.lastUncleanEpoch = random.int32()
        return message
    }
}

extension StoreHealth: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.kind = random.bytes()
        message.isAvailable = random.bool()
        message.revision = random.int64()
        message.members = random.list { random in StoreMember.random(using: &random) }
        message.troubles = random.list { random in random.bytes() }
        return message
    }
}

extension StoreMember: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.name = random.bytes()
        message.isReachable = random.bool()
        message.isLeader = random.bool()
        message.version = random.bytes()
        message.sizeBytes = random.int64()
        message.usedBytes = random.int64()
        message.troubles = random.list { random in random.bytes() }
        return message
    }
}

extension DescribeConfigRequest: RandomMessage {
    static func random(using _: inout Random) -> Self {
        Self()
    }
}

extension DescribeConfigResponse: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.settings = random.list { random in SettingDescription.random(using: &random) }
        return message
    }
}

extension AlterConfigRequest: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.set = random.list { random in TopicSetting.random(using: &random) }
        message.reset = random.list { random in random.bytes() }
        message.validateOnly = random.bool()
        return message
    }
}

extension AlterConfigResponse: RandomMessage {
    static func random(using _: inout Random) -> Self {
        Self()
    }
}

extension RemoveBrokerRequest: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.brokerID = random.int32()
        return message
    }
}

extension RemoveBrokerResponse: RandomMessage {
    static func random(using _: inout Random) -> Self {
        Self()
    }
}

extension DrainRequest: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.brokerID = random.int32()
        message.cancel = random.bool()
        return message
    }
}

extension DrainResponse: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.leaders = random.uint32()
        message.replicas = random.uint32()
        return message
    }
}

extension PlanReassignmentRequest: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.topics = random.list { random in random.bytes() }
        message.brokers = random.list { random in random.int32() }
        message.replicationFactor = random.uint32()
        return message
    }
}

extension PlanReassignmentResponse: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.moves = random.list { random in PartitionMove.random(using: &random) }
        return message
    }
}

extension PartitionMove: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.topic = random.bytes()
        message.partition = random.int32()
        message.replicas = random.list { random in random.int32() }
        message.target = random.list { random in random.int32() }
        return message
    }
}

extension ReassignRequest: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.moves = random.list { random in PartitionMove.random(using: &random) }
        message.throttleBytesPerSecond = random.uint64()
        return message
    }
}

extension ReassignResponse: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.partitions = random.list { random in PartitionResult.random(using: &random) }
        return message
    }
}

extension PartitionResult: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.topic = random.bytes()
        message.partition = random.int32()
        message.error = random.int32()
        message.message = random.string()
        return message
    }
}

extension CancelReassignmentsRequest: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.partitions = random.list { random in PartitionName.random(using: &random) }
        return message
    }
}

extension CancelReassignmentsResponse: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.moves = random.list { random in PartitionMove.random(using: &random) }
        return message
    }
}

extension ListReassignmentsRequest: RandomMessage {
    static func random(using _: inout Random) -> Self {
        Self()
    }
}

extension ListReassignmentsResponse: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.reassignments = random.list { random in ReassignmentProgress.random(using: &random) }
        message.throttleBytesPerSecond = random.uint64()
        return message
    }
}

extension ReassignmentProgress: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.topic = random.bytes()
        message.partition = random.int32()
        message.former = random.list { random in random.int32() }
        message.target = random.list { random in random.int32() }
        message.inSyncReplicas = random.list { random in random.int32() }
        return message
    }
}

extension ElectLeadersRequest: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.elections = random.list { random in Election.random(using: &random) }
        message.unclean = random.bool()
        return message
    }
}

extension Election: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.topic = random.bytes()
        message.partition = random.int32()
        message.choice = random.int32()
        return message
    }
}

extension ElectLeadersResponse: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.elections = random.list { random in ElectionResult.random(using: &random) }
        return message
    }
}

extension ElectionResult: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.topic = random.bytes()
        message.partition = random.int32()
        message.error = random.int32()
        message.message = random.string()
        message.leaderID = random.int32()
        return message
    }
}

extension PartitionName: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.topic = random.bytes()
        message.partition = random.int32()
        return message
    }
}

extension ProduceRequest: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.acks = random.int32()
        message.timeoutMs = random.uint32()
        message.partitions = random.list { random in ProducePartition.random(using: &random) }
        return message
    }
}

extension ProducePartition: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.topicID = random.bytes()
        message.partition = random.int32()
        message.leaderEpoch = random.int32()
        message.batchBytes = random.uint32()
        return message
    }
}

extension ProduceResponse: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.partitions = random.list { random in ProducePartitionResult.random(using: &random) }
        return message
    }
}

extension ProducePartitionResult: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.error = random.int32()
        message.message = random.string()
        message.baseOffset = random.int64()
        message.logAppendTimeMs = random.int64()
        message.logStartOffset = random.int64()
        message.leader = random.maybe { random in LeaderHint.random(using: &random) }
        return message
    }
}

extension LeaderHint: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.brokerID = random.int32()
        message.leaderEpoch = random.int32()
        return message
    }
}

extension FetchRequest: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.maxWaitMs = random.uint32()
        message.minBytes = random.uint32()
        message.maxBytes = random.uint32()
        message.partitions = random.list { random in FetchPartition.random(using: &random) }
        message.rack = random.bytes()
        message.replica = random.maybe { random in FetchReplica.random(using: &random) }
        return message
    }
}

extension FetchReplica: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.brokerID = random.int32()
        message.startEpoch = random.int64()
        return message
    }
}

extension FetchPartition: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.topicID = random.bytes()
        message.partition = random.int32()
        message.leaderEpoch = random.int32()
        message.fetchOffset = random.int64()
        message.lastFetchedEpoch = random.int32()
        message.maxBytes = random.uint32()
        message.logStartOffset = random.int64()
        message.durableOffset = random.int64()
        message.isUnderRepair = random.bool()
        message.mustBeCopied = random.bool()
        message.foundDamage = random.bool()
        message.incarnation = random.int32()
        message.hasReaders = random.bool()
        message.highWatermark = random.int64()
        return message
    }
}

extension FetchResponse: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.partitions = random.list { random in FetchPartitionResult.random(using: &random) }
        message.hasLiveTraffic = random.bool()
        message.producedBytesPerSecond = random.uint64()
        return message
    }
}

extension FetchPartitionResult: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.index = random.uint32()
        message.error = random.int32()
        message.message = random.string()
        message.highWatermark = random.int64()
        message.logStartOffset = random.int64()
        message.batchBytes = random.uint32()
        message.leader = random.maybe { random in LeaderHint.random(using: &random) }
        message.diverging = random.maybe { random in EpochEnd.random(using: &random) }
        message.mayHaveGaps = random.bool()
        message.nearer = random.maybe { random in NearerReplica.random(using: &random) }
        return message
    }
}

extension NearerReplica: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.brokerID = random.int32()
        return message
    }
}

extension EpochEnd: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.leaderEpoch = random.int32()
        message.endOffset = random.int64()
        return message
    }
}

extension ListOffsetsRequest: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.partitions = random.list { random in ListOffsetsPartition.random(using: &random) }
        return message
    }
}

extension ListOffsetsPartition: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.topicID = random.bytes()
        message.partition = random.int32()
        message.leaderEpoch = random.int32()
        message.timestampMs = random.int64()
        return message
    }
}

extension ListOffsetsResponse: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.partitions = random.list { random in ListOffsetsPartitionResult.random(using: &random) }
        return message
    }
}

extension ListOffsetsPartitionResult: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.error = random.int32()
        message.message = random.string()
        message.offset = random.int64()
        message.timestampMs = random.int64()
        message.leaderEpoch = random.int32()
        message.leader = random.maybe { random in LeaderHint.random(using: &random) }
        return message
    }
}

extension InitProducerIdRequest: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.producerID = random.int64()
        message.producerEpoch = random.int32()
        return message
    }
}

extension InitProducerIdResponse: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.producerID = random.int64()
        message.producerEpoch = random.int32()
        return message
    }
}

extension ReportDurableRequest: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.replica = random.maybe { random in FetchReplica.random(using: &random) }
        message.partitions = random.list { random in DurablePartition.random(using: &random) }
        return message
    }
}

extension DurablePartition: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.topicID = random.bytes()
        message.partition = random.int32()
        message.leaderEpoch = random.int32()
        message.durableOffset = random.int64()
        message.incarnation = random.int32()
        return message
    }
}

extension ReportDurableResponse: RandomMessage {
    static func random(using _: inout Random) -> Self {
        Self()
    }
}

extension ReadBatchesRequest: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.topicID = random.bytes()
        message.partition = random.int32()
        message.offset = random.int64()
        message.endOffset = random.int64()
        message.maxBytes = random.uint32()
        return message
    }
}

extension ReadBatchesResponse: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.error = random.int32()
        message.message = random.string()
        return message
    }
}

extension ReplicaStatesRequest: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.topicIDs = random.list { random in random.bytes() }
        return message
    }
}

extension ReplicaStatesResponse: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.brokerID = random.int32()
        message.startEpoch = random.int64()
        message.partitions = random.list { random in ReplicaState.random(using: &random) }
        return message
    }
}

extension ReplicaState: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.topicID = random.bytes()
        message.partition = random.int32()
        message.isLeader = random.bool()
        message.leaderEpoch = random.int32()
        message.lastEpoch = random.int32()
        message.logStartOffset = random.int64()
        message.logEndOffset = random.int64()
        message.durableOffset = random.int64()
        message.highWatermark = random.int64()
        message.sizeBytes = random.int64()
        message.trouble = random.bytes()
        message.isFollower = random.bool()
        message.topic = random.bytes()
        message.followers = random.list { random in FollowerState.random(using: &random) }
        return message
    }
}

extension FollowerState: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.brokerID = random.int32()
        message.logEndOffset = random.int64()
        message.durableOffset = random.int64()
        message.isInSync = random.bool()
        message.lagMs = random.int64()
        return message
    }
}

extension ReportDeathRequest: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.brokerID = random.int32()
        message.startEpoch = random.int64()
        return message
    }
}

extension ReportDeathResponse: RandomMessage {
    static func random(using _: inout Random) -> Self {
        Self()
    }
}

extension RequestMoveRequest: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.leader = random.maybe { random in FetchReplica.random(using: &random) }
        message.partitions = random.list { random in MovePartition.random(using: &random) }
        return message
    }
}

extension MovePartition: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.topicID = random.bytes()
        message.partition = random.int32()
        message.leaderEpoch = random.int32()
        return message
    }
}

extension RequestMoveResponse: RandomMessage {
    static func random(using _: inout Random) -> Self {
        Self()
    }
}

extension ReachableRequest: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.brokerIDs = random.list { random in random.int32() }
        return message
    }
}

extension ReachableResponse: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.brokerIDs = random.list { random in random.int32() }
        return message
    }
}

extension RpcMeta: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.callID = random.uint64()
        message.attachmentBytes = random.uint32()
        switch random.below(5) {
        case 0: message.kind = .request(RpcRequest.random(using: &random))
        case 1: message.kind = .response(RpcResponse.random(using: &random))
        case 2: message.kind = .cancel(RpcCancel.random(using: &random))
        case 3: message.kind = .goAway(RpcGoAway.random(using: &random))
        default: break
        }
        return message
    }
}

extension RpcHeader: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.key = random.bytes()
        message.value = random.bytes()
        return message
    }
}

extension RpcRequest: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.service = random.string()
        message.method = random.string()
        message.timeoutMs = random.uint32()
        message.oneWay = random.bool()
        message.metadata = random.list { random in RpcHeader.random(using: &random) }
        return message
    }
}

extension RpcResponse: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.status = random.uint32()
        message.error = random.int32()
        message.message = random.string()
        return message
    }
}

extension RpcCancel: RandomMessage {
    static func random(using _: inout Random) -> Self {
        Self()
    }
}

extension RpcGoAway: RandomMessage {
    static func random(using random: inout Random) -> Self {
        var message = Self()
        message.reason = random.string()
        return message
    }
}
