//! `serves http1|http2 CLIENTS REQUESTS`: a server of axum, and its clients, each with so many requests. One request of each
//! client is for `/slow`, which waits for 20 ms.
//!
//! What it records comes from tower-http's `TraceLayer`, axum, hyper and h2. Only the span `wait` is its own.

use axum::Router;
use axum::routing::get;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tower_http::trace::TraceLayer;
use tracing::{Instrument, debug_span};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

async fn slow() -> &'static str {
    // The time begins within the span.
    let wait = async { tokio::time::sleep(Duration::from_millis(20)).await };
    wait.instrument(debug_span!("wait")).await;
    "slow"
}

fn main() -> Result<()> {
    tracing::subscriber::set_global_default(ust_tracing::subscriber())?;
    let arguments: Vec<String> = std::env::args().collect();
    let [clients, requests] = [2, 3].map(|at| arguments[at].parse::<u64>().expect("a number"));
    let is_http2 = arguments[1] == "http2";
    tokio::runtime::Runtime::new()?.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let server = listener.local_addr()?;
        let router = Router::new().route("/", get(|| async { "fast" })).route("/slow", get(slow));
        let router = router.layer(TraceLayer::new_for_http());
        tokio::spawn(async { axum::serve(listener, router).await });
        let start = |_| match is_http2 {
            true => tokio::spawn(http2(server, requests)),
            false => tokio::spawn(http1(server, requests)),
        };
        for client in (0..clients).map(start).collect::<Vec<_>>() {
            client.await??;
        }
        Ok(())
    })
}

/// The path of a client's requests.
fn path(request: u64) -> &'static str {
    if request == 1 { "/slow" } else { "/" }
}

async fn http1(server: SocketAddr, requests: u64) -> Result<()> {
    let mut connection = TcpStream::connect(server).await?;
    for request in 0..requests {
        let asked = format!("GET {} HTTP/1.1\r\nhost: test\r\n\r\n", path(request));
        connection.write_all(asked.as_bytes()).await?;
        let mut answer = Vec::new();
        while !answer.ends_with(b"fast") && !answer.ends_with(b"slow") {
            if connection.read_buf(&mut answer).await? == 0 {
                return Err("no answer".into());
            }
        }
    }
    Ok(())
}

async fn http2(server: SocketAddr, requests: u64) -> Result<()> {
    let (mut client, connection) = h2::client::handshake(TcpStream::connect(server).await?).await?;
    let connection = tokio::spawn(connection);
    for request in 0..requests {
        let uri = format!("http://test{}", path(request));
        let request = axum::http::Request::get(uri).body(())?;
        client = client.ready().await?;
        let (answer, _) = client.send_request(request, true)?;
        let mut body = answer.await?.into_body();
        while let Some(part) = body.data().await {
            body.flow_control().release_capacity(part?.len())?;
        }
    }
    drop(client);
    connection.await??;
    Ok(())
}
