//! Who, other than Serin, wrote a field of a Deployment last? The API server keeps that in the object's managed fields.

use serde::Deserialize;
use serde::de::IgnoredAny;

/// The name under which Serin writes.
pub(super) const WRITER: &str = "serin";

/// One writer, and the fields of ours that it owns; everything else is skipped while it is read.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Manager {
    #[serde(default)]
    manager: String,
    #[serde(default)]
    fields_v1: Fields,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct Fields {
    #[serde(rename = "f:spec")]
    spec: Option<SpecFields>,
}

#[derive(Clone, Debug, Deserialize)]
struct SpecFields {
    #[serde(rename = "f:replicas")]
    replicas: Option<IgnoredAny>,
    #[serde(rename = "f:template")]
    template: Option<TemplateFields>,
}

/// Annotations are left out: other tools mark pods with them, and putting that right would restart what just restarted.
#[derive(Clone, Debug, Deserialize)]
struct TemplateFields {
    #[serde(rename = "f:metadata")]
    metadata: Option<MetadataFields>,
    #[serde(rename = "f:spec")]
    spec: Option<IgnoredAny>,
}

#[derive(Clone, Debug, Deserialize)]
struct MetadataFields {
    #[serde(rename = "f:labels")]
    labels: Option<IgnoredAny>,
}

/// Who else scaled it, if somebody did.
pub(super) fn scaler(managers: &[Manager]) -> Option<String> {
    foreign(managers, |spec| spec.replicas.is_some())
}

/// Who else changed its template, if somebody did.
pub(super) fn editor(managers: &[Manager]) -> Option<String> {
    let labels = |template: &TemplateFields| template.metadata.as_ref().is_some_and(|metadata| metadata.labels.is_some());
    foreign(managers, |spec| spec.template.as_ref().is_some_and(|template| template.spec.is_some() || labels(template)))
}

fn foreign(managers: &[Manager], owns: impl Fn(&SpecFields) -> bool) -> Option<String> {
    let owner = |entry: &&Manager| entry.manager != WRITER && entry.fields_v1.spec.as_ref().is_some_and(&owns);
    managers.iter().find(owner).map(|entry| entry.manager.clone())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn seen(entries: serde_json::Value) -> (Option<String>, Option<String>) {
        let managers: Vec<Manager> = serde_json::from_value(entries).expect("managed fields");
        (scaler(&managers), editor(&managers))
    }

    #[test]
    fn what_serin_wrote_itself_is_nobody_elses() {
        let own = json!([
            {"manager": "serin", "operation": "Update", "fieldsV1": {"f:spec": {"f:template": {"f:spec": {}}}}},
            {"manager": "serin", "subresource": "scale", "fieldsV1": {"f:spec": {"f:replicas": {}}}},
            {"manager": "kube-controller-manager", "subresource": "status", "fieldsV1": {"f:status": {"f:replicas": {}}}},
        ]);
        assert_eq!(seen(own), (None, None));
    }

    #[test]
    fn whoever_scaled_or_changed_the_template_is_named() {
        let others = json!([
            {"manager": "kubectl-set", "fieldsV1": {"f:spec": {"f:template": {"f:spec": {"f:containers": {}}}}}},
            {"manager": "kubectl", "subresource": "scale", "fieldsV1": {"f:spec": {"f:replicas": {}}}},
        ]);
        assert_eq!(seen(others), (Some("kubectl".to_owned()), Some("kubectl-set".to_owned())));
    }

    #[test]
    fn a_mere_annotation_on_the_pods_is_left_alone() {
        let restart =
            json!([{"manager": "kubectl-rollout", "fieldsV1": {"f:spec": {"f:template": {"f:metadata": {"f:annotations": {}}}}}}]);
        assert_eq!(seen(restart), (None, None));
    }
}
