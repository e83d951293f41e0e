//! `cargo xtask watch`: the demo, rebuilt and restarted whenever a source changes.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::time::Duration;

use anyhow::Result;

use crate::build::{self, Profile};
use crate::demo::{self, Options};
use crate::paths;
use crate::process::{Interrupted, pause};
use crate::setup::{self, Toolchain, npm};
use crate::world::{self, Plan, Rhythm, World};

const WATCHED: [&str; 9] = [
    "academy",
    "app",
    "frontend",
    "server",
    "style",
    "public",
    "contracts/artifacts",
    "Cargo.toml",
    "Cargo.lock",
];

pub fn run(options: &Options) -> Result<()> {
    println!("Set up");
    let toolchain = setup::toolchain()?;
    npm::ensure(&paths::tools())?;
    npm::ensure(&paths::contracts())?;
    println!("Build");
    let mut seen = fingerprint()?;
    build::site(&toolchain, Profile::Dev)?;
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
    demo::greet(&world, options);
    let ended = follow(&toolchain, options, &mut world, &mut seen);
    world.stop();
    match ended {
        Err(error) if error.is::<Interrupted>() => Ok(()),
        other => other,
    }
}

fn follow(toolchain: &Toolchain, options: &Options, world: &mut World, seen: &mut u64) -> Result<()> {
    loop {
        pause(Duration::from_millis(500))?;
        let now = fingerprint()?;
        if now == *seen {
            world.check()?;
            continue;
        }
        *seen = now;
        println!("\nChanged");
        let rebuilt = build::site(toolchain, Profile::Dev)
            .and_then(|_| build::server(toolchain, options.release))
            .and_then(|_| world.restart_server());
        // A mistake in a source is told; the next change tries again.
        if let Err(error) = rebuilt {
            if error.is::<Interrupted>() {
                return Err(error);
            }
            println!("{error:#}");
        }
    }
}

/// Changes whenever a file comes, goes or is written.
fn fingerprint() -> Result<u64> {
    let mut hasher = DefaultHasher::new();
    for name in WATCHED {
        let path = paths::root().join(name);
        let files = if path.is_file() { vec![path] } else { paths::files(&path)? };
        for file in files {
            file.hash(&mut hasher);
            // A file that went away meanwhile is seen at the next look.
            if let Ok(changed) = file.metadata().and_then(|data| data.modified()) {
                changed.hash(&mut hasher);
            }
        }
    }
    Ok(hasher.finish())
}
