//! Turns an HTTP body into the fields of a call.

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{FromRequest, Multipart},
    http::{HeaderMap, Request, Uri, header::CONTENT_TYPE, request::Parts},
};
use serde_json::{Map, Value};

use super::media::UPLOADED;

/// Bodies over this are refused; Telegram's own limit for files is 50 MB, but
/// this server keeps no files.
const BODY_BYTES_MAX: usize = 8 << 20;

/// The body could not be read; the caller gets a 400.
pub(super) struct Unreadable;

/// What a call carries: its fields, and the files beside them by field.
pub(super) struct Fields {
    pub value: Value,
    pub files: Vec<(String, Bytes)>,
}

/// The fields of a request, from its query and its body.
pub(super) async fn fields(parts: Parts, body: Body) -> Result<Fields, Unreadable> {
    let query = parts.uri.query().is_some_and(|query| !query.is_empty());
    let kind = content_type(&parts.headers).to_owned();
    let mut files = Vec::new();
    let mut fields = if kind.starts_with("multipart/form-data") {
        Value::Object(multipart(Request::from_parts(parts.clone(), body), &mut files).await?)
    } else {
        let bytes = to_bytes(body, BODY_BYTES_MAX)
            .await
            .map_err(|_| Unreadable)?;
        if bytes.is_empty() {
            Value::Object(Map::new())
        } else if kind.starts_with("application/x-www-form-urlencoded") {
            Value::Object(pairs(&bytes)?)
        } else {
            serde_json::from_slice(&bytes).map_err(|_| Unreadable)?
        }
    };
    if query && let Value::Object(fields) = &mut fields {
        fields.extend(from_query(&parts.uri)?);
    }
    Ok(Fields {
        value: fields,
        files,
    })
}

fn content_type(headers: &HeaderMap) -> &str {
    headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

fn from_query(uri: &Uri) -> Result<Map<String, Value>, Unreadable> {
    let query = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(uri);
    Ok(as_text(query.map_err(|_| Unreadable)?.0))
}

fn pairs(bytes: &Bytes) -> Result<Map<String, Value>, Unreadable> {
    let form = axum::extract::RawForm(bytes.clone());
    // The same decoder reads queries and forms.
    let text = std::str::from_utf8(&form.0).map_err(|_| Unreadable)?;
    let uri: Uri = format!("/?{text}").parse().map_err(|_| Unreadable)?;
    from_query(&uri)
}

fn as_text(pairs: Vec<(String, String)>) -> Map<String, Value> {
    pairs
        .into_iter()
        .map(|(name, value)| (name, Value::String(value)))
        .collect()
}

async fn multipart(
    request: Request<Body>,
    files: &mut Vec<(String, Bytes)>,
) -> Result<Map<String, Value>, Unreadable> {
    let mut parts = Multipart::from_request(request, &())
        .await
        .map_err(|_| Unreadable)?;
    let mut fields = Map::new();
    while let Some(part) = parts.next_field().await.map_err(|_| Unreadable)? {
        let name = part.name().unwrap_or_default().to_owned();
        let file_name = part.file_name().map(str::to_owned);
        let bytes = part.bytes().await.map_err(|_| Unreadable)?;
        let value = match file_name {
            // The bytes go beside the fields; name and size show that they came.
            Some(file_name) => {
                let shown = format!("{UPLOADED}{file_name}:{}", bytes.len());
                files.push((name.clone(), bytes));
                shown
            }
            None => String::from_utf8(bytes.to_vec()).map_err(|_| Unreadable)?,
        };
        fields.insert(name, Value::String(value));
    }
    Ok(fields)
}
