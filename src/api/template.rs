//! How is a pod template kept exactly as the user wrote it?

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Labels and annotations under this prefix are Serin's own.
pub const RESERVED: &str = "serin.dev/";

/// A pod template as JSON, never through a typed struct: a pod field that this build has never heard of reaches the Deployment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PodTemplate(pub Value);

/// The images of a pod template, in its order.
pub fn images(template: &Value) -> Vec<String> {
    let of = |list: &str| template["spec"][list].as_array().cloned().unwrap_or_default();
    let image = |container: Value| container["image"].as_str().map(str::to_owned);
    of("containers").into_iter().chain(of("initContainers")).filter_map(image).collect()
}

impl JsonSchema for PodTemplate {
    fn schema_name() -> Cow<'static, str> {
        "PodTemplate".into()
    }

    fn inline_schema() -> bool {
        true
    }

    /// Says no more than what a Rollout cannot work without. Every object node keeps unknown fields; `containers` is a
    /// list by name, so that several server-side appliers can share it.
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "x-kubernetes-preserve-unknown-fields": true,
            "required": ["metadata", "spec"],
            "properties": {
                "metadata": {
                    "type": "object",
                    "description": "Labels and annotations of the pods.",
                    "x-kubernetes-preserve-unknown-fields": true,
                    "required": ["labels"],
                    "properties": {
                        "labels": {
                            "type": "object",
                            "description": "Labels of the pods, 1 to 64. The Service selects pods by them. None may begin with serin.dev/.",
                            "minProperties": 1,
                            "maxProperties": 64,
                            "additionalProperties": {"type": "string", "maxLength": 63},
                            "x-kubernetes-validations": [not_reserved("label")],
                        },
                        "annotations": {
                            "type": "object",
                            "description": "Annotations of the pods, at most 128. None may begin with serin.dev/.",
                            "maxProperties": 128,
                            "additionalProperties": {"type": "string", "maxLength": 262_144},
                            "x-kubernetes-validations": [not_reserved("annotation")],
                        },
                    },
                },
                "spec": {
                    "type": "object",
                    "description": "The pods themselves: every field of a pod's spec, see `kubectl explain pod.spec`.",
                    "x-kubernetes-preserve-unknown-fields": true,
                    "required": ["containers"],
                    "properties": {
                        "containers": {
                            "type": "array",
                            "description": "1 to 32 containers, see `kubectl explain pod.spec.containers`.",
                            "minItems": 1,
                            "maxItems": 32,
                            "x-kubernetes-list-type": "map",
                            "x-kubernetes-list-map-keys": ["name"],
                            "items": {
                                "type": "object",
                                "x-kubernetes-preserve-unknown-fields": true,
                                "required": ["name"],
                                "properties": {"name": {"type": "string", "description": "Unique among the containers.", "minLength": 1, "maxLength": 63}},
                            },
                        },
                        "restartPolicy": {
                            "type": "string",
                            "description": "Always, as in a Deployment, or left out.",
                            "maxLength": 16,
                            "x-kubernetes-validations": [{
                                "rule": "self == 'Always'",
                                "message": "the pods of a Rollout always restart; write Always or leave restartPolicy out",
                            }],
                        },
                    },
                },
            },
        })
    }
}

fn not_reserved(what: &str) -> Value {
    serde_json::json!({
        "rule": format!("self.all(key, !key.startsWith('{RESERVED}'))"),
        "message": format!("{RESERVED} is Serin's own prefix; remove or rename this {what}"),
    })
}
