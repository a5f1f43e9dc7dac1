//! Shares of calls as decimals: `0.999` leaves `0.001`, where floating point would have `0.0010000000000000009`.

/// How many decimals of a share are told apart.
const DECIMALS: usize = 12;

/// Refuses what is no share that can be kept.
pub(super) fn assert_share(what: &str, share: f64) {
    assert!(
        share > 0.0 && share < 1.0,
        "{what} is {share}, and has to be between 0 and 1, both excluded: write 0.999 for 99.9 %"
    );
    assert!(
        decimals(share)
            .parse::<u64>()
            .is_ok_and(|decimals| decimals > 0 && decimals < 10_u64.pow(DECIMALS as u32)),
        "{what} is {share}, which leaves less than a call in 10^12: write 0.999 for 99.9 %"
    );
}

/// What the share leaves to fail, as a decimal.
#[cfg(feature = "rules")]
pub(crate) fn budget(share: f64) -> String {
    let whole = 10_u64.pow(DECIMALS as u32);
    let share: u64 = decimals(share).parse().expect("a share was refused unless it has digits");
    trimmed(format!("0.{:0width$}", whole - share, width = DECIMALS))
}

/// The share as people say it of a percentile: 0.99 is `p99`, 0.999 is `p99.9`.
#[cfg(feature = "rules")]
pub(crate) fn percentile(share: f64) -> String {
    let decimals = decimals(share);
    let (whole, rest) = decimals.split_at(2);
    trimmed(format!("p{}.{rest}", whole.trim_start_matches('0')))
}

/// The share as people say it: 0.05 is `5 %`.
#[cfg(feature = "rules")]
pub(crate) fn percent(share: f64) -> String {
    format!("{} %", (share * 100.0 * 1e9).round() / 1e9)
}

/// The digits behind the point.
pub(super) fn decimals(share: f64) -> String {
    format!("{share:.DECIMALS$}").split_off(2)
}

#[cfg(feature = "rules")]
fn trimmed(decimal: String) -> String {
    decimal.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(all(test, feature = "rules"))]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_a_decimal() {
        let said: Vec<_> = [0.5, 0.9, 0.95, 0.99, 0.999, 0.9995, 0.07, 0.99 + 0.009].map(percentile).into();
        assert_eq!(said, ["p50", "p90", "p95", "p99", "p99.9", "p99.95", "p7", "p99.9"]);
    }

    #[test]
    fn what_it_leaves_has_no_rounding_in_it() {
        let left: Vec<_> = [0.5, 0.9, 0.99, 0.999, 0.9995, 0.99 + 0.009].map(budget).into();
        assert_eq!(left, ["0.5", "0.1", "0.01", "0.001", "0.0005", "0.001"]);
    }
}
