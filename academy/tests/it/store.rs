//! Two engines, one schema.

use academy::store::Db;
use sqlx::Row;

use crate::support::{Engine, World, on_both_engines};

/// Table, column, type, whether it may be null; in the tables' own order.
type Column = (String, String, String, bool);

/// What a type of SQLite's is called on Postgres.
fn translated(sqlite: &str, column: &str, table: &str) -> String {
    match sqlite {
        "TEXT" => "text",
        "BIGINT" => "bigint",
        "BOOLEAN" => "boolean",
        "BLOB" if (table, column) == ("media", "bytes") => "bytea",
        "BLOB" => "uuid",
        other => panic!("{table}.{column} has the type {other}"),
    }
    .to_owned()
}

async fn columns(db: &Db) -> Vec<Column> {
    match db {
        Db::Sqlite { read, .. } => {
            let rows = sqlx::query(
                "SELECT m.name AS t, c.name AS c, c.type AS k, c.\"notnull\" AS n FROM sqlite_master m
                 JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE '\\_sqlx%' ESCAPE '\\'
                 ORDER BY m.name, c.cid",
            )
            .fetch_all(read)
            .await
            .unwrap();
            rows.iter()
                .map(|row| {
                    let (table, column): (String, String) = (row.get("t"), row.get("c"));
                    let kind = translated(&row.get::<String, _>("k"), &column, &table);
                    (table, column, kind, row.get::<i64, _>("n") == 0)
                })
                .collect()
        }
        Db::Postgres(pool) => {
            let rows = sqlx::query(
                "SELECT table_name::text AS t, column_name::text AS c, data_type::text AS k, is_nullable = 'YES' AS n
                 FROM information_schema.columns
                 WHERE table_schema = current_schema() AND table_name NOT LIKE '\\_sqlx%'
                 ORDER BY table_name COLLATE \"C\", ordinal_position",
            )
            .fetch_all(pool)
            .await
            .unwrap();
            rows.iter().map(|row| (row.get("t"), row.get("c"), row.get("k"), row.get("n"))).collect()
        }
    }
}

/// Unique keys and indexes that the migrations name, by name.
async fn indexes(db: &Db) -> Vec<String> {
    match db {
        Db::Sqlite { read, .. } => {
            let sql = "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY name";
            sqlx::query_scalar(sql).fetch_all(read).await.unwrap()
        }
        Db::Postgres(pool) => {
            let sql = "SELECT indexname::text FROM pg_indexes WHERE schemaname = current_schema()
                AND indexname NOT LIKE '%\\_key' AND indexname NOT LIKE '%\\_pkey' ORDER BY indexname COLLATE \"C\"";
            sqlx::query_scalar(sql).fetch_all(pool).await.unwrap()
        }
    }
}

#[tokio::test]
async fn both_engines_have_the_same_tables_columns_and_order() {
    let sqlite = World::new(Engine::Sqlite).await;
    let postgres = World::new(Engine::Postgres).await;
    let (on_sqlite, on_postgres) = (columns(&sqlite.db).await, columns(&postgres.db).await);
    assert!(on_sqlite.len() > 100, "the tables were found");
    assert_eq!(on_sqlite, on_postgres);
    assert_eq!(indexes(&sqlite.db).await, indexes(&postgres.db).await);
    sqlite.close().await;
    postgres.close().await;
}

on_both_engines! {
    async fn migrating_again_does_no_harm(world: &World) {
        let (course, buyer) = world.sale().await;
        world.db.migrate().await.unwrap();
        let again = Db::connect(&world.database.url).await.unwrap();
        again.migrate().await.unwrap();
        again.ping().await.unwrap();
        again.close().await;
        world.academy.checkout().open(&buyer, course.tier).await.unwrap();
    }

    async fn one_order_asks_for_money_per_person_and_course(world: &World) {
        let (course, buyer) = world.sale().await;
        world.academy.checkout().open(&buyer, course.tier).await.unwrap();
        let copy = "INSERT INTO orders (id, user_id, course_id, tier_id, tier_number, tier_name, level, chain_id, market,
                listing, token, price, beneficiary, state, setback, confirmations, is_final, created_at, expires_at, paid_at, revision)
             SELECT course_id, user_id, course_id, tier_id, tier_number, tier_name, level, chain_id, market,
                listing, token, price, beneficiary, state, setback, confirmations, is_final, created_at, expires_at, paid_at, revision
             FROM orders";
        let refused = match &world.db {
            Db::Sqlite { write, .. } => sqlx::query(copy).execute(write).await.is_err(),
            Db::Postgres(pool) => sqlx::query(copy).execute(pool).await.is_err(),
        };
        assert!(refused);
    }
}

#[tokio::test]
async fn a_url_of_no_engine_is_refused() {
    for url in ["mysql://localhost/x", "", "lectern.db"] {
        assert!(Db::connect(url).await.is_err(), "{url}");
    }
}
