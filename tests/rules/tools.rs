//! What the real tools say of the rules as files.

use tower_metrics::names::Naming;

use crate::{
    programs::{Scratch, run},
    promises::{everything, many, rules},
};

fn promtool(rules: &str) -> Result<String, String> {
    let scratch = Scratch::new("lint");
    let file = scratch.write("rules.yml", rules);
    run("promtool", &["check", "rules", "--lint=all", "--lint-fatal", file.to_str().unwrap()])
}

fn vmalert(rules: &str) -> Result<String, String> {
    let scratch = Scratch::new("vmalert");
    let file = scratch.write("rules.yml", rules);
    run("vmalert", &["-dryRun", &format!("-rule={}", file.display())])
}

#[test]
#[ignore = "needs the Debian packages prometheus and victoria-metrics"]
fn promtool_and_vmalert_have_nothing_to_say() {
    let schemes = [Naming::opentelemetry(), Naming::axum_prometheus()];
    let schemes = schemes.map(|naming| vec![everything().naming(&naming)]);
    for slas in [1, 3, 10].map(many).into_iter().chain(schemes) {
        let rules = rules(&slas).to_yaml();
        let said = promtool(&rules).unwrap();
        assert!(said.contains("SUCCESS"), "{}: {said}", slas.len());
        vmalert(&rules).unwrap();
    }
}

#[test]
#[ignore = "needs the Debian packages prometheus and victoria-metrics"]
fn they_would_have_something_to_say() {
    let broken = rules(&many(1)).to_yaml().replacen("sum by (job)", "sum by job", 1);
    assert!(promtool(&broken).is_err());
    assert!(vmalert(&broken).is_err());
}
