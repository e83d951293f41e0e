//! A throw-away Postgres for the tests, never the system's.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;

use crate::daemon::Daemon;
use crate::http;
use crate::paths;
use crate::process::Job;

pub struct Postgres {
    // Stopped before its folder goes.
    server: Daemon,
    dir: PathBuf,
    port: u16,
}

impl Postgres {
    /// A new cluster on a free loopback port; forgets everything when dropped.
    pub fn start(programs: &Path) -> Result<Self> {
        let dir = std::env::temp_dir().join(format!("lectern-postgres-{}", std::process::id()));
        fs::create_dir_all(&dir)?;
        let owner = owner();
        if let Some(owner) = owner {
            Job::new("chown").arg(owner).arg(&dir).must()?;
        }
        let data = dir.join("data");
        as_owner(owner, &programs.join("initdb"))
            .dir(&dir)
            .args(["--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-locale", "--no-sync"])
            .arg("--pgdata")
            .arg(&data)
            .must()?;
        let port = http::free_port(54320)?;
        let job = as_owner(owner, &programs.join("postgres"))
            .dir(&dir)
            .arg("-D")
            .arg(&data)
            .args(["-h", "127.0.0.1", "-p", &port.to_string(), "-k"])
            .arg(&dir)
            // Nothing here has to survive a crash.
            .args(["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"])
            .args(["-c", "max_connections=300"]);
        let mut server = Daemon::start("Postgres", job, &paths::log("postgres")?)?;
        let socket = dir.join(format!(".s.PGSQL.{port}"));
        let client = programs.join("pg_isready");
        server.until(Duration::from_secs(30), || {
            socket.exists()
                && Job::new(&client).args(["-h", "127.0.0.1", "-p", &port.to_string()]).ask().is_some()
        })?;
        Ok(Self { server, dir, port })
    }

    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.server.stop();
        // What is left of it is in the temporary folder, where the system tidies up.
        let _ = fs::remove_dir_all(&self.dir);
    }
}

/// Postgres refuses to run as root.
fn owner() -> Option<&'static str> {
    nix::unistd::geteuid().is_root().then(|| match nix::unistd::User::from_name("postgres") {
        Ok(Some(_)) => "postgres",
        _ => "nobody",
    })
}

fn as_owner(owner: Option<&str>, program: &Path) -> Job {
    match owner {
        None => Job::new(program),
        Some(user) => Job::new("setpriv")
            .args(["--reuid", user, "--regid"])
            .arg(if user == "nobody" { "nogroup" } else { user })
            .args(["--clear-groups", "--"])
            .arg(program),
    }
}
