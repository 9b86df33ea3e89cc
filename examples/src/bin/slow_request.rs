//! An async server and its clients, over TCP: which request was the slowest, and why. The guide's page `slow_request` uses it.
//!
//! ```text
//! target/release/ust record -o /tmp/shop -e 'shop:*' -- target/release/slow_request
//! target/release/ust view /tmp/shop
//! ```
//!
//! A request is a line: `get KEY`, or `restock`, which holds the lock of all goods while it waits for a supplier.
//! `slow_request CLIENTS REQUESTS`: the first client asks once for a restock, half-way.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex;
use ust::tracepoint;

/// A request, from its line to its answer.
#[tracepoint(provider = "shop", span)]
fn request(id: u64, line: &str);

/// A request waits for the goods.
#[tracepoint(provider = "shop", span)]
fn locked(request: u64);

/// A request has the supplier send new goods.
#[tracepoint(provider = "shop", span)]
fn supplied(request: u64);

type Goods = Mutex<BTreeMap<String, u64>>;

/// How long the supplier takes.
const DELIVERY: Duration = Duration::from_millis(30);

async fn answer(id: u64, line: &str, goods: &Goods) -> u64 {
    let mut goods = locked(id).in_future(goods.lock()).await;
    match line.split_once(' ') {
        Some(("get", key)) => goods.get(key).copied().unwrap_or(0),
        _ => {
            supplied(id).in_future(tokio::time::sleep(DELIVERY)).await;
            goods.values_mut().for_each(|quantity| *quantity += 10);
            goods.values().sum()
        }
    }
}

async fn serve(client: u64, stream: TcpStream, goods: &Goods) -> io::Result<()> {
    let mut lines = BufReader::new(stream).lines();
    let mut number = 0;
    while let Some(line) = lines.next_line().await? {
        let id = client * 1_000_000 + number;
        let answer = request(id, &line).in_future(answer(id, &line, goods)).await;
        lines.get_mut().write_all(format!("{answer}\n").as_bytes()).await?;
        number += 1;
    }
    Ok(())
}

async fn ask(client: u64, requests: u64, server: std::net::SocketAddr) -> io::Result<()> {
    let mut lines = BufReader::new(TcpStream::connect(server).await?).lines();
    for number in 0..requests {
        let is_restock = client == 0 && number == requests / 2;
        let line = if is_restock { "restock\n" } else { "get tea\n" };
        lines.get_mut().write_all(line.as_bytes()).await?;
        lines.next_line().await?.ok_or(io::ErrorKind::UnexpectedEof)?;
    }
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let mut numbers = std::env::args().skip(1).flat_map(|number| number.parse::<u64>());
    let (clients, requests) = (numbers.next().unwrap_or(4), numbers.next().unwrap_or(500));
    let goods: &'static Goods = Box::leak(Box::new(Mutex::new([("tea".to_owned(), 5)].into())));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let server = listener.local_addr()?;
    let asking = (0..clients).map(|client| tokio::spawn(ask(client, requests, server)));
    let asking: Vec<_> = asking.collect();
    let mut serving = Vec::new();
    for client in 0..clients {
        let (stream, _) = listener.accept().await?;
        serving.push(tokio::spawn(serve(client, stream, goods)));
    }
    for task in asking.into_iter().chain(serving) {
        task.await.map_err(io::Error::other)??;
    }
    Ok(())
}
