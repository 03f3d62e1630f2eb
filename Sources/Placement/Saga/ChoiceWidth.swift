/// Among how many of the best sites a coordinator chooses.
///
/// While sites say yes, the best is taken. Refusals are a sign that others choose the same sites at the same time: then
/// one of the best eight is drawn, so that coordinators who see the same picture do not collide again.
package struct ChoiceWidth: Hashable, Sendable {
    /// Choices without a refusal after which the best is taken again.
    package static let quietAfter = 20

    private var choicesSinceRefusal = Self.quietAfter

    package init() {}

    /// How many of the best sites are good enough for a replica that nobody has refused yet.
    package var width: Int { self.choicesSinceRefusal < Self.quietAfter ? SiteIndex.usualBreadth : 1 }

    /// A site has been chosen.
    package mutating func chosen() {
        self.choicesSinceRefusal = min(self.choicesSinceRefusal + 1, Self.quietAfter)
    }

    /// A site has refused.
    package mutating func refused() { self.choicesSinceRefusal = 0 }
}
