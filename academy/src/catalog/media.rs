//! Files that belong to a course.

use super::{
    error::CatalogError,
    model::{MAX_MEDIA, MediaHead},
    service::Catalog,
};
use crate::{
    Actor, Operation, Problem,
    ids::{CourseId, MediaId},
    store::{Conn, sql, unsigned},
};

/// A file with its bytes.
pub struct MediaFile {
    /// Its content type.
    pub content_type: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Anyone may have it, so shared caches may keep it.
    pub public: bool,
}

/// The content type of an image that we take, by its first bytes; what a client says does not
/// count. No SVG: it can carry scripts.
pub fn content_type_of(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', 0x0D, 0x0A, 0x1A, 0x0A, ..] => Some("image/png"),
        [0xFF, 0xD8, 0xFF, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => None,
    }
}

#[derive(sqlx::FromRow)]
struct HeadRow {
    id: MediaId,
    name: String,
    content_type: String,
    size: i64,
}

impl Catalog<'_> {
    /// Keeps an image. Its type is read from its bytes.
    ///
    /// # Errors
    /// When it is none of PNG, JPEG, WebP and GIF, or larger than [`MAX_MEDIA`].
    pub async fn upload(
        &self,
        actor: &Actor,
        course: CourseId,
        name: &str,
        bytes: Vec<u8>,
    ) -> Result<MediaHead, Problem> {
        actor.may(Operation::Author)?;
        if bytes.len() > MAX_MEDIA {
            return Err(CatalogError::TooLarge.into());
        }
        let content_type = content_type_of(&bytes).ok_or(CatalogError::NotAnImage)?;
        let name: String = name.chars().filter(|c| !c.is_control()).take(120).collect();
        let head = MediaHead {
            id: MediaId(self.0.mint()),
            name: if name.trim().is_empty() { "image".to_owned() } else { name },
            content_type: content_type.to_owned(),
            size: u32::try_from(bytes.len()).map_err(|_| CatalogError::TooLarge)?,
        };
        let mut tx = self.begin().await?;
        self.own(&mut tx, actor, Operation::Author, course).await?;
        sql!(run tx,
            "INSERT INTO media (id, course_id, name, content_type, size, bytes, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
            head.id, course, &head.name, content_type, i64::from(head.size), bytes.as_slice(), self.0.now())?;
        tx.commit().await?;
        Ok(head)
    }

    /// A course's files, newest first.
    ///
    /// # Errors
    /// For everyone who may not change the course.
    pub async fn files(&self, actor: &Actor, course: CourseId) -> Result<Vec<MediaHead>, Problem> {
        let mut conn = self.0.0.db.read().await?;
        self.own(&mut conn, actor, Operation::Author, course).await?;
        let rows = sql!(all conn, HeadRow,
            "SELECT id, name, content_type, size FROM media WHERE course_id = $1 ORDER BY created_at DESC, id DESC", course)?;
        rows.into_iter()
            .map(|row| {
                let size = unsigned("a size", row.size)?;
                Ok(MediaHead { id: row.id, name: row.name, content_type: row.content_type, size })
            })
            .collect()
    }

    /// Which course a file belongs to.
    pub(crate) async fn media_course(&self, conn: &mut Conn, id: MediaId) -> Result<CourseId, Problem> {
        let row = sql!(opt conn, (CourseId,), "SELECT course_id FROM media WHERE id = $1", id)?;
        Ok(row.ok_or(CatalogError::NotFound("file"))?.0)
    }

    /// The least access level that shows a file: 0 for covers, and for files that a preview or the
    /// course's description shows; `None` where nothing shows it.
    pub(crate) async fn media_access(
        &self,
        conn: &mut Conn,
        course: CourseId,
        id: MediaId,
    ) -> Result<Option<u8>, Problem> {
        let pattern = format!("%/media/{id}%");
        let open = sql!(opt conn, (CourseId,),
            "SELECT id FROM courses WHERE id = $1 AND state <> 'draft' AND (cover_id = $2 OR description LIKE $3)", course, id, &pattern)?;
        if open.is_some() {
            return Ok(Some(0));
        }
        let row = sql!(one conn, (Option<i64>,),
            "SELECT MIN(access) FROM lessons WHERE course_id = $1 AND body LIKE $2", course, &pattern)?;
        Ok(row.0.map(|access| u8::try_from(access).unwrap_or(u8::MAX)))
    }

    /// A file's type and bytes, for the slice that decides who may have them.
    pub(crate) async fn media_bytes(
        &self,
        conn: &mut Conn,
        id: MediaId,
    ) -> Result<(String, Vec<u8>), Problem> {
        let row =
            sql!(opt conn, (String, Vec<u8>), "SELECT content_type, bytes FROM media WHERE id = $1", id)?;
        Ok(row.ok_or(CatalogError::NotFound("file"))?)
    }
}
