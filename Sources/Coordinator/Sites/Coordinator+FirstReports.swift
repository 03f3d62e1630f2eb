import CloudModel
import Placement

/// The moments after a start, in which sites that are well have not been heard yet.
extension Coordinator {
    /// Between two looks at whether they have been heard meanwhile.
    static let firstReportPause = Duration.milliseconds(250)
    /// How long after the start it is waited at most; with the longest patience, less than who asks from elsewhere waits.
    static let firstReportLimit = Duration.seconds(30)

    /// Waits a moment for sites to be heard for the first time, after which to plan again; false if that is no use.
    ///
    /// Of use only if the plan lacks a site, if one that has not been heard might do, and while this process has run for
    /// less than a site has for an answer. `looks`, zero at first, ends it should the clock stand still.
    func waitsForFirstReports(_ plan: Plan, _ looks: inout Int) async -> Bool {
        let limit = min(self.configuration.requestTimeout, Self.firstReportLimit)
        guard !plan.isComplete, self.uptime() < limit, looks < Int(limit / Self.firstReportPause),
            plan.mayChangeOnceHeard
        else { return false }
        looks += 1
        do {
            try await self.pause(Self.firstReportPause)
        } catch {
            // Nobody waits for the answer any longer.
            return false
        }
        return true
    }
}
