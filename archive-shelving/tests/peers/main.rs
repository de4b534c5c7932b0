//! Programs that nobody here wrote, on the wire.
//!
//! Needs Python 3 with `pymodbus` (3.10 or later, not 3.16.0), `sllurp` (3.0.5) and `llrpkit` (0.3);
//! `ARCHIVE_PYTHON` names the interpreter. And from Debian: `libmodbus-dev` with a C compiler, `mbpoll`,
//! `socat`, `tshark`. An absent peer is skipped loudly, and an error where `ARCHIVE_REQUIRE_PEERS=1`.

mod llrp;
mod modbus;
mod peer;
mod tshark;
