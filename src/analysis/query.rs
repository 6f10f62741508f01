//! stub
use crate::rollout::Revision;
/// stub
pub fn fill_pods(query: &str, _name: &str, _stable: &Revision, _canary: &Revision) -> String {
    query.to_owned()
}
