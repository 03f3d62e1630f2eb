package import CloudModel
import Glibc

extension Position {
    /// The mean radius of the Earth in kilometres (IUGG).
    private static let earthRadius = 6_371.008_8

    /// The great-circle distance in kilometres, by the haversine formula; off by up to 0.6 % because the Earth is
    /// not a sphere.
    package func distance(to other: Position) -> Double {
        let degree = Double.pi / 180
        let latitudes = (self.latitude * degree, other.latitude * degree)
        let rise = sin((latitudes.1 - latitudes.0) / 2)
        let turn = sin((other.longitude - self.longitude) * degree / 2)
        let chord = rise * rise + cos(latitudes.0) * cos(latitudes.1) * turn * turn
        return 2 * Self.earthRadius * asin(min(1, chord.squareRoot()))
    }
}
