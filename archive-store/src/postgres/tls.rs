//! Whether a connection is encrypted, and whom the server must prove to be: the URL's `sslmode`.
//!
//! Encryption without a look at the certificate would keep out nobody who can stand between, so there is
//! none: `require` and `verify-full` are the same here, and both check the chain and the name.

use std::path::PathBuf;
use std::sync::Arc;

use archive_core::identifier::quoted;
use percent_encoding::percent_decode_str;
use postgres::config::SslMode;
use postgres::{Client, Config, NoTls};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::fault;
use crate::{Error, ErrorKind};

/// How connections are made.
#[derive(Clone)]
pub(super) enum Encryption {
    None,
    Tls(MakeRustlsConnect),
}

/// What a URL says of encryption.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wish {
    mode: Option<String>,
    /// The certificates that are trusted instead of the system's.
    roots: Option<PathBuf>,
}

/// Takes what is said of encryption out of `url`, since the driver knows less of it.
fn split(url: &str) -> Result<(String, Wish), Error> {
    let Some((base, query)) = url.split_once('?') else { return Ok((url.to_owned(), Wish::default())) };
    let (mut wish, mut rest) = (Wish::default(), Vec::new());
    for part in query.split('&') {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let text = || {
            percent_decode_str(value)
                .decode_utf8()
                .map(|text| text.into_owned())
                .map_err(|e| Error::invalid(format!("the URL's {name}"), "is not UTF-8").with_source(e))
        };
        match name {
            "sslmode" => wish.mode = Some(text()?),
            "sslrootcert" => wish.roots = Some(text()?.into()),
            _ => rest.push(part),
        }
    }
    let url = if rest.is_empty() { base.to_owned() } else { format!("{base}?{}", rest.join("&")) };
    Ok((url, wish))
}

/// The rest of `url` for the driver, and how to connect.
pub(super) fn of_url(url: &str) -> Result<(String, Encryption), Error> {
    let (url, wish) = split(url)?;
    match wish.mode.as_deref() {
        None | Some("disable") if wish.roots.is_none() => Ok((url, Encryption::None)),
        None | Some("disable") => {
            let message = "is named without encryption: add sslmode=verify-full";
            Err(Error::invalid("the URL's sslrootcert", message))
        }
        Some("require" | "verify-full") => {
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            let config = ClientConfig::builder_with_provider(provider)
                .with_safe_default_protocol_versions()
                .map_err(|e| {
                    Error::new(ErrorKind::Internal, "TLS", "cannot be set up: report it").with_source(e)
                })?
                .with_root_certificates(roots(wish.roots)?)
                .with_no_client_auth();
            Ok((url, Encryption::Tls(MakeRustlsConnect::new(config))))
        }
        Some(other) => Err(Error::invalid(
            format!("the URL's sslmode {}", quoted(other)),
            "promises nothing or is unknown: name disable, require or verify-full",
        )),
    }
}

/// Who may vouch for a server: those of the file, else those that the system trusts.
fn roots(file: Option<PathBuf>) -> Result<RootCertStore, Error> {
    let mut store = RootCertStore::empty();
    let Some(path) = file else {
        let found = rustls_native_certs::load_native_certs();
        store.add_parsable_certificates(found.certs);
        if store.is_empty() {
            let message = "trusts no certificates: name them by sslrootcert=FILE";
            return Err(Error::new(ErrorKind::NotFound, "the system", message));
        }
        return Ok(store);
    };
    let wrong = |message: &str| Error::invalid(path.display().to_string(), message.to_owned());
    let text = std::fs::read(&path).map_err(|e| Error::io(&path, "read the certificates", e))?;
    for certificate in CertificateDer::pem_slice_iter(&text) {
        let certificate =
            certificate.map_err(|e| wrong("holds a certificate that is cut off").with_source(e))?;
        store.add(certificate).map_err(|e| wrong("holds a certificate that is none").with_source(e))?;
    }
    if store.is_empty() {
        return Err(wrong("holds no certificate in PEM"));
    }
    Ok(store)
}

impl Encryption {
    /// Connects to the server at `place`.
    pub(super) fn connect(&self, config: &Config, place: &str) -> Result<Client, Error> {
        let connected = match self {
            Self::None => config.connect(NoTls),
            // By itself the driver would go on in the clear with a server that has no TLS.
            Self::Tls(tls) => config.clone().ssl_mode(SslMode::Require).connect(tls.clone()),
        };
        connected.map_err(|error| match refusal(&error) {
            Some(message) => Error::new(ErrorKind::Denied, place, message).with_source(error),
            None => fault::of(place, "connect", error),
        })
    }
}

/// What to say where the server is reached and does not prove who it is.
fn refusal(error: &postgres::Error) -> Option<&'static str> {
    let mut cause = std::error::Error::source(error);
    while let Some(one) = cause {
        let inner = one.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        let found =
            one.downcast_ref().or_else(|| inner.and_then(|inner| inner.downcast_ref::<rustls::Error>()));
        if let Some(rustls::Error::InvalidCertificate(_)) = found {
            return Some(
                "is not proven by its certificate: check host name and sslrootcert, or who stands between",
            );
        }
        cause = one.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_split_and_the_rest_stays_as_it_was() {
        let (rest, wish) =
            split("postgres://u:p%40@h/d?sslmode=verify-full&options=-cx%3D1&sslrootcert=%2Fa%20b").unwrap();
        assert_eq!(rest, "postgres://u:p%40@h/d?options=-cx%3D1");
        assert_eq!(wish, Wish { mode: Some("verify-full".into()), roots: Some("/a b".into()) });
        let (rest, wish) = split("postgres://h/d?sslmode=require").unwrap();
        assert_eq!((rest.as_str(), wish.mode.as_deref()), ("postgres://h/d", Some("require")));
        assert_eq!(split("postgres://h/d").unwrap(), ("postgres://h/d".into(), Wish::default()));
        assert!(split("postgres://h/d?sslmode=%ff").is_err());
    }

    #[test]
    fn what_promises_nothing_is_refused() {
        let check = |query: &str, kind: ErrorKind, part: &str| {
            let error = of_url(&format!("postgres://u:sesame@h/d?{query}")).err().unwrap();
            assert_eq!(error.kind(), kind, "{error}");
            assert!(error.to_string().contains(part) && !error.report().contains("sesame"), "{error}");
        };
        check("sslmode=prefer", ErrorKind::InvalidInput, "promises nothing");
        check("sslmode=verify-ca", ErrorKind::InvalidInput, "verify-full");
        check("sslmode=", ErrorKind::InvalidInput, "name disable");
        check("sslrootcert=/x", ErrorKind::InvalidInput, "without encryption");
        check("sslmode=require&sslrootcert=/no/such.pem", ErrorKind::NotFound, "/no/such.pem");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("roots.pem");
        let query = format!("sslmode=require&sslrootcert={}", path.display());
        for (text, part) in [
            ("", "no certificate"),
            ("no PEM", "no certificate"),
            ("-----BEGIN CERTIFICATE-----\nAAAA\n", "cut off"),
            ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "that is none"),
        ] {
            std::fs::write(&path, text).unwrap();
            check(&query, ErrorKind::InvalidInput, part);
        }
        assert!(matches!(of_url("postgres://h/d?sslmode=disable").unwrap().1, Encryption::None));
    }
}
