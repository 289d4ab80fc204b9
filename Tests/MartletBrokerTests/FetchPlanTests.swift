import Testing

@testable import MartletBroker

@Suite("Plans of fetches")
struct FetchPlanTests {
    @Test(
        "a kind of partitions that has no request under way gets one, whatever the other kind has",
        arguments: [true, false])
    func apart(isQuiet: Bool) {
        var plan = FetchPlan()
        for _ in 0...FetchPlan.sparesMax {
            #expect(plan.mayAsk(isQuiet: isQuiet))
            plan.asked(isQuiet: isQuiet)
        }
        #expect(!plan.mayAsk(isQuiet: isQuiet))
        #expect(plan.mayAsk(isQuiet: !isQuiet))
        plan.asked(isQuiet: !isQuiet)
        #expect(!plan.mayAsk(isQuiet: !isQuiet))
    }

    @Test("an answer makes room for another request, of either kind when it was beyond the first")
    func room() {
        var plan = FetchPlan()
        plan.asked(isQuiet: true)
        for _ in 0...FetchPlan.sparesMax { plan.asked(isQuiet: false) }
        plan.answered(isQuiet: false)
        #expect(plan.mayAsk(isQuiet: false) && plan.mayAsk(isQuiet: true))
        plan.asked(isQuiet: true)
        #expect(!plan.mayAsk(isQuiet: false) && !plan.mayAsk(isQuiet: true))
    }
}
