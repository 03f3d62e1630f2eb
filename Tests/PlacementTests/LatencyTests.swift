import CloudModel
import Placement
import Testing

@Suite("Latency")
struct LatencyTests {
    @Test("Great-circle distances are within one percent of the published ones")
    func distances() throws {
        let paris = try #require(Samples.paris)
        let tokyo = try #require(Samples.tokyo)
        let virginia = try #require(Samples.virginia)
        #expect(abs(paris.distance(to: tokyo) - 9_712) < 97)
        #expect(abs(paris.distance(to: virginia) - 6_180) < 62)
        #expect(paris.distance(to: paris) == 0)
        let pole = try #require(Position(latitude: 90, longitude: 0))
        let otherPole = try #require(Position(latitude: -90, longitude: 180))
        #expect(abs(pole.distance(to: otherPole) - LatencyModel.longestDistance) < 1)
    }

    @Test("The formula is fixed + inflation × 2 d ÷ the speed of light in fibre")
    func formula() {
        let model = LatencyModel()
        #expect(model.estimate(kilometres: 0) == 5)
        #expect(abs(model.estimate(kilometres: 1_000) - (5 + 1.54 * 2_000 / 199.861_638)) < 1e-9)
        #expect(abs(model.worst - 313.4) < 0.5)
        #expect(LatencyModel.lowerBound(kilometres: 1_000) < model.path(kilometres: 1_000))
    }

    /// Positions and round trips of the sample, as sites named after the regions.
    private static func sample() -> (positions: [SiteID: Position], roundTrips: RoundTrips) {
        var positions: [SiteID: Position] = [:]
        var roundTrips = RoundTrips()
        for (row, region) in RegionSample.positions.enumerated() {
            positions[SiteID(region.name)] = Position(latitude: region.latitude, longitude: region.longitude)
            for (column, other) in RegionSample.positions.enumerated() where column != row {
                roundTrips.record(
                    RegionSample.milliseconds[row][column], between: SiteID(region.name),
                    and: SiteID(other.name))
            }
        }
        return (positions, roundTrips)
    }

    /// Relative errors of the predictions from every region to users at every other region's position.
    private static func errors(knowing roundTrips: (SiteID, SiteID) -> RoundTrips) throws -> [Double] {
        let (positions, _) = Self.sample()
        var errors: [Double] = []
        for (row, region) in RegionSample.positions.enumerated() {
            for (column, other) in RegionSample.positions.enumerated() where column != row {
                let place = try #require(positions[SiteID(other.name)])
                let predictor = LatencyPredictor(
                    audience: Audience(shares: [.init(place: .position(place), weight: 1)]),
                    positions: positions,
                    roundTrips: roundTrips(SiteID(region.name), SiteID(other.name)), model: LatencyModel())
                let prediction = predictor.predict(
                    for: SiteID(region.name), at: positions[SiteID(region.name)])
                let predicted = try #require(prediction?.milliseconds)
                let measured = RegionSample.milliseconds[row][column]
                errors.append(abs(predicted - measured) / measured)
            }
        }
        return errors.sorted()
    }

    @Test("The estimate alone is within 17 % of the measured round trips, in the median")
    func estimateOnRealData() throws {
        let errors = try Self.errors { _, _ in RoundTrips() }
        #expect(errors[errors.count / 2] <= 0.17)
        #expect(errors[errors.count * 9 / 10] <= 0.40)
    }

    @Test("Measured paths to other sites near the users bring that down")
    func correctionOnRealData() throws {
        let (_, all) = Self.sample()
        let plain = try Self.errors { _, _ in RoundTrips() }
        let corrected = try Self.errors { site, users in
            // What is known: every pair but the one that is predicted.
            var known = RoundTrips()
            for region in RegionSample.positions.map({ SiteID($0.name) }) where region != users {
                if let measured = all.between(site, region) {
                    known.record(measured, between: site, and: region)
                }
            }
            return known
        }
        #expect(corrected[corrected.count / 2] < plain[plain.count / 2] * 0.85)
    }

    private func predict(
        _ place: Audience.Place, positions: [SiteID: Position?], roundTrips: [(String, String, Double)] = [],
        for site: String = "a.test"
    ) throws -> LatencyPrediction {
        var table = RoundTrips()
        for (one, other, milliseconds) in roundTrips {
            table.record(milliseconds, between: SiteID(one), and: SiteID(other))
        }
        let known = positions.compactMapValues { $0 }
        let predictor = LatencyPredictor(
            audience: Audience(shares: [.init(place: place, weight: 1)]), positions: known,
            roundTrips: table, model: LatencyModel())
        return try #require(predictor.predict(for: SiteID(site), at: known[SiteID(site)]))
    }

    @Test("A measurement between the very ends counts as it is")
    func measured() throws {
        let prediction = try self.predict(
            .site(SiteID("b.test")),
            positions: [SiteID("a.test"): Samples.paris, SiteID("b.test"): Samples.tokyo],
            roundTrips: [("b.test", "a.test", 216)])
        #expect(prediction.milliseconds == 216)
        #expect(prediction.basis == .measured)
    }

    @Test("A measurement shorter than light needs is set aside, and the prediction says so")
    func impossibleMeasurement() throws {
        let prediction = try self.predict(
            .site(SiteID("b.test")),
            positions: [SiteID("a.test"): Samples.paris, SiteID("b.test"): Samples.tokyo],
            roundTrips: [("a.test", "b.test", 0.4)])
        #expect(prediction.basis == .estimated)
        #expect(try #require(prediction.milliseconds) > 100)
        #expect(prediction.parts[0].contradictsMeasurement)
        #expect(prediction.text.contains("shorter than light needs"))
    }

    @Test("A measured path to a site near the users scales the estimate")
    func corrected() throws {
        let prediction = try self.predict(
            .position(try #require(Samples.tokyo)),
            positions: [SiteID("a.test"): Samples.paris, SiteID("osaka.test"): Samples.osaka],
            roundTrips: [("a.test", "osaka.test", 222)])
        #expect(prediction.basis == .corrected)
        #expect(prediction.parts[0].reference == SiteID("osaka.test"))
        #expect(abs(try #require(prediction.milliseconds) - 222) < 10)
    }

    @Test("A reference far from the users scales nothing")
    func farReference() throws {
        let prediction = try self.predict(
            .position(try #require(Samples.virginia)),
            positions: [SiteID("a.test"): Samples.paris, SiteID("osaka.test"): Samples.osaka],
            roundTrips: [("a.test", "osaka.test", 222)])
        #expect(prediction.basis == .estimated)
    }

    @Test("A site without a position is found through a measured path to a reference")
    func triangulated() throws {
        let prediction = try self.predict(
            .position(try #require(Samples.tokyo)),
            positions: [SiteID("a.test"): nil, SiteID("osaka.test"): Samples.osaka],
            roundTrips: [("a.test", "osaka.test", 30)])
        #expect(prediction.basis == .corrected)
        #expect(abs(try #require(prediction.milliseconds) - 36) < 2)
    }

    @Test("With neither position nor measurement the latency is unknown, and taken for the worst")
    func unknown() throws {
        let prediction = try self.predict(.country("JP"), positions: [SiteID("a.test"): nil])
        #expect(prediction.milliseconds == nil)
        #expect(prediction.basis == .unknown)
        #expect(prediction.pessimisticMilliseconds == LatencyModel().worst)
        #expect(prediction.text == "latency unknown")
    }

    @Test("Users at the site itself have only the fixed part")
    func atTheSite() throws {
        let prediction = try self.predict(.site(SiteID("a.test")), positions: [SiteID("a.test"): nil])
        #expect(prediction.milliseconds == 5)
    }

    @Test("Absurd measurements are left out", arguments: [0, -1, .nan, .infinity] as [Double])
    func absurdMeasurement(milliseconds: Double) {
        var table = RoundTrips()
        table.record(milliseconds, between: SiteID("a.test"), and: SiteID("b.test"))
        #expect(table.between(SiteID("a.test"), SiteID("b.test")) == nil)
    }

    @Test("The table of countries has all of ISO 3166-1 and reads without a loss")
    func countries() throws {
        #expect(Countries.codes.count == 250)
        #expect(Countries.codes.allSatisfy { $0.utf8.count == 2 })
        let france = try #require(Countries.position(of: "FR"))
        #expect(france.distance(to: try #require(Samples.paris)) < 300)
        let japan = try #require(Countries.position(of: "JP"))
        #expect(japan.distance(to: try #require(Samples.tokyo)) < 300)
        #expect(Countries.position(of: "fr") == nil)
        #expect(Countries.position(of: "ZZ") == nil)
    }

    @Test("Of two claims about one path the shorter counts, and what was measured here stands above both")
    func claims() {
        let (paris, tokyo) = (SiteID("paris.test"), SiteID("tokyo.test"))
        var roundTrips = RoundTrips()
        roundTrips.note(240, claimedBetween: paris, and: tokyo)
        roundTrips.note(9_000, claimedBetween: tokyo, and: paris)
        #expect(roundTrips.between(paris, tokyo) == 240)
        roundTrips.note(-1, claimedBetween: paris, and: tokyo)
        roundTrips.note(.nan, claimedBetween: paris, and: tokyo)
        #expect(roundTrips.between(tokyo, paris) == 240)
        roundTrips.record(250, between: paris, and: tokyo)
        #expect(roundTrips.between(paris, tokyo) == 250)
    }

    @Test("Weights that add up to nothing count alike instead of making a prediction no number")
    func weightless() throws {
        let (paris, tokyo) = (SiteID("paris.test"), SiteID("tokyo.test"))
        var roundTrips = RoundTrips()
        roundTrips.record(10, between: SiteID("a.test"), and: paris)
        roundTrips.record(30, between: SiteID("a.test"), and: tokyo)
        for weight in [0, Double.leastNonzeroMagnitude] {
            let audience = Audience(
                shares: [paris, tokyo].map { .init(place: .site($0), weight: weight) })
            let predictor = LatencyPredictor(
                audience: audience, positions: [:], roundTrips: roundTrips, model: LatencyModel())
            #expect(predictor.predict(for: SiteID("a.test"), at: nil)?.milliseconds == 20)
        }
    }

    @Test("Between sites the shortest way from any of some counts; what is unknown is within nothing")
    func betweenSites() {
        var snapshot = PlacementSnapshot(candidates: Samples.world + [Samples.candidate("nowhere.test")])
        let sites = ["paris", "tokyo", "nowhere"].map { SiteID("\($0).test") }
        let virginia = SiteID("virginia.test")
        snapshot.roundTrips.record(80, between: sites[0], and: virginia)
        snapshot.roundTrips.record(160, between: sites[1], and: virginia)
        let paths = PathKnowledge(snapshot, model: LatencyModel())
        #expect(paths.milliseconds(from: sites[1], to: virginia) == 160)
        #expect(paths.milliseconds(from: virginia, to: virginia) == 0)
        #expect(paths.milliseconds(from: sites[2], to: virginia) == nil)
        #expect(paths.isWithin(80, from: sites, to: virginia))
        #expect(!paths.isWithin(79, from: sites, to: virginia))
        #expect(!paths.isWithin(1_000, from: [sites[2]], to: virginia))
        #expect(!paths.isWithin(1_000, from: [SiteID](), to: virginia))
    }
}
