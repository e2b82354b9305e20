//! The normal distribution, as a few equally likely places.

/// The middles of the upper eight of sixteen equally likely parts of the normal distribution: Φ⁻¹((k + ½)/16) for
/// k = 8…15 (scipy.stats.norm.ppf).
pub(crate) const MIDDLES: [f64; 8] = [
    0.078_412_412_733_112_2,
    0.237_202_109_328_787_7,
    0.402_250_065_321_725_4,
    0.579_132_162_255_556,
    0.776_421_761_147_927_7,
    1.009_990_169_249_582,
    1.318_010_897_303_537,
    1.862_731_867_421_651_5,
];
