import Foundation
import XML

/// A drawing of how long a decision takes by the number of sites, both on scales on which each step is tenfold.
struct GrowthPicture {
    typealias Point = (sites: Int, seconds: Double)

    /// One decision with its claim, and one plan that explains itself.
    var decisions: [Point] = []
    var plans: [Point] = []

    private static let namespace = "http://www.w3.org/2000/svg"
    private static let (width, height) = (720.0, 440.0)
    private static let (left, right, top, bottom) = (80.0, 30.0, 50.0, 60.0)
    /// Powers of ten: 100 to 100,000 sites, 10 µs to 10 s.
    private static let sites = 2.0...5.0
    private static let seconds = -5.0...1.0
    private static let times = ["10 µs", "100 µs", "1 ms", "10 ms", "100 ms", "1 s", "10 s"]
    private static let counts = ["100", "1,000", "10,000", "100,000"]

    /// As SVG; its ground is white, so that it is seen on light pages and on dark ones.
    func svg() throws -> String {
        let title = Self.label(
            "Time for one decision by the number of sites", at: (Self.width / 2, 28), anchor: "middle")
        let ground = Self.element("rect", ["width": "100%", "height": "100%", "fill": "white"])
        let curves =
            self.proportion + self.curve(self.plans, colour: "#c2410c", name: "explained plan")
            + self.curve(self.decisions, colour: "#1d4ed8", name: "decision with its claim")
        var picture = Self.element(
            "svg",
            [
                "viewBox": "0 0 \(Int(Self.width)) \(Int(Self.height))", "font-family": "sans-serif",
                "font-size": "14",
            ])
        let elements = [ground, title] + Self.grid + curves
        picture.children = elements.flatMap { element -> [Element.Node] in [.text("\n"), .element(element)] }
        picture.children.append(.text("\n"))
        return try picture.serializedText() + "\n"
    }

    private static var grid: [Element] {
        let rows = self.times.enumerated().flatMap { number, time in
            let y = self.y(self.seconds.lowerBound + Double(number))
            return [
                self.stroke([(self.left, y), (self.width - self.right, y)], colour: "#d4d4d4"),
                self.label(time, at: (self.left - 8, y + 5), anchor: "end"),
            ]
        }
        let columns = self.counts.enumerated().flatMap { number, count in
            let x = self.x(self.sites.lowerBound + Double(number))
            return [
                self.stroke([(x, self.top), (x, self.height - self.bottom)], colour: "#d4d4d4"),
                self.label(count, at: (x, self.height - self.bottom + 22), anchor: "middle"),
            ]
        }
        return rows + columns + [
            self.label("sites", at: (self.width / 2, self.height - 12), anchor: "middle")
        ]
    }

    private func curve(_ points: [Point], colour: String, name: String) -> [Element] {
        let places = points.map { (Self.x(log10(Double($0.sites))), Self.y(log10($0.seconds))) }
        guard let last = places.last else { return [] }
        let dots = places.map { x, y in
            Self.element("circle", ["cx": Self.text(x), "cy": Self.text(y), "r": "4", "fill": colour])
        }
        return [Self.stroke(places, colour: colour, width: "2")] + dots
            + [Self.label(name, at: (last.0, last.1 - 12), anchor: "end", colour: colour)]
    }

    /// What time in proportion to the sites would be, from the first decision on.
    private var proportion: [Element] {
        guard let first = self.decisions.first else { return [] }
        let (sites, seconds) = (log10(Double(first.sites)), log10(first.seconds))
        let length = min(Self.sites.upperBound - sites, Self.seconds.upperBound - seconds)
        let end = (Self.x(sites + length), Self.y(seconds + length))
        return [
            Self.stroke([(Self.x(sites), Self.y(seconds)), end], colour: "#737373", dashes: "6 5"),
            Self.label("in proportion", at: (end.0, end.1 - 8), anchor: "end", colour: "#737373"),
        ]
    }

    private static func x(_ power: Double) -> Double {
        self.left + (self.width - self.left - self.right) * (power - self.sites.lowerBound)
            / (self.sites.upperBound - self.sites.lowerBound)
    }

    private static func y(_ power: Double) -> Double {
        self.height - self.bottom - (self.height - self.top - self.bottom)
            * (power - self.seconds.lowerBound) / (self.seconds.upperBound - self.seconds.lowerBound)
    }

    private static func stroke(
        _ points: [(Double, Double)], colour: String, width: String = "1", dashes: String? = nil
    ) -> Element {
        self.element(
            "polyline",
            [
                "points": points.map { "\(self.text($0.0)),\(self.text($0.1))" }.joined(separator: " "),
                "fill": "none", "stroke": colour, "stroke-width": width, "stroke-dasharray": dashes,
            ])
    }

    private static func label(
        _ words: String, at place: (Double, Double), anchor: String, colour: String = "#262626"
    ) -> Element {
        var label = self.element(
            "text",
            ["x": self.text(place.0), "y": self.text(place.1), "text-anchor": anchor, "fill": colour])
        label.children = [.text(words)]
        return label
    }

    private static func element(_ name: String, _ attributes: KeyValuePairs<String, String?>) -> Element {
        Element(name, namespace: self.namespace, attributes)
    }

    /// To a tenth of a point.
    private static func text(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
}
