//! Does the Containerfile fit what it is built from and where it runs? No test builds it; `make test-pods` runs the same file in an image of its own.

use std::fs;
use std::path::Path;

use serin_dev::objects_in;

fn read(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap()
}

/// What stands behind an instruction, for each time that it is given.
fn given<'a>(containerfile: &'a str, instruction: &str) -> Vec<&'a str> {
    containerfile.lines().filter_map(|line| line.strip_prefix(instruction)?.strip_prefix(' ')).collect()
}

#[test]
fn the_image_is_built_by_the_pinned_rust_and_holds_what_make_static_makes_alone() {
    let file = read("deploy/Containerfile");
    let (build, image) = file.split_once("\nFROM scratch\n").expect("the second image begins with nothing");
    let rust = read("rust-toolchain.toml");
    let rust = rust.split('"').nth(1).expect("a channel");
    assert!(given(build, "FROM")[0].contains(&format!("/rust:{rust}-")), "{rust} is not what it begins with:\n{build}");

    assert!(given(build, "RUN") == ["make static"] && read("Makefile").contains("$(STATIC_TARGET)/static/serin\n"));
    let made = format!("{}/target/static/serin", given(build, "WORKDIR")[0]);
    assert_eq!(given(image, "COPY"), [format!("--from=build {made} /serin")]);
    assert_eq!((given(image, "ENTRYPOINT"), given(image, "RUN").len()), (vec![r#"["/serin"]"#], 0));
    // A folder of an earlier build is none of the image's: it may be another machine's.
    assert!(read(".dockerignore").lines().any(|line| line == "target"));
}

#[test]
fn the_pod_runs_as_the_user_of_the_image_and_starts_its_program() {
    let objects = objects_in("deploy").unwrap();
    let deployment = objects.iter().find(|object| object.types.as_ref().is_some_and(|types| types.kind == "Deployment")).unwrap();
    let pod = &deployment.data["spec"]["template"]["spec"];
    let user = format!("{}:{}", pod["securityContext"]["runAsUser"], pod["securityContext"]["runAsGroup"]);
    assert_eq!(given(&read("deploy/Containerfile"), "USER"), [user]);
    assert!(pod["containers"][0]["command"].is_null(), "{pod:#}");
}
