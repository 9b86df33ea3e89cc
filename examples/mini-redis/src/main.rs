//! tokio's mini-redis, server and clients, recorded as it is: `recorded-mini-redis CLIENTS REQUESTS`.
//!
//! Nothing of mini-redis is changed. Its spans and events arrive because this program sets the subscriber; `run.sh` records
//! it, and shows what each connection was busy with.

use mini_redis::client;
use mini_redis::server;
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

async fn ask(server: SocketAddr, client: u64, requests: u64) -> mini_redis::Result<()> {
    let mut connection = client::connect(server).await?;
    for request in 0..requests {
        let key = format!("{client}:{}", request % 7);
        connection.set(&key, format!("{request}").into()).await?;
        connection.get(&key).await?.ok_or("it was just set")?;
    }
    Ok(())
}

#[tokio::main]
async fn main() -> mini_redis::Result<()> {
    tracing::subscriber::set_global_default(ust_tracing::subscriber())?;
    let mut numbers = std::env::args().skip(1).map(|number| number.parse::<u64>());
    let (clients, requests) = match (numbers.next(), numbers.next()) {
        (Some(clients), Some(requests)) => (clients?, requests?),
        _ => return Err("CLIENTS REQUESTS".into()),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let (end, ended) = oneshot::channel::<()>();
    let server = tokio::spawn(server::run(listener, ended));
    let clients = (0..clients).map(|client| tokio::spawn(ask(address, client, requests)));
    for client in clients.collect::<Vec<_>>() {
        client.await??;
    }
    drop(end);
    server.await??;
    Ok(())
}
