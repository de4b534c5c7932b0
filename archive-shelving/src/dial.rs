//! How a driver reaches a device: over TCP, or over any other stream of bytes.
//!
//! ```
//! use archive_shelving::dial::{Dial, TcpDial};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! let dial = TcpDial::new(listener.local_addr()?.to_string());
//! dial.dial().await?;
//! # Ok(())
//! # }
//! ```
//!
//! A driver dials again whenever it lost its link, so a dial is a way to a device, not a connection. A serial
//! port, a tunnel or a test implements [`Dial`] itself.
//!
//! Limits: no TLS here; dial a stream that has it.

use std::fmt::Debug;
use std::io;

use async_trait::async_trait;
use tokio::io::{AsyncRead, AsyncWrite};

/// A stream of bytes to a device.
pub trait Link: AsyncRead + AsyncWrite + Debug + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Debug + Send + Unpin> Link for T {}

/// Opens links to one device, again after each one that was lost.
#[async_trait]
pub trait Dial: Debug + Send + Sync {
    /// A new link. The driver limits how long this may take and how often it is tried.
    ///
    /// # Errors
    /// The system's, where the device cannot be reached.
    async fn dial(&self) -> io::Result<Box<dyn Link>>;
}

/// Dials a host and port over TCP, without delaying small frames.
#[derive(Debug, Clone)]
pub struct TcpDial {
    address: String,
}

impl TcpDial {
    /// Dials `address`, such as `192.168.1.20:502`.
    #[must_use]
    pub fn new(address: impl Into<String>) -> Self {
        Self { address: address.into() }
    }
}

#[async_trait]
impl Dial for TcpDial {
    async fn dial(&self) -> io::Result<Box<dyn Link>> {
        let stream = tokio::net::TcpStream::connect(&self.address).await?;
        stream.set_nodelay(true)?;
        Ok(Box::new(stream))
    }
}
