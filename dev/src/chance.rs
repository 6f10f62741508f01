//! How many of so many requests may chance alone send to one side?

/// The smallest count that is improbable: of `requests`, each of which goes there with this probability at most, so many or more go there with a
/// probability below `improbable`. More than all where even that is not improbable.
pub fn improbable_count(requests: u32, probability: f64, improbable: f64) -> u32 {
    if probability >= 1.0 {
        return requests + 1;
    }
    if probability <= 0.0 {
        return 1;
    }
    // From the top down, in logarithms: all of them have probability p^n, and each term follows from the one above.
    let (yes, no) = (probability.ln(), (1.0 - probability).ln());
    let mut term = f64::from(requests) * yes;
    let mut tail = 0.0;
    for count in (0..=requests).rev() {
        tail += term.exp();
        if tail >= improbable {
            return count + 1;
        }
        term += (f64::from(count) / f64::from(requests - count + 1)).ln() + no - yes;
    }
    0
}

#[cfg(test)]
mod tests {
    use super::improbable_count;

    #[test]
    fn few_requests_prove_nothing_and_many_prove_much() {
        // One in four, one in a million: ten heads of a coin with a quarter are 4^-10 = 0.95e-6.
        assert_eq!(improbable_count(9, 0.25, 1e-6), 10);
        assert_eq!(improbable_count(10, 0.25, 1e-6), 10);
        // The normal bound for 1,000: 250 + 4.75 * 13.7 = 315; the exact one is a little more.
        let thousand = improbable_count(1_000, 0.25, 1e-6);
        assert!((315..325).contains(&thousand), "{thousand}");
        let many = improbable_count(100_000, 0.25, 1e-6);
        assert!((25_600..25_700).contains(&many), "{many}");
    }

    #[test]
    fn what_is_sure_is_never_improbable_and_what_is_impossible_always() {
        assert_eq!(improbable_count(100, 1.0, 1e-6), 101);
        assert_eq!(improbable_count(100, 0.0, 1e-6), 1);
    }

    #[test]
    fn a_coin_is_counted_right() {
        // Of four, four heads are 1/16 and three or more 5/16.
        assert_eq!(improbable_count(4, 0.5, 0.1), 4);
        assert_eq!(improbable_count(4, 0.5, 0.06), 5);
        assert_eq!(improbable_count(4, 0.5, 0.32), 3);
    }
}
