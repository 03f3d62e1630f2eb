/// How long a coordinator is patient with a replica that does not run.
package struct KeepingRules: Hashable, Sendable {
    /// Starts in place before the replica is placed elsewhere.
    package var restartLimit: Int
    /// Times it is placed anew before it stays where it is, and is only started again from time to time.
    package var moveLimit: Int
    /// The pause before the second try of anything; the first is made at once, each further one waits four times as
    /// long.
    package var firstPause: Duration
    package var longestPause: Duration
    /// How long it must have run for what was tried before not to count any more.
    package var stableAfter: Duration
    /// How long a start that was accepted may take before it counts as failed.
    package var startTimeout: Duration
    /// The pause before a site that did not answer, or would not, is asked again; doubled with each further time.
    package var silencePause: Duration

    package init(
        restartLimit: Int = 3, moveLimit: Int = 3, firstPause: Duration = .seconds(5),
        longestPause: Duration = .seconds(600), stableAfter: Duration = .seconds(600),
        startTimeout: Duration = .seconds(300), silencePause: Duration = .seconds(15)
    ) {
        self.restartLimit = restartLimit
        self.moveLimit = moveLimit
        self.firstPause = firstPause
        self.longestPause = longestPause
        self.stableAfter = stableAfter
        self.startTimeout = startTimeout
        self.silencePause = silencePause
    }

    /// Nothing, then `firstPause`, then four times the last one up to `longestPause`.
    package func pause(afterTries tries: Int) -> Duration {
        tries <= 0 ? .zero : min(self.longestPause, self.firstPause * (1 << (2 * min(tries - 1, 10))))
    }

    /// `silencePause`, then twice the last one up to `longestPause`.
    package func pause(afterFutileStarts starts: Int) -> Duration {
        min(self.longestPause, self.silencePause * (1 << min(max(0, starts - 1), 10)))
    }
}
