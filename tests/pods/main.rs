//! stage 1
use std::time::Duration;
use anyhow::Result;
use serin_dev::{Apart, ControlPlane, Node, settle};

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Runtime::new()?;
    if args.first().is_some_and(|a| a == "inside") {
        settle()?;
        runtime.block_on(async {
            let begun = std::time::Instant::now();
            let plane = ControlPlane::start_without_nodes("pods").await?;
            println!("plane {:?} {}", begun.elapsed(), plane.dir().display());
            let node = Node::start(&plane, &args[1]).await;
            println!("node {:?} {}", begun.elapsed(), node.is_ok());
            if let Err(e) = &node { println!("{e:#}"); }
            println!("export KUBECONFIG={} PATH=$PATH:{}", plane.kubeconfig().display(), plane.tools().dir().display());
            tokio::time::sleep(Duration::from_secs(600)).await;
            Ok(())
        })
    } else {
        Node::possible()?;
        runtime.block_on(async {
            let apart = Apart::start(&[std::env::current_exe()?.display().to_string(), "inside".to_owned()])?;
            println!("{}", apart.wait().await);
            Ok(())
        })
    }
}
