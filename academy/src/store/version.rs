//! The version of what is shown to everyone, so that it can be kept in memory by any number of
//! instances and still never be out of date: who changes it counts on in the same transaction, who
//! shows it asks first whether anyone has.
//!
//! Table: `public_version`, one row.

use super::{Conn, StoreError, sql};

/// The version now.
pub(crate) async fn public_version(conn: &mut Conn) -> Result<i64, StoreError> {
    let (version,) = sql!(one conn, (i64,), "SELECT version FROM public_version")?;
    Ok(version)
}

/// Something that everyone may see is changed in this transaction: a course, a lesson, a price, a
/// listing, a teacher's name.
pub(crate) async fn change_public(conn: &mut Conn) -> Result<(), StoreError> {
    sql!(run conn, "UPDATE public_version SET version = version + 1")?;
    Ok(())
}
