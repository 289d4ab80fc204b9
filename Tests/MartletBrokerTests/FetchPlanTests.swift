import Testing

@testable import MartletBroker

@Suite("Plans of fetches")
struct FetchPlanTests {
    @Test(
        "a lane that has no request under way gets one, whatever the others have", arguments: FetchLane.allCases,
        [true, false])
    func apart(lane: FetchLane, isLimited: Bool) {
        var plan = FetchPlan()
        let other: FetchLane = lane == .busy ? .quiet : .busy
        for _ in 0...FetchPlan.sparesMax {
            #expect(plan.mayAsk(other, isLimited: isLimited))
            plan.asked(other)
        }
        #expect(!plan.mayAsk(other, isLimited: isLimited))
        #expect(plan.mayAsk(lane, isLimited: isLimited))
        plan.asked(lane)
        #expect(!plan.mayAsk(lane, isLimited: isLimited))
        #expect(plan.isUnderWay(lane))
    }

    @Test("an answer makes room for another request, of any lane when it was beyond the first")
    func room() {
        var plan = FetchPlan()
        plan.asked(.quiet)
        for _ in 0...FetchPlan.sparesMax { plan.asked(.busy) }
        plan.answered(.busy)
        #expect(plan.mayAsk(.busy, isLimited: false) && plan.mayAsk(.quiet, isLimited: false))
        plan.asked(.quiet)
        #expect(!plan.mayAsk(.busy, isLimited: false) && !plan.mayAsk(.quiet, isLimited: false))
    }

    @Test("replicas that are behind have one piece under way while there is live traffic, and several without")
    func behind() {
        var plan = FetchPlan()
        plan.asked(.behind)
        #expect(!plan.mayAsk(.behind, isLimited: true))
        #expect(plan.mayAsk(.behind, isLimited: false))
        #expect(plan.mayAsk(.busy, isLimited: true))
        plan.answered(.behind)
        #expect(!plan.isUnderWay(.behind))
        #expect(plan.mayAsk(.behind, isLimited: true))
    }
}
