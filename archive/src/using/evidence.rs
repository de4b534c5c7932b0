//! Evidence packages (证据包) for a dispute.

use std::path::{Path, PathBuf};

use archive_core::identifier::ReferenceCode;
use archive_core::{Error, ErrorKind};
use archive_store::{Checkpoint, Event, InclusionProof};
use serde::{Deserialize, Serialize};

use crate::archive::Archive;
use crate::capture::{Fixity, Suite};
use crate::cataloguing::gathering::{document_name, retention_words};
use crate::printing::{Align, Canvas, Font};
use crate::transfer::bagit::BagWriter;

/// How the package is checked without this software.
const READ_ME: &str = "本证据包为 BagIt 1.0 (RFC 8493) 格式。\n\
1. 用任一 BagIt 工具校验全包，例如 bagit.py --validate。\n\
2. proofs.json 给出登记日志条目 (event) 及其在 Merkle 树中的路径 (hashes)；\n\
   叶子摘要为 SHA-256(0x00 || event)，结点摘要为 SHA-256(0x01 || 左 || 右)，见 RFC 6962。\n\
   算到树根，应等于 checkpoint.txt 第三行；该行应与存放在别处的检查点一致。\n\
3. cover.pdf 列出各文件的 SHA-256 与 SM3 摘要，可逐一比对。\n";

/// The proofs of the log, as they stand in the package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidencePackage {
    /// 档号.
    pub reference: ReferenceCode,
    /// The state of the log that the proofs lead to.
    pub checkpoint: Checkpoint,
    /// A proof for every entry on the file and on what joined it.
    pub proofs: Vec<InclusionProof>,
}

impl EvidencePackage {
    /// Whether every proof leads to the checkpoint.
    #[must_use]
    pub fn holds(&self) -> bool {
        !self.proofs.is_empty() && self.proofs.iter().all(|proof| proof.holds(&self.checkpoint))
    }
}

/// What the evidence log says of a file, one entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HistoryEntry {
    /// Its place in the log, from 0.
    pub position: u64,
    /// What happened.
    pub event: Event,
}

impl Archive {
    /// What the evidence log says of the file `reference`, oldest first.
    ///
    /// # Errors
    /// `NotFound` for an unknown file; `Unsupported` where a newer program wrote an entry.
    pub fn history(&self, reference: &ReferenceCode) -> Result<Vec<HistoryEntry>, Error> {
        let entries = self.catalogue.history(reference)?;
        entries.iter().map(|e| Ok(HistoryEntry { position: e.position, event: e.event()? })).collect()
    }

    /// Writes an evidence package on the file `reference` at `target`: its documents and those that joined it
    /// late, their fixity by two suites, the log's entries with proofs, and a cover that people can read.
    ///
    /// # Errors
    /// `NotFound` for an unknown file; `Corrupt` where a document is not what was filed, or the log does not
    /// prove its entries: then there is no evidence to give; `Conflict` where something stands at `target`.
    pub fn evidence_package(
        &self,
        reference: &ReferenceCode,
        purpose: &str,
        target: &Path,
        font: &Font,
    ) -> Result<PathBuf, Error> {
        let volume = self.volume(reference)?;
        let checkpoint = self.catalogue.checkpoint()?;
        let mut history = Vec::new();
        for file in &volume {
            history.extend(self.catalogue.history(&file.filed.reference)?);
        }
        let proofs = history
            .iter()
            .map(|entry| self.catalogue.prove_inclusion(entry.position, checkpoint.size))
            .collect::<Result<Vec<_>, _>>()?;
        let package = EvidencePackage { reference: reference.clone(), checkpoint, proofs };
        if !package.holds() {
            let message = "is not proven by the log; run `archive audit catalogue` and find out why";
            return Err(Error::new(ErrorKind::Corrupt, format!("file {reference}"), message));
        }
        let mut rows = Vec::new();
        let mut bag = BagWriter::begin(target)?;
        for (document, number) in volume.iter().flat_map(|file| &file.documents).zip(1..) {
            let bytes = self.content(document)?;
            let extension = document.path.extension().and_then(|e| e.to_str()).unwrap_or("bin");
            let title = document_name(self.policy(), document);
            let path = format!("documents/{number:03}_{}.{extension}", title.replace(['/', '\\'], "、"));
            bag.add(&path, &bytes)?;
            let digests = [Suite::Sha256, Suite::Sm3].map(|suite| Fixity::of(suite, &bytes));
            rows.push((format!("{number:03}"), title, document.pages.0, bytes.len(), digests));
        }
        let mut canvas = Canvas::new(font, &format!("证据包 {reference}"));
        let (width, height) = Canvas::A4_PORTRAIT;
        let file = &volume[0];
        let key = &file.filed.key;
        let facts = [
            ("档　　号", reference.to_string()),
            ("户　　号", file.filed.customer.to_string()),
            (
                "业务类型",
                self.policy()
                    .process(&file.filed.process)
                    .map_or_else(|_| file.filed.process.to_string(), |p| p.name.clone()),
            ),
            ("保管期限", retention_words(key.retention).to_owned()),
            ("归档时间", file.filed.filed.format("%Y-%m-%d %H:%M:%S UTC").to_string()),
            ("处置策略", file.filed.policy.to_string()),
            ("用　　途", purpose.to_owned()),
            ("出具日期", self.today().to_string()),
            ("日志条目", format!("{} 条，逐条可证，日志共 {} 条", package.proofs.len(), checkpoint.size)),
            ("日志树根", checkpoint.root.to_string()),
        ];
        let per_page = 9;
        let pages: Vec<_> = rows.chunks(per_page).collect();
        for (index, chunk) in pages.iter().enumerate() {
            canvas.page((width, height), |page| {
                page.aligned(width / 2.0, 24.0, 20.0, "档 案 证 据 包", Align::Middle);
                let mut y = 38.0;
                if index == 0 {
                    for (name, value) in &facts {
                        page.text(20.0, y, 10.5, name);
                        let natural = page.width(10.5, value);
                        page.text(
                            45.0,
                            y,
                            if natural > 145.0 { 10.5 * 145.0 / natural } else { 10.5 },
                            value,
                        );
                        y += 8.0;
                    }
                    y += 4.0;
                }
                for (number, title, sheets, length, digests) in *chunk {
                    page.line((20.0, y - 5.0), (190.0, y - 5.0), 0.15);
                    page.text(20.0, y, 10.0, &format!("{number}　{title}　{sheets} 页　{length} 字节"));
                    page.text(24.0, y + 5.5, 6.8, &digests[0].to_string());
                    page.text(24.0, y + 10.0, 6.8, &digests[1].to_string());
                    y += 18.0;
                }
                page.aligned(
                    width / 2.0,
                    height - 8.0,
                    8.0,
                    &format!("第 {} 页 / 共 {} 页", index + 1, pages.len()),
                    Align::Middle,
                );
            });
        }
        let json = |value: serde_json::Result<Vec<u8>>| {
            value.map_err(|e| Error::new(ErrorKind::Internal, "evidence", "cannot be written").with_source(e))
        };
        bag.add("cover.pdf", &canvas.finish()?.pdf)?;
        bag.add("proofs.json", &json(serde_json::to_vec_pretty(&package))?)?;
        bag.add("checkpoint.txt", checkpoint.to_string().as_bytes())?;
        bag.add("files.json", &json(serde_json::to_vec_pretty(&volume))?)?;
        bag.add("说明.txt", READ_ME.as_bytes())?;
        let purpose = if purpose.trim().is_empty() { "unstated" } else { purpose };
        bag.finish(&[("Source-Organization", key.fonds.as_str()), ("External-Description", purpose)])
    }
}
