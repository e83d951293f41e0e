//! `cargo xtask demo`: the whole product on this machine.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::build;
use crate::http;
use crate::paths;
use crate::process::{Interrupted, pause};
use crate::setup::{self, npm};
use crate::world::{self, ADMIN, CHAIN_ID, LEARNER, Plan, Rhythm, World};

const PORT: u16 = 8000;
const INSTRUCTOR: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
/// anvil's fourth account: known to everyone, worth nothing outside a dev chain.
const LEARNER_KEY: &str = "0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6";

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Options {
    pub port: Option<u16>,
    pub release: bool,
    pub fresh: bool,
    pub data: Option<PathBuf>,
}

impl Options {
    pub fn dir(&self) -> PathBuf {
        let default = || paths::root().join(".lectern/demo");
        self.data
            .as_ref()
            .map_or_else(default, |dir| std::path::absolute(dir).unwrap_or_else(|_| dir.clone()))
    }

    /// A port that was asked for must be free; otherwise the next free one will do.
    pub fn free_port(&self) -> Result<u16> {
        match self.port {
            Some(port) if !http::is_free(port) => bail!("port {port} is in use"),
            Some(port) => Ok(port),
            None => http::free_port(PORT),
        }
    }
}

pub fn run(options: &Options) -> Result<()> {
    let start = Instant::now();
    println!("Set up");
    let toolchain = setup::toolchain()?;
    npm::ensure(&paths::tools())?;
    npm::ensure(&paths::contracts())?;
    println!("Build");
    build::weigh(&build::site(&toolchain, build::Profile::Release)?);
    let server = build::server(&toolchain, options.release)?;
    println!("Start");
    let dir = options.dir();
    if options.fresh {
        world::forget(&dir)?;
    }
    let mut world = World::start(Plan {
        dir,
        server,
        port: options.free_port()?,
        chain: Rhythm::Steady,
        settings: Vec::new(),
    })?;
    println!("Ready after {} s.\n", start.elapsed().as_secs());
    greet(&world, options);
    let ended = until_ended(&mut world);
    println!("\nStopping …");
    world.stop();
    match ended {
        Err(error) if error.is::<Interrupted>() => {
            println!("Stopped. What was bought is kept for the next `cargo xtask demo`.");
            Ok(())
        }
        other => other,
    }
}

fn until_ended(world: &mut World) -> Result<()> {
    loop {
        pause(Duration::from_millis(250))?;
        world.check()?;
    }
}

/// What a person needs to know to buy a course.
pub fn greet(world: &World, options: &Options) {
    let (url, rpc) = (world.url(), world.rpc_url());
    let market = world.market();
    println!(
        "Lectern is at  {url}

To pay with the demo wallet: choose \"Demo wallet\" when you sign in. It shows each
request and asks you to approve or reject; nothing has to be installed.

To pay with MetaMask, add a network and import a key (for this dev chain only):
  network name   Lectern demo
  RPC URL        {rpc}
  chain id       {CHAIN_ID}
  currency       ETH
  private key    {LEARNER_KEY}
                 ({LEARNER}, 10,000 dev ETH)

Accounts of the demo wallet:
  learner        {LEARNER}
  instructor     {INSTRUCTOR}
  admin          {ADMIN}

Market contract  {market}
Data             {}{}
Logs             {}

Ctrl-C stops everything; `cargo xtask demo --fresh` begins anew.",
        options.dir().display(),
        if world.is_new { " (new)" } else { " (as you left it)" },
        paths::target().join("xtask").display()
    );
}
