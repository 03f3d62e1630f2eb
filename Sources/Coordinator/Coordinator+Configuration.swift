package import CloudModel
package import Placement

extension Coordinator {
    /// What an operator may set about a coordinator; read once at the start.
    package struct Configuration: Hashable, Sendable {
        /// The address of this process, which sites see as the holder of what it reserves.
        package var address: SiteID
        /// How long a site is asked to hold capacity between the two steps.
        ///
        /// Longer than a few `requestTimeout`s, or holds run out while a slow site is being asked about them.
        package var holdFor: Duration
        /// How long a site has for an answer; then it is asked what became of the request.
        package var requestTimeout: Duration
        /// How long a face waits for a placement or a removal before it answers with what has been reached.
        package var patience: Duration
        /// Workloads kept at once, those that are being removed included.
        package var workloadLimit: Int
        /// Removed workloads remembered at once, whoever they belonged to; of more the oldest are forgotten when the next
        /// workload is asked for, with their idempotency keys.
        ///
        /// The oldest of all, not of whoever has most: nothing is left then that is older than what was forgotten, so the
        /// next process knows from when on no event is missing.
        package var removedLimit = 10_000
        /// Applications kept at once.
        package var applicationLimit = 1_000
        /// How long a part of an application waits for a site that may take it later, before the application fails.
        package var applicationPatience = Duration.seconds(600)
        /// How long a removed workload is remembered at most, so that its idempotency key does not place it anew.
        package var remembrance: Duration
        /// The pause before another try when the disk did not take a change.
        package var storageRetry: Duration
        package var rules: PlanningRules
        /// How patient it is with replicas that do not run.
        package var keeping: KeepingRules
        /// When response times call for a change.
        package var following = FollowingRules()
        /// How often it looks whether something must be done to keep workloads at their replicas.
        package var keepInterval: Duration
        package var rebalancing: RebalancingPolicy

        package init(
            address: SiteID, holdFor: Duration = .seconds(60), requestTimeout: Duration = .seconds(10),
            patience: Duration = .seconds(60), workloadLimit: Int = 10_000,
            remembrance: Duration = .seconds(86_400), storageRetry: Duration = .seconds(1),
            rules: PlanningRules = PlanningRules(), keeping: KeepingRules = KeepingRules(),
            keepInterval: Duration = .seconds(1), rebalancing: RebalancingPolicy = RebalancingPolicy()
        ) {
            self.address = address
            self.holdFor = holdFor
            self.requestTimeout = requestTimeout
            self.patience = patience
            self.workloadLimit = workloadLimit
            self.remembrance = remembrance
            self.storageRetry = storageRetry
            self.rules = rules
            self.keeping = keeping
            self.keepInterval = keepInterval
            self.rebalancing = rebalancing
        }
    }
}
