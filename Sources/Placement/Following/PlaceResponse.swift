package import CloudModel

/// How long responses to the users at one place take, at the percentile that matters.
package struct PlaceResponse: Hashable, Sendable {
    package let place: Audience.Place
    /// How many responses that rests on.
    package let count: Int
    package let milliseconds: Double
    /// The same of the last two minutes; nil if nothing was heard then.
    package let recent: Double?

    package init(place: Audience.Place, count: Int, milliseconds: Double, recent: Double?) {
        self.place = place
        self.count = count
        self.milliseconds = milliseconds
        self.recent = recent
    }
}
