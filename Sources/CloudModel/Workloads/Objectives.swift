/// How much each part of a site's score counts, relative to the others; zero leaves it out.
package struct Objectives: Hashable, Codable, Sendable {
    package var latency: Double
    package var load: Double
    package var room: Double

    package init(latency: Double = 1, load: Double = 0.25, room: Double = 0.25) {
        self.latency = latency
        self.load = load
        self.room = room
    }
}
