//! Manifests and tag files, as text.

/// A line of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) digest: String,
    pub(super) path: String,
    /// Whether the line is in the form of `md5sum`, with an asterisk before the path.
    pub(super) by_md5sum: bool,
}

/// The lines of a manifest; a line that is none is given with its number.
pub(super) fn entries(text: &str) -> impl Iterator<Item = Result<Entry, usize>> {
    lines(text).enumerate().filter(|(_, line)| !line.trim().is_empty()).map(|(number, line)| {
        let line = line.trim_start();
        let (digest, rest) = line.split_once([' ', '\t']).ok_or(number + 1)?;
        let rest = rest.trim_start_matches([' ', '\t']);
        let (path, by_md5sum) = match rest.strip_prefix('*') {
            Some(path) => (path, true),
            None => (rest, false),
        };
        if path.is_empty() || digest.is_empty() || !digest.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(number + 1);
        }
        Ok(Entry { digest: digest.to_ascii_lowercase(), path: path.to_owned(), by_md5sum })
    })
}

/// The lines of a tag file: LF, CR or CR LF ends one.
pub(super) fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n').flat_map(|line| line.strip_suffix('\r').unwrap_or(line).split('\r'))
}

/// A path as manifests of version 1.0 write it: line ends and the percent sign are encoded.
pub(super) fn encoded(path: &str) -> String {
    path.replace('%', "%25").replace('\n', "%0A").replace('\r', "%0D")
}

/// The path that a manifest of version 1.0 means.
pub(super) fn decoded(path: &str) -> String {
    let mut text = path.to_owned();
    for (code, character) in [("%0A", "\n"), ("%0a", "\n"), ("%0D", "\r"), ("%0d", "\r"), ("%25", "%")] {
        text = text.replace(code, character);
    }
    text
}

/// The entries of `bag-info.txt`; a line that begins with white space goes on with the one before.
pub(super) fn tags(text: &str) -> Result<Vec<(String, String)>, usize> {
    let mut tags: Vec<(String, String)> = Vec::new();
    for (number, line) in lines(text).enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        if line.starts_with([' ', '\t']) {
            let (_, value) = tags.last_mut().ok_or(number + 1)?;
            value.push(' ');
            value.push_str(line.trim());
            continue;
        }
        let (name, value) = line.split_once(':').ok_or(number + 1)?;
        tags.push((name.trim().to_owned(), value.trim().to_owned()));
    }
    Ok(tags)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests_read_in_all_their_forms() {
        let text = "AB12  data/a b\r\ncd34 *data/c\n\nef56\tdata/d\rno\n";
        let found: Vec<_> = entries(text).collect();
        let entry = |digest: &str, path: &str, by_md5sum| {
            Ok(Entry { digest: digest.into(), path: path.into(), by_md5sum })
        };
        let expected = [
            entry("ab12", "data/a b", false),
            entry("cd34", "data/c", true),
            entry("ef56", "data/d", false),
            Err(5),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn tags_may_repeat_and_go_on() {
        let tags = tags("A: 1\n  more\na : 2\n").unwrap();
        assert_eq!(tags, [("A".into(), "1 more".into()), ("a".into(), "2".into())]);
        assert_eq!(super::tags(" x"), Err(1));
        assert_eq!(super::tags("A: 1\nx"), Err(2));
    }

    #[test]
    fn encoded_paths_read_back() {
        for path in ["data/100%", "data/a\nb", "data/%0A"] {
            assert_eq!(decoded(&encoded(path)), path);
        }
    }
}
