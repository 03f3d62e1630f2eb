package import CloudModel

/// How far a long operation is.
package struct Progress: Hashable, Sendable {
    package let site: SiteID
    /// What happens now: `machine web-1 is starting`.
    package let text: String
    /// Steps done and steps in all, where they are known.
    package let step: Int?
    package let steps: Int?
    /// The same for programs, where it is one of many things that a feed tells.
    package let item: Item?

    /// One thing that a feed tells.
    package struct Item: Hashable, Sendable {
        /// What it is, as the name of a server-sent event.
        package let kind: String
        /// Where the feed goes on after it: what a reader that was cut off says to resume.
        package let id: String
        package let value: Value

        package init(kind: String, id: String, value: Value) {
            self.kind = kind
            self.id = id
            self.value = value
        }
    }

    package init(
        site: SiteID, text: String, step: Int? = nil, of steps: Int? = nil, item: Item? = nil
    ) {
        self.site = site
        self.text = text
        self.step = step
        self.steps = steps
        self.item = item
    }
}

/// Takes the progress of one operation; returns when the face has taken it.
package typealias ProgressSink = @Sendable (Progress) async -> Void
