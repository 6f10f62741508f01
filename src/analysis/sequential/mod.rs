//! Is the canary worse than a line beside stable, or surely not? A test that may be looked at after every window and stopped at any of them.
//!
//! For the windows k = 1, 2, ... each side has its requests n and the bad ones among them x. The question is where the canary's
//! share of bad requests p lies: above the line `ratio * q + plus`, where q is stable's share, or below it. Each side of the question is a bet
//! against the other: a product of factors whose expectation is at most 1 while the other side is right, whatever p and q do meanwhile, however
//! traffic is split, and whenever somebody looks (an *e-process*). By Ville's inequality such a product ever reaches 20 with a
//! probability of at most 1/20. So "evidence 20:1" is an error rate of 5 % over the whole attempt, not for each look.
//!
//! # Sources
//! The factor is the likelihood ratio of two Poisson counts for one alternative, made exact for any bad shares by `1 + y <= exp(y)`; with
//! `plus = 0` it is the conditional binomial test of Lindon and Malek (arXiv 2011.03567). The mixture over alternatives and the reserve
//! that is put in play later are those of testing by betting (Shafer; Ramdas et al., arXiv 2210.01948), the average over several metrics is that of
//! Vovk and Wang (arXiv 1912.06116).

mod dispersion;
mod forecast;
mod odds;
mod wealth;

pub use dispersion::dispersion;
pub use forecast::{Course, requests_needed};
pub use odds::{Need, mean};
pub use wealth::{Side, Terms, Wealth, factor};
