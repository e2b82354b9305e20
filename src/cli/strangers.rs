//! Files that tell of customers who have no order: it seems that identifiers are written otherwise there.

use mainstay_features::history::{Telling, Told, ToldOf};

/// Customers files may tell of many who have never bought; of so few buyers that it is more likely that most were not found.
const FEW: f64 = 0.1;

/// What is to be doubted of those of whom files tell, a sentence each.
pub(super) fn doubts(told: &Told) -> Vec<String> {
    let doubt = |telling| {
        let ToldOf { customers, without_order, rows_without_order } = told.by(telling);
        let with_order = customers - without_order;
        let few = customers > 0 && (with_order as f64) < FEW * customers as f64;
        let of = match telling {
            // Who has never bought has nothing to complain of.
            Telling::Complaints if without_order > 0 => {
                return Some(format!(
                    "{rows_without_order} complaints are of {without_order} customers who have no order in the purchase files; \
                     are the identifiers written the same way, or are their orders left out?"
                ));
            }
            Telling::Complaints => return None,
            Telling::Contacts => "contacts files",
            Telling::Customers => "customers files",
            Telling::Contracts => "contracts files",
        };
        few.then(|| {
            format!(
                "of the {customers} customers whom {of} tell of, {with_order} have an order; are the identifiers written \
                 the same way as in the purchase files?"
            )
        })
    };
    Telling::ALL.into_iter().filter_map(doubt).collect()
}
