//! How a driver reaches a device: over TCP, a serial port, or any other stream of bytes; or by datagrams.
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
use std::net::SocketAddr;

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

/// A socket to one device, for datagrams.
#[async_trait]
pub trait Datagrams: Debug + Send + Sync {
    /// Sends one datagram.
    ///
    /// # Errors
    /// The system's.
    async fn send(&self, datagram: &[u8]) -> io::Result<()>;

    /// The next datagram of the device, cut to the buffer; says how long it is. May be cancelled.
    ///
    /// # Errors
    /// The system's, where the device's host says that nobody listens.
    async fn receive(&self, buffer: &mut [u8]) -> io::Result<usize>;
}

/// Opens sockets to one device. Each has a port of its own, so that an answer to one never reaches another.
#[async_trait]
pub trait DatagramDial: Debug + Send + Sync {
    /// A new socket.
    ///
    /// # Errors
    /// The system's, where none can be had.
    async fn open(&self) -> io::Result<Box<dyn Datagrams>>;
}

/// Opens UDP sockets to a host and port.
#[derive(Debug, Clone)]
pub struct UdpDial {
    address: String,
}

impl UdpDial {
    /// Sends to `address`, such as `192.168.1.20:6000`.
    #[must_use]
    pub fn new(address: impl Into<String>) -> Self {
        Self { address: address.into() }
    }
}

#[async_trait]
impl DatagramDial for UdpDial {
    async fn open(&self) -> io::Result<Box<dyn Datagrams>> {
        let nobody = || io::Error::new(io::ErrorKind::NotFound, format!("{} names no host", self.address));
        let address = tokio::net::lookup_host(&self.address).await?.next().ok_or_else(nobody)?;
        let any: std::net::IpAddr = match address {
            SocketAddr::V4(_) => std::net::Ipv4Addr::UNSPECIFIED.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::UNSPECIFIED.into(),
        };
        let socket = tokio::net::UdpSocket::bind((any, 0)).await?;
        // Connected, the system throws away what others send.
        socket.connect(address).await?;
        Ok(Box::new(UdpLine(socket)))
    }
}

#[derive(Debug)]
struct UdpLine(tokio::net::UdpSocket);

#[async_trait]
impl Datagrams for UdpLine {
    async fn send(&self, datagram: &[u8]) -> io::Result<()> {
        self.0.send(datagram).await.map(drop)
    }

    async fn receive(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.recv(buffer).await
    }
}
