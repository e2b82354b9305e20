//! A page of HTML that needs nothing but itself: no script, no font, no picture from elsewhere. Every text is escaped.

use mainstay_models::language::Language;

use crate::chart::{Figure, escape};
use crate::readable::grouped;

/// A page being written, from the top.
pub(super) struct Page {
    language: Language,
    title: String,
    /// The last heading.
    section: String,
    body: String,
}

/// A column of a table: its title and what it means, shown below the table.
pub(super) struct Column {
    pub(super) title: &'static str,
    pub(super) meaning: &'static str,
}

/// How a message is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// As hoped.
    Good,
    /// Neither.
    Neutral,
    /// Something is to be done.
    Bad,
}

impl Page {
    pub(super) fn new(language: Language, title: &str) -> Self {
        Self {
            language,
            title: title.to_owned(),
            section: title.to_owned(),
            body: format!("<h1>{}</h1>\n", escape(title)),
        }
    }

    pub(super) fn heading(&mut self, text: &str) {
        self.section = text.to_owned();
        self.body += &format!("<h2>{}</h2>\n", escape(text));
    }

    /// A heading below the last one.
    pub(super) fn subheading(&mut self, text: &str) {
        self.section = text.to_owned();
        self.body += &format!("<h3>{}</h3>\n", escape(text));
    }

    pub(super) fn paragraph(&mut self, text: &str) {
        self.body += &format!("<p>{}</p>\n", escape(text));
    }

    /// What to remember of the page: a sentence, and what it rests on.
    pub(super) fn verdict(&mut self, tone: Tone, sentence: &str, grounds: &[String]) {
        let class = match tone {
            Tone::Good => "good",
            Tone::Neutral => "neutral",
            Tone::Bad => "bad",
        };
        self.body +=
            &format!("<section class=\"verdict {class}\"><p><strong>{}</strong></p>\n", escape(sentence));
        grounds.iter().for_each(|text| self.paragraph(text));
        self.body += "</section>\n";
    }

    /// Names and values, one a line.
    pub(super) fn facts(&mut self, facts: &[(String, String)]) {
        self.body += "<dl>\n";
        for (name, value) in facts {
            self.body += &format!("<dt>{}</dt><dd>{}</dd>\n", escape(name), escape(value));
        }
        self.body += "</dl>\n";
    }

    /// A table, the first column of which says what a row is. Rows that stand out are marked.
    pub(super) fn table(&mut self, columns: &[Column], rows: &[(bool, Vec<String>)]) {
        // Who moves by keys must be able to reach what is scrolled, and hear what it is.
        let name = escape(&self.section);
        self.body += &format!(
            "<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"{name}\"><table aria-label=\"{name}\">\n<thead><tr>"
        );
        for column in columns {
            self.body += &format!("<th scope=\"col\">{}</th>", escape(column.title));
        }
        self.body += "</tr></thead>\n<tbody>\n";
        for (is_marked, cells) in rows {
            self.body += if *is_marked { "<tr class=\"marked\">" } else { "<tr>" };
            for (place, cell) in cells.iter().enumerate() {
                let cell = escape(cell);
                self.body += &match place {
                    0 => format!("<th scope=\"row\">{cell}</th>"),
                    _ => format!("<td>{}</td>", grouped(&cell)),
                };
            }
            self.body += "</tr>\n";
        }
        self.body += "</tbody></table></div>\n";
        let meanings: Vec<String> = columns
            .iter()
            .filter(|column| !column.meaning.is_empty())
            .map(|column| {
                let colon = self.language.either(": ", "：");
                format!("<li><b>{}</b>{colon}{}</li>\n", escape(column.title), escape(column.meaning))
            })
            .collect();
        if !meanings.is_empty() {
            self.body += &format!("<ul class=\"meanings\">\n{}</ul>\n", meanings.concat());
        }
    }

    /// A chart, drawn into the page, with its finding in words below.
    pub(super) fn figure(&mut self, figure: &Figure) {
        let (caption, stop) = (escape(&figure.description), self.language.either(".", "。"));
        self.body += &format!(
            "<figure>\n<div class=\"wide\">{}</div><figcaption>{caption}{stop}</figcaption>\n</figure>\n",
            figure.to_svg()
        );
    }

    /// The document.
    pub(super) fn finish(self) -> String {
        format!(
            "<!DOCTYPE html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n{}</main>\n</body>\n</html>\n",
            self.language.name(),
            escape(&self.title),
            self.body
        )
    }
}

const STYLE: &str = "\
:root { color-scheme: only light; }
body { margin: 0; background: #ffffff; color: #1a1a1a; font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 752px; margin: 0 auto; padding: 24px 16px 64px; }
h1 { font-size: 28px; line-height: 1.25; margin: 0 0 16px; }
h2 { font-size: 20px; margin: 40px 0 8px; }
h3 { font-size: 17px; margin: 24px 0 8px; }
p { margin: 8px 0; }
.verdict { border-left: 6px solid #666666; background: #f5f5f5; padding: 8px 16px; margin: 16px 0; }
.verdict strong { font-size: 19px; }
.verdict.good { border-color: #0072b2; background: #eef6fb; }
.verdict.bad { border-color: #d55e00; background: #fdf3ec; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 16px; margin: 16px 0; }
dt { color: #4d4d4d; }
dd { margin: 0; }
.wide { overflow-x: auto; }
.wide:focus-visible { outline: 2px solid #0072b2; }
table { border-collapse: collapse; width: 100%; font-size: 14px; font-variant-numeric: tabular-nums; }
th, td { padding: 6px; border-bottom: 1px solid #e3e3e3; text-align: right; font-weight: 400; }
td { white-space: nowrap; }
thead th { font-weight: 600; word-break: keep-all; border-bottom: 2px solid #8c8c8c; vertical-align: bottom; }
th:first-child { text-align: left; min-width: 72px; }
.marked th, .marked td { background: #eef6fb; font-weight: 600; }
.meanings { font-size: 14px; color: #4d4d4d; padding-left: 20px; }
figure { margin: 16px 0; }
figcaption { font-weight: 600; }
svg { display: block; max-width: 100%; min-width: 600px; height: auto; }
@media (max-width: 480px) {
  dl { grid-template-columns: 1fr; }
  dt { margin-top: 8px; }
}
@media print {
  h2, h3, h2 + p { break-after: avoid; }
  figure, table { break-inside: avoid; }
  .wide { overflow: visible; }
  table { font-size: 12px; }
  th, td { padding: 4px; }
  svg { min-width: 0; }
}
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_is_markup_and_nothing_is_fetched() {
        let bad = "<script>alert('1')</script> & \"x\"";
        let mut page = Page::new(Language::English, bad);
        page.heading(bad);
        page.verdict(Tone::Bad, bad, &[bad.to_owned()]);
        page.facts(&[(bad.to_owned(), bad.to_owned())]);
        let column = Column { title: "<b>", meaning: "<i>" };
        page.table(&[column], &[(true, vec![bad.to_owned()]), (false, vec![bad.to_owned()])]);
        let html = page.finish();
        assert!(!html.contains("<script") && !html.contains("<i>") && !html.contains("alert('"));
        assert_eq!(html.matches("&lt;script&gt;").count(), 11);
        for reference in ["http:", "https:", "src=", "href=", "url(", "@import"] {
            assert!(!html.contains(reference), "{reference}");
        }
    }
}
