//! How does a program become a container image, without a registry? An OCI layout in one archive, which a container runtime imports.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// An archive with one image for each name: the root folder holds nothing but the program, which is started with the given words.
pub(crate) fn archive(program: (&str, &[u8]), images: &[(&str, &[&str])]) -> Vec<u8> {
    let layer = tar([(program.0, 0o755, program.1)]);
    let mut blobs = BTreeMap::from([(digest(&layer), layer)]);
    let layer = describe("application/vnd.oci.image.layer.v1.tar", blobs.iter().next());
    let mut keep = |kind: &str, value: &Value| {
        let bytes = value.to_string().into_bytes();
        let blob = (digest(&bytes), bytes);
        let described = describe(kind, Some((&blob.0, &blob.1)));
        blobs.insert(blob.0, blob.1);
        described
    };
    let mut manifests = Vec::new();
    for (name, words) in images {
        let config = keep(
            "application/vnd.oci.image.config.v1+json",
            &json!({
                "architecture": architecture(),
                "os": "linux",
                "config": {"Entrypoint": words},
                "rootfs": {"type": "layers", "diff_ids": [layer["digest"]]},
            }),
        );
        let manifest = json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer]});
        let mut manifest = keep(MANIFEST, &manifest);
        manifest["annotations"] = json!({"io.containerd.image.name": name});
        manifests.push(manifest);
    }
    let index = json!({"schemaVersion": 2, "manifests": manifests}).to_string();
    let blobs: Vec<_> = blobs.iter().map(|(digest, bytes)| (format!("blobs/sha256/{digest}"), bytes)).collect();
    let fixed = [("oci-layout", 0o644, br#"{"imageLayoutVersion":"1.0.0"}"#.as_slice()), ("index.json", 0o644, index.as_bytes())];
    tar(fixed.into_iter().chain(blobs.iter().map(|(name, bytes)| (name.as_str(), 0o644, bytes.as_slice()))))
}

fn describe(kind: &str, blob: Option<(&String, &Vec<u8>)>) -> Value {
    blob.map_or(Value::Null, |(digest, bytes)| json!({"mediaType": kind, "digest": format!("sha256:{digest}"), "size": bytes.len()}))
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

/// As Go calls it.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

/// The POSIX archive format: a header of 512 bytes for each file, contents padded to 512, two empty blocks at the end.
fn tar<'a>(files: impl IntoIterator<Item = (&'a str, u32, &'a [u8])>) -> Vec<u8> {
    const BLOCK: usize = 512;
    let mut archive = Vec::new();
    for (name, mode, bytes) in files {
        let mut header = [0; BLOCK];
        let mut put = |at: usize, text: &str| header[at..at + text.len()].copy_from_slice(text.as_bytes());
        put(0, name);
        put(100, &format!("{mode:07o}"));
        // Owner and group are root; the time is 1970, so that the same program is the same image.
        for at in [108, 116] {
            put(at, "0000000");
        }
        put(124, &format!("{:011o}", bytes.len()));
        put(136, "00000000000");
        // The sum is taken over the header with spaces in the sum's own place.
        put(148, "        ");
        put(156, "0");
        put(257, "ustar\x0000");
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        archive.extend(header);
        archive.extend(bytes);
        archive.resize(archive.len().next_multiple_of(BLOCK), 0);
    }
    archive.resize(archive.len() + 2 * BLOCK, 0);
    archive
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_program_is_the_same_archive_and_a_tool_can_read_it() {
        let one = archive(("pod", b"program"), &[("localhost/a:1", &["/pod"]), ("localhost/b:1", &["/pod", "pause"])]);
        assert_eq!(one, archive(("pod", b"program"), &[("localhost/a:1", &["/pod"]), ("localhost/b:1", &["/pod", "pause"])]));
        let dir = tempfile::tempdir().expect("a folder");
        std::fs::write(dir.path().join("image.tar"), &one).expect("a file");
        let listed = std::process::Command::new("tar").arg("-tf").arg(dir.path().join("image.tar")).output().expect("tar");
        let listed = String::from_utf8(listed.stdout).expect("names");
        assert!(listed.starts_with("oci-layout\nindex.json\nblobs/sha256/"), "{listed}");
        // One layer, two configurations, two manifests.
        assert_eq!(listed.lines().count(), 2 + 5);
    }
}
