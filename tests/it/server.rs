//! What do the health and metrics pages answer?

use std::sync::Arc;

use serin::server::{Pages, Probe, serve};
use tokio::net::TcpListener;

#[tokio::test]
async fn pages_answer_what_the_controller_says_of_itself() {
    let well: Probe = Arc::new(|| Ok(()));
    let waiting: Probe = Arc::new(|| Err("rollouts are not listed yet".to_owned()));
    let pages = Pages { healthy: well, ready: waiting, metrics: Arc::new(|| "# EOF\n".to_owned()) };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve(listener, pages));

    assert_eq!(get(address, "/healthz").await, (200, "ok\n".to_owned()));
    assert_eq!(get(address, "/readyz").await, (503, "rollouts are not listed yet\n".to_owned()));
    assert_eq!(get(address, "/metrics").await, (200, "# EOF\n".to_owned()));
    assert_eq!(get(address, "/").await.0, 404);
}

async fn get(address: std::net::SocketAddr, path: &str) -> (u16, String) {
    let answer = reqwest::get(format!("http://{address}{path}")).await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}
