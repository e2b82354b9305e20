//! Lifetime value: what keeping a customer is worth. docs/economics.md has its limits.

pub mod bg_nbd;
mod expected;
mod fit;
pub mod gamma_gamma;
pub mod purchases;
mod rate;

pub use bg_nbd::BgNbd;
pub use fit::FitError;
pub use gamma_gamma::{GammaGamma, Spending};
pub use purchases::{PurchaseCounts, Purchases};
pub use rate::{Margin, YearlyDiscount, expected_years_kept, lifetime_value, yearly_purchases};
