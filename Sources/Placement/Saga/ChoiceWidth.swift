/// Among how many of the best sites a coordinator chooses.
///
/// While sites say yes, the best is taken. Refusals are a sign that others choose the same sites at the same time: then
/// one of the best eight is taken at random, so that coordinators who see the same picture do not collide again.
package struct ChoiceWidth: Hashable, Sendable {
    /// Sites among which is chosen after a refusal.
    package static let widest = 8
    /// Choices without a refusal after which the best is taken again.
    package static let quietAfter = 20

    private var choicesSinceRefusal = Self.quietAfter

    package init() {}

    /// How many of the best sites are good enough now.
    package var width: Int { self.choicesSinceRefusal < Self.quietAfter ? Self.widest : 1 }

    /// One of `options`, which are in order, the best first; nil if there are none.
    package mutating func choose<Option>(
        among options: [Option], using generator: inout some RandomNumberGenerator
    ) -> Option? {
        let choice = options.prefix(self.width).randomElement(using: &generator)
        self.choicesSinceRefusal = min(self.choicesSinceRefusal + 1, Self.quietAfter)
        return choice
    }

    /// A site has refused.
    package mutating func refused() { self.choicesSinceRefusal = 0 }
}
