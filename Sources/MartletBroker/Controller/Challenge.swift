internal import MartletCore
internal import MartletMetadata

/// A controller that does not answer this broker's greetings, and what the others say of it. A value.
///
/// It takes a majority that does not reach the controller and does reach the challenger. So a broker that is cut off from
/// the controller alone, or from everybody, replaces nobody; and who has replaced a controller is not challenged by
/// those who agreed to it: two controllers that do not hear each other do not take turns.
struct Challenge {
    /// Of the controller's record.
    let revision: Revision
    let askedAt: ControllerTime
    private let challenger: BrokerID
    private let controller: BrokerID
    /// Brokers in service, challenger and controller among them, whether they answer or not.
    private let electorate: Set<BrokerID>
    private var agreeing: Set<BrokerID> = []

    init(
        of controller: BrokerID, revision: Revision, by challenger: BrokerID, electorate: Set<BrokerID>,
        at now: ControllerTime
    ) {
        self.controller = controller
        self.revision = revision
        self.challenger = challenger
        self.electorate = electorate
        askedAt = now
    }

    var voters: [BrokerID] { electorate.subtracting([challenger, controller]).sorted() }

    /// What a voter said about whom it reaches; nil: it did not say.
    mutating func answered(_ voter: BrokerID, _ reached: [BrokerID]?) {
        guard electorate.contains(voter), let reached else { return }
        if reached.contains(challenger), !reached.contains(controller) {
            agreeing.insert(voter)
        } else {
            agreeing.remove(voter)
        }
    }

    /// Most brokers, the challenger itself counted, do without this controller.
    var isCarried: Bool { (agreeing.count + 1) * 2 > electorate.count }
}
