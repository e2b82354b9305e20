//! Lifetime value: what keeping a customer is worth. docs/economics.md has its limits.
//!
//! ```text
//! everyone's purchases ◄──► season
//!         │ on its clock
//!         └──────────────► BG/NBD ──────► to come, if kept ───────────┐
//! who left and came back ─► returning ──► made even by who leaves ────┤
//! repeat buyers' amounts ─► Gamma-Gamma ─► amount at a time ──────────┴──► value ◄── margin, discount
//! ```

mod assumptions;
pub mod bg_nbd;
mod customers;
mod expected;
mod fit;
pub mod gamma_gamma;
mod likelihood;
mod outlook;
mod purchase_rate;
pub mod purchases;
mod retention;
pub mod returning;
mod season;
mod spread;
mod to_come;
pub mod value;

pub use assumptions::{Margin, YearlyDiscount};
pub use bg_nbd::BgNbd;
pub use fit::FitError;
pub use gamma_gamma::{GammaGamma, Spending};
pub use outlook::Outlook;
pub use purchase_rate::{Billed, PurchaseRate};
pub use purchases::{PurchaseCounts, Purchases};
pub use retention::{Retention, expected_years_kept, lifetime_value, yearly_purchases};
pub use returning::Returning;
pub use season::Season;
pub use spread::Spread;
pub use value::{Amounts, Expected, Fitted, Lifetime};
