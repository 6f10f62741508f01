//! What does a file say that may change while we run? Credentials and certificates, read at each use.

use std::io;
use std::path::Path;

use reqwest::header::HeaderValue;
use tokio::io::AsyncReadExt as _;

use super::Unready;

/// Tokens of service accounts have about 1 KiB, those of large identity providers up to 16; a chain of certificates has a few.
pub const MAX_SECRET_BYTES: u64 = 64 << 10;

/// The file's one value, without the line's end that editors leave. Read at each use, because it is cheap next to a request: a
/// rotated token needs no watch.
///
/// # Errors
/// It cannot be read, is empty, or is too large.
pub async fn read_secret(file: &Path) -> io::Result<String> {
    let text = String::from_utf8(read(file).await?).map_err(|_| io::Error::other("it is no text"))?;
    match text.trim() {
        "" => Err(io::Error::other("it is empty")),
        value => Ok(value.to_owned()),
    }
}

/// A header's value that is never shown. `key` names the file that it came from.
///
/// # Errors
/// It has characters that no header has.
pub fn credential(value: &str, key: &str) -> Result<HeaderValue, Unready> {
    let mut value = HeaderValue::from_str(value).map_err(|_| Unready(format!("the {key} has characters that no header has")))?;
    value.set_sensitive(true);
    Ok(value)
}

/// The file's bytes.
///
/// # Errors
/// It cannot be read, or is too large.
pub async fn read(file: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = tokio::fs::File::open(file).await?.take(MAX_SECRET_BYTES + 1).read_to_end(&mut bytes).await?;
    if read as u64 > MAX_SECRET_BYTES { Err(io::Error::other(format!("it has more than {MAX_SECRET_BYTES} bytes"))) } else { Ok(bytes) }
}
