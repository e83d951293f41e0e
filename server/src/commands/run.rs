//! `lectern run` and `lectern worker`.

use std::{future::Future, pin::pin, sync::Arc, time::Duration};

use academy::{Academy, Rhythm, chain::Heads};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::watch,
    task::{JoinError, JoinHandle},
};

use super::{migrated, right_chains, services};
use crate::{
    compose::{self, Machine},
    config::Config,
    failure::Failure,
    http::{self, ServeLimits, Throttle},
    telemetry,
};

/// A head takes milliseconds; an idle kept-alive connection may wait this long for its next one.
const HEAD: Duration = Duration::from_secs(30);

pub async fn run(config: &Config) -> Result<(), Failure> {
    every_market(config)?;
    let assets = Arc::new(http::load_assets(&config.server.site_dir)?);
    let machine = Machine::real();
    let db = migrated(config).await?;
    right_chains(config).await?;
    let academy = services(config, &machine, db.clone())?;
    leaves_nobody_behind(config, &academy).await?;
    let metrics = if config.server.metrics { Some(telemetry::metrics()?) } else { None };
    let site = http::site(http::Parts {
        config: Arc::new(config.clone()),
        machine: machine.clone(),
        academy: academy.clone(),
        assets,
        metrics,
    })?;
    let listener = TcpListener::bind(config.server.listen)
        .await
        .map_err(Failure::system(format!("server.listen: can't listen on {}", config.server.listen)))?;
    let stop = stop_signal()?;
    let worker = match config.server.workers {
        true => Some(start_worker(config, &machine, &academy, &stop)?),
        false => None,
    };
    tokio::spawn(tidy(site.throttle.clone()));
    warn_of_dangers(config);
    tracing::info!(
        listen = listener.local_addr().ok().map(tracing::field::display),
        url = %config.server.public_url,
        database = config.database.url.url_for_people(),
        chains = ?chain_ids(config),
        workers = config.server.workers,
        "serving"
    );
    let limits = ServeLimits {
        connections: config.server.max_connections,
        head: HEAD,
        drain: Duration::from_secs(config.server.shutdown_seconds),
    };
    let serving = http::serve(listener, site.router, limits, stopped(stop.clone()));
    let outcome = match worker {
        None => {
            serving.await;
            Ok(())
        }
        Some(worker) => serve_with(serving, worker, limits.drain).await,
    };
    db.close().await;
    tracing::info!("stopped");
    outcome
}

pub async fn worker(config: &Config) -> Result<(), Failure> {
    every_market(config)?;
    let db = migrated(config).await?;
    right_chains(config).await?;
    let machine = Machine::real();
    let academy = services(config, &machine, db.clone())?;
    leaves_nobody_behind(config, &academy).await?;
    let stop = stop_signal()?;
    tracing::info!(database = config.database.url.url_for_people(), chains = ?chain_ids(config), "working");
    let worker = start_worker(config, &machine, &academy, &stop)?;
    worker.await.map_err(broke_off)?;
    db.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// Resolves to `true` at SIGTERM or SIGINT.
fn stop_signal() -> Result<watch::Receiver<bool>, Failure> {
    let mut terminate = signal(SignalKind::terminate()).map_err(Failure::system("listening for SIGTERM"))?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Failure::system("listening for SIGINT"))?;
    let (tell, told) = watch::channel(false);
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tell.send_replace(true);
        // Kept, so that receivers see the value rather than a closed channel.
        tell.closed().await;
    });
    Ok(told)
}

async fn stopped(mut stop: watch::Receiver<bool>) {
    if stop.wait_for(|stop| *stop).await.is_err() {
        tracing::error!("nobody listens for signals any more");
    }
}

fn start_worker(
    config: &Config,
    machine: &Machine,
    academy: &Academy,
    stop: &watch::Receiver<bool>,
) -> Result<JoinHandle<()>, Failure> {
    let (academy, stop) = (academy.clone(), stop.clone());
    let mut sockets = Vec::new();
    let mut rhythms = Vec::new();
    for chain in config.every_chain() {
        let heads = compose::heads(chain, machine)?;
        let news = heads.as_ref().map(Heads::news).unwrap_or_default();
        rhythms.push(Rhythm { chain_id: chain.id, poll: Duration::from_millis(chain.poll_ms), news });
        sockets.extend(heads);
    }
    Ok(tokio::spawn(async move {
        academy.worker(rhythms, stopped(stop)).await;
        drop(sockets);
    }))
}

/// Nothing can be sold without.
fn every_market(config: &Config) -> Result<(), Failure> {
    config.every_chain().try_for_each(|chain| Ok(chain.market().map(drop)?))
}

/// A market that is not followed gives money back unseen: the course would stay open. A chain can go for good,
/// so that one without its chain is told of only.
async fn leaves_nobody_behind(config: &Config, academy: &Academy) -> Result<(), Failure> {
    for left in academy.checkout().left_behind().await.map_err(Failure::from)? {
        let what = format!(
            "{} orders at the market {} on chain {} are under way or can still be given back",
            left.orders, left.market, left.chain_id
        );
        let Some(chain) = config.every_chain().find(|chain| chain.id == left.chain_id) else {
            tracing::error!("{what}, and the chain is not in the configuration: nothing is seen there");
            continue;
        };
        return Err(Failure::Told(format!(
            "{what}: name it in {}, with the block of its deployment, so that it is followed",
            chain.named("former_markets")
        )));
    }
    Ok(())
}

fn chain_ids(config: &Config) -> Vec<u64> {
    config.every_chain().map(|chain| chain.id).collect()
}

fn broke_off(error: JoinError) -> Failure {
    Failure::Told(format!("the worker broke off: {error}"))
}

/// Serves until told to stop, then waits for the worker's current step. A worker that breaks off
/// ends the process: a site that takes payments and never opens courses is worse than a restart.
async fn serve_with(
    serving: impl Future<Output = ()>,
    mut worker: JoinHandle<()>,
    drain: Duration,
) -> Result<(), Failure> {
    let mut serving = pin!(serving);
    tokio::select! {
        () = &mut serving => match tokio::time::timeout(drain, &mut worker).await {
            Ok(ended) => ended.map_err(broke_off),
            Err(_) => {
                // Every step is a transaction or can be repeated: nothing is lost by leaving.
                tracing::warn!("the worker did not finish its step in time");
                worker.abort();
                Ok(())
            }
        },
        ended = &mut worker => {
            ended.map_err(broke_off)?;
            // The signal only reached it first: the running requests still have their time.
            serving.await;
            Ok(())
        }
    }
}

async fn tidy(throttle: Arc<Throttle>) {
    let mut minute = tokio::time::interval(Duration::from_secs(60));
    loop {
        minute.tick().await;
        throttle.forget_the_idle();
    }
}

fn warn_of_dangers(config: &Config) {
    let url = &config.server.public_url;
    if !url.is_https() && !url.is_local() {
        tracing::warn!(%url, "server.public_url is not https: wallets and cookies are not safe");
    }
    if config.dev.demo_wallet {
        tracing::warn!("the demo wallet is on: anyone who reaches this site can spend its accounts");
    }
    if !config.dev.crash_at.is_empty() {
        tracing::warn!(point = config.dev.crash_at, "this process will end itself at that point");
    }
}
