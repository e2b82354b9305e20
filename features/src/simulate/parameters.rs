//! What is true of the simulated shop, number by number.

/// Days in a year.
pub const YEAR: f64 = 365.25;

/// This share of the customers is there from the beginning; the others come evenly until a day before the end.
pub const ACQUIRED_AT_BEGIN: f64 = 0.3;
/// Purchase rates are gamma-distributed with this shape.
pub const PURCHASE_SHAPE: f64 = 1.5;
/// The mean purchase rate per year.
pub const PURCHASES_PER_YEAR: f64 = 8.0;
/// Drop-out hazards are gamma-distributed with this shape.
pub const DROP_OUT_SHAPE: f64 = 1.0;
/// The mean drop-out hazard per year.
pub const DROP_OUTS_PER_YEAR: f64 = 0.8;
/// Purchase rates go up and down over the year by this share.
pub const SEASON_AMPLITUDE: f64 = 0.4;
/// The season's peak, in days after the turn of the year.
pub const SEASON_PEAK_DAY: f64 = 345.0;

/// The number of products.
pub const PRODUCTS: f64 = 500.0;
/// Of all lines, (k / products)^(1 / this) are of the k most popular products.
pub const PRODUCT_SKEW: f64 = 3.0;
/// Orders have 1 to so many lines, each number as likely.
pub const MOST_LINES: f64 = 4.0;
/// The median over customers of a line's mean price.
pub const LINE_PRICE_MEDIAN: f64 = 20.0;
/// The standard deviation of its logarithm between customers.
pub const LINE_PRICE_SPREAD: f64 = 0.5;
/// The standard deviation of the logarithm of a price around its customer's mean.
pub const LINE_PRICE_NOISE: f64 = 0.4;
/// This share of the lines is discounted.
pub const DISCOUNTED_SHARE: f64 = 0.25;
/// The discount, as a share of the price.
pub const DISCOUNT_RATE: f64 = 0.2;
/// This share of the orders of several lines is sent back, all lines but the first.
pub const RETURNED_SHARE: f64 = 0.04;
/// The fewest days after the order.
pub const RETURN_DAYS_LEAST: f64 = 2.0;
/// The most days after the order.
pub const RETURN_DAYS_MOST: f64 = 21.0;

/// This share of the orders is complained of, if the customer is still there to complain.
pub const COMPLAINT_SHARE: f64 = 0.05;
/// Within so many days of the order.
pub const COMPLAINT_WITHIN_DAYS: f64 = 3.0;
/// A complaint multiplies the drop-out hazard by this, whatever its severity and resolved or not; several multiply.
pub const COMPLAINT_HAZARD_FACTOR: f64 = 4.0;
/// For so many days.
pub const COMPLAINT_HAZARD_DAYS: f64 = 60.0;
/// This share of the complaints is resolved in the end.
pub const RESOLVED_SHARE: f64 = 0.7;
/// The fewest days it takes.
pub const RESOLVED_DAYS_LEAST: f64 = 1.0;
/// The most days it takes.
pub const RESOLVED_DAYS_MOST: f64 = 20.0;

/// This share of the customers, drawn without regard to anything, is contacted once.
pub const CONTACTED_SHARE: f64 = 0.2;
/// This share of the contacts offers a voucher; the others remind.
pub const VOUCHER_SHARE: f64 = 0.5;
/// The share of customers who stay because of a contact.
pub const PERSUADABLE_SHARE: f64 = 0.30;
/// The share of customers whom a contact leaves as they were: taken to be sure.
pub const SURE_THING_SHARE: f64 = 0.35;
/// The share of customers whom a contact leaves as they were: taken to be lost.
pub const LOST_CAUSE_SHARE: f64 = 0.20;
/// The share of customers who leave because of a contact.
pub const SLEEPING_DOG_SHARE: f64 = 0.15;
/// A reminder takes this share off a persuadable's drop-out hazard, for the horizon.
pub const REMINDER_SAVES: f64 = 0.5;
/// A voucher takes this share off it.
pub const VOUCHER_SAVES: f64 = 0.8;
/// A reminder multiplies a sleeping dog's drop-out hazard by this, for the horizon.
pub const REMINDER_WAKES: f64 = 3.0;
/// A voucher multiplies it by this.
pub const VOUCHER_WAKES: f64 = 2.0;

/// This share of the customers moves to a region drawn anew.
pub const MOVED_SHARE: f64 = 0.1;

/// All of them by name.
pub const PARAMETERS: &[(&str, f64)] = &[
    ("acquired_at_begin", ACQUIRED_AT_BEGIN),
    ("purchase_shape", PURCHASE_SHAPE),
    ("purchases_per_year", PURCHASES_PER_YEAR),
    ("drop_out_shape", DROP_OUT_SHAPE),
    ("drop_outs_per_year", DROP_OUTS_PER_YEAR),
    ("season_amplitude", SEASON_AMPLITUDE),
    ("season_peak_day", SEASON_PEAK_DAY),
    ("products", PRODUCTS),
    ("product_skew", PRODUCT_SKEW),
    ("most_lines", MOST_LINES),
    ("line_price_median", LINE_PRICE_MEDIAN),
    ("line_price_spread", LINE_PRICE_SPREAD),
    ("line_price_noise", LINE_PRICE_NOISE),
    ("discounted_share", DISCOUNTED_SHARE),
    ("discount_rate", DISCOUNT_RATE),
    ("returned_share", RETURNED_SHARE),
    ("return_days_least", RETURN_DAYS_LEAST),
    ("return_days_most", RETURN_DAYS_MOST),
    ("complaint_share", COMPLAINT_SHARE),
    ("complaint_within_days", COMPLAINT_WITHIN_DAYS),
    ("complaint_hazard_factor", COMPLAINT_HAZARD_FACTOR),
    ("complaint_hazard_days", COMPLAINT_HAZARD_DAYS),
    ("resolved_share", RESOLVED_SHARE),
    ("resolved_days_least", RESOLVED_DAYS_LEAST),
    ("resolved_days_most", RESOLVED_DAYS_MOST),
    ("contacted_share", CONTACTED_SHARE),
    ("voucher_share", VOUCHER_SHARE),
    ("persuadable_share", PERSUADABLE_SHARE),
    ("sure_thing_share", SURE_THING_SHARE),
    ("lost_cause_share", LOST_CAUSE_SHARE),
    ("sleeping_dog_share", SLEEPING_DOG_SHARE),
    ("reminder_saves", REMINDER_SAVES),
    ("voucher_saves", VOUCHER_SAVES),
    ("reminder_wakes", REMINDER_WAKES),
    ("voucher_wakes", VOUCHER_WAKES),
    ("moved_share", MOVED_SHARE),
];
