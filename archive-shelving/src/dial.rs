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
//! A driver dials again whenever it lost its link, so a dial is a way to a device, not a connection. A
//! tunnel or a test implements [`Dial`] itself.
//!
//! Limits: no TLS here; dial a stream that has it.

use std::fmt::Debug;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

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

/// The check bit of a serial line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Parity {
    /// None.
    #[default]
    None,
    /// Even, as Modbus asks for.
    Even,
    /// Odd.
    Odd,
}

/// Opens a serial port with eight data bits and one stop bit.
#[derive(Debug, Clone)]
pub struct SerialDial {
    path: PathBuf,
    baud: u32,
    parity: Parity,
}

impl SerialDial {
    /// Opens `path`, such as `/dev/ttyUSB0`, at `baud` bits a second.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>, baud: u32, parity: Parity) -> Self {
        Self { path: path.into(), baud, parity }
    }
}

#[async_trait]
impl Dial for SerialDial {
    async fn dial(&self) -> io::Result<Box<dyn Link>> {
        let configure = |mut settings: serial2_tokio::Settings| {
            settings.set_raw();
            settings.set_baud_rate(self.baud)?;
            settings.set_parity(match self.parity {
                Parity::None => serial2_tokio::Parity::None,
                Parity::Even => serial2_tokio::Parity::Even,
                Parity::Odd => serial2_tokio::Parity::Odd,
            });
            Ok(settings)
        };
        let port = serial2_tokio::SerialPort::open(&self.path, configure)
            .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", self.path.display())))?;
        // What came while nobody listened answers nothing.
        port.discard_buffers()?;
        Ok(Box::new(port))
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
