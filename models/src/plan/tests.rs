use super::*;

fn money(amount: f64) -> Money {
    Money::new(amount).unwrap()
}

/// Each customer's options as (offer, spend, net value).
fn choices(customers: &[&[(u8, f64, f64)]]) -> Choices {
    let mut choices = Choices::new();
    for options in customers {
        choices.push_customer(options.iter().map(|&(offer, spend, net_value)| PlanOption {
            offer,
            spend,
            net_value,
        }));
    }
    choices
}

fn section_4() -> Choices {
    choices(&[
        &[(0, 4.0, 10.0), (1, 6.0, 22.0)],
        &[(0, 3.0, 5.0), (1, 5.0, 18.0)],
        &[(0, 2.0, 3.0)],
        &[(0, 7.0, 40.0)],
    ])
}

fn budget(amount: f64) -> Limits {
    Limits { budget: Some(money(amount)), capacities: Vec::new() }
}

/// ECONOMICS.md section 4, "Checked".
#[test]
fn section_4_checked_plans() {
    for (amount, expected) in [(10.0, 45.0), (12.0, 58.0), (14.0, 62.0), (16.0, 68.0)] {
        let plan = plan(&section_4(), &budget(amount));
        assert_eq!(plan.net_value.get(), expected, "{plan:?}");
        assert!(plan.spend.get() <= amount && plan.is_proven && plan.bound == plan.net_value);
    }
}
