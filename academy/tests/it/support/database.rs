//! A database for one test alone.

use academy::entropy::{SystemEntropy, token};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::Engine;

/// Where it is; gone after [`Database::drop`].
pub struct Database {
    pub url: String,
    place: Place,
}

enum Place {
    Folder(std::path::PathBuf),
    Schema { server: String, name: String },
}

impl Database {
    pub async fn new(engine: Engine) -> Self {
        let name = format!("t_{}", &token(&SystemEntropy)[..16]);
        match engine {
            Engine::Sqlite => {
                let folder = std::env::temp_dir().join(format!("lectern-{name}"));
                std::fs::create_dir(&folder).unwrap();
                let url = format!("sqlite://{}", folder.join("test.db").display());
                Self { url, place: Place::Folder(folder) }
            }
            Engine::Postgres => {
                let server = environment("LECTERN_TEST_POSTGRES_URL");
                let mut conn = PgConnection::connect(&server).await.unwrap();
                sqlx::query(AssertSqlSafe(format!("CREATE SCHEMA {name}"))).execute(&mut conn).await.unwrap();
                conn.close().await.unwrap();
                let sign = if server.contains('?') { '&' } else { '?' };
                let url = format!("{server}{sign}options=-csearch_path%3D{name}");
                Self { url, place: Place::Schema { server, name } }
            }
        }
    }

    pub async fn drop(self) {
        match self.place {
            Place::Folder(folder) => std::fs::remove_dir_all(folder).unwrap(),
            Place::Schema { server, name } => {
                let mut conn = PgConnection::connect(&server).await.unwrap();
                let text = format!("DROP SCHEMA {name} CASCADE");
                sqlx::query(AssertSqlSafe(text)).execute(&mut conn).await.unwrap();
                conn.close().await.unwrap();
            }
        }
    }
}

/// What `cargo xtask test` sets up for the tests.
#[expect(clippy::disallowed_methods, reason = "a test is its own composition root")]
pub fn environment(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run `cargo xtask test`"))
}
